// What OpenCode's server sends: bytes of a stream, from them events, and from those the lines of a
// transcript. The first byte says in which pieces the bytes come. The session is "ses_1".
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "event_parser.hpp"
#include "event_stream.hpp"
#include "server_events.hpp"

namespace {

using namespace director;
using namespace runner_opencode;

constexpr std::size_t kMostBytes = 2048;
constexpr std::int64_t kNowMs = 1'800'000'000'000;
constexpr std::int64_t kMonthMs = std::int64_t{31} * 24 * 3600 * 1000;

std::vector<std::string> events_of(std::string_view bytes, std::size_t piece) {
  SseParser parser(kMostBytes);
  std::vector<std::string> all;
  std::size_t ends = 0;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    parser.feed(bytes.substr(at, piece), [&all](std::string data) {
      DIRECTOR_ASSERT(data.size() <= kMostBytes, "an event without bound");
      all.push_back(std::move(data));
    });
  }
  for (std::size_t at = 0; (at = bytes.find('\n', at)) != std::string_view::npos; ++at) {
    ++ends;
  }
  DIRECTOR_ASSERT(all.size() + parser.left_out() <= ends, "more events than ends of events");
  return all;
}

/// One line of `opencode run`, which the reader of those understands.
void check_line(const std::string& line, EventParser& parser) {
  static const std::set<std::string, std::less<>> kTypes{"step_start", "text", "tool_use",
                                                         "step_finish", "error"};
  DIRECTOR_ASSERT(line.find('\n') == std::string::npos, "a line that is several");
  DIRECTOR_ASSERT(text::is_utf8(line), "a line that is not UTF-8");
  const Result<Json> json = parse_json(line);
  if (!json) {
    // A key may stand twice in what a model writes; the kernel's reader refuses that.
    DIRECTOR_ASSERT(json.error().message().find("twice") != std::string::npos, "no JSON");
  } else {
    DIRECTOR_ASSERT(kTypes.contains(json->get_string("type").value_or("")), "another type");
    DIRECTOR_ASSERT(json->get_string("sessionID").value_or("") == "ses_1", "another session");
    DIRECTOR_ASSERT(json->get_int("timestamp").has_value(), "no time");
  }
  const std::size_t before = parser.transcript().events;
  (void)parser.feed(line);
  DIRECTOR_ASSERT(parser.transcript().events == before + 1, "a line that no reader knows");
}

void check_news(const ServerEvents& events, const ServerNews& news) {
  DIRECTOR_ASSERT(news.lines.size() <= 1, "several lines of one event");
  DIRECTOR_ASSERT(news.started.empty() || news.lines.empty(), "a tool that begins as it ends");
  if (news.retry) {
    DIRECTOR_ASSERT(events.was_busy() && events.waits_to_retry(), "a retry of nothing");
    DIRECTOR_ASSERT(text::is_utf8(news.retry->why), "a reason that is not UTF-8");
    DIRECTOR_ASSERT(news.retry->at_ms >= 0 && news.retry->at_ms <= kNowMs + kMonthMs,
                    "an impossible time to wait");
  }
  DIRECTOR_ASSERT(text::is_utf8(news.permission) && text::is_utf8(news.started), "not UTF-8");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> all = events_of(bytes, std::max<std::size_t>(size, 1));
  DIRECTOR_ASSERT(size == 0 || events_of(bytes, std::size_t{data[0] % 61U} + 1) == all,
                  "events depend on how they come");
  ServerEvents events("ses_1");
  ServerEvents of_another("ses_2");
  EventParser parser;
  for (const std::string& event : all) {
    const bool was_idle = events.is_idle();
    const ServerNews news = events.feed(event, kNowMs);
    check_news(events, news);
    DIRECTOR_ASSERT(!was_idle || events.is_idle(), "an end that was none");
    for (const std::string& line : news.lines) {
      check_line(line, parser);
    }
    const bool for_another = !of_another.feed(event, kNowMs).lines.empty();
    DIRECTOR_ASSERT(!for_another || news.lines.empty(), "one line for two sessions");
  }
  return 0;
}
