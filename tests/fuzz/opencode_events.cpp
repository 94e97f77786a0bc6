// What OpenCode writes, line by line: those that begin with a brace or a blank to standard output,
// the others to standard error. The first byte says how the process ended.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "event_parser.hpp"
#include "outcome.hpp"

namespace {

using namespace director;
using namespace runner_opencode;

constexpr std::size_t kLongestLine = 4096;
constexpr std::size_t kLongestNote = 8192;
constexpr std::int64_t kDayMs = std::int64_t{24} * 3600 * 1000;

void check_event(const Event& event) {
  if (const auto* text = std::get_if<TextEvent>(&event)) {
    DIRECTOR_ASSERT(text::is_utf8(text->text), "text that is not UTF-8");
  } else if (const auto* tool = std::get_if<ToolEvent>(&event)) {
    const Result<Json> input = parse_json(tool->input);
    // A key may stand twice in what a model writes; the kernel's reader refuses that.
    DIRECTOR_ASSERT(input || input.error().message().find("twice") != std::string::npos,
                    "a tool's input is no JSON");
    DIRECTOR_ASSERT(text::is_utf8(tool->name + tool->output + tool->input), "a tool not UTF-8");
    DIRECTOR_ASSERT(tool->exit_code >= -1 && tool->exit_code < 256, "an impossible exit status");
  } else {
    const usage& spent = std::get<UsageEvent>(event).usage;
    DIRECTOR_ASSERT(spent.input >= 0 && spent.output >= 0 && spent.reasoning >= 0 &&
                        spent.cache_read >= 0 && spent.cache_write >= 0,
                    "tokens below zero");
    DIRECTOR_ASSERT(spent.cost_usd >= 0 || spent.cost_usd == -1, "a cost below zero");
  }
}

void check_note(const std::string& note) {
  DIRECTOR_ASSERT(text::is_utf8(note), "a note that is not UTF-8");
  DIRECTOR_ASSERT(note.size() <= kLongestNote, "a note without bound");
}

void check_outcome(const Call& call, const Transcript& seen, const StderrNotes& notes,
                   const exec_result& ended) {
  const Outcome outcome = judge(call, seen, notes, ended);
  DIRECTOR_ASSERT(outcome.retry_after_ms >= 0 && outcome.retry_after_ms <= kDayMs,
                  "an impossible time to wait");
  if (!outcome.finished) {
    DIRECTOR_ASSERT(!outcome.why.empty(), "a failure without words");
    check_note(outcome.why);
    return;
  }
  DIRECTOR_ASSERT(!notes.fell_back(), "another agent's work was taken");
  DIRECTOR_ASSERT(seen.last_reason == "stop" && !seen.working && !seen.error, "not an end");
  DIRECTOR_ASSERT(call.may_edit || !text::trim(outcome.answer).empty(), "an answer of nothing");
  DIRECTOR_ASSERT(text::is_utf8(outcome.answer), "an answer that is not UTF-8");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array kEnds{exec_outcome::exited,    exec_outcome::signaled,
                             exec_outcome::timed_out, exec_outcome::stalled,
                             exec_outcome::cancelled, exec_outcome::stopped};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  EventParser parser;
  StderrNotes notes;
  std::size_t fed = 0;
  for (const std::string_view line : text::split_lines(text)) {
    if (!line.starts_with("{") && !line.starts_with(" ")) {
      notes.feed(line);
      continue;
    }
    const bool cut = line.size() > kLongestLine;
    fed += text::trim(line).empty() ? 0 : 1;
    if (const auto event = parser.feed(line.substr(0, kLongestLine), cut)) {
      check_event(*event);
    }
  }
  const Transcript& seen = parser.transcript();
  DIRECTOR_ASSERT(seen.events + seen.ignored == fed, "a line that was not counted");
  check_note(notes.tail());
  check_note(notes.rejected());
  check_note(notes.misconfigured());
  exec_result ended;
  ended.outcome = kEnds[text.empty() ? 0 : data[0] % kEnds.size()];
  ended.exit_code = 1;
  for (const bool may_edit : {false, true}) {
    check_outcome({"p/m", may_edit, 2000, size % 2 == 0 ? 1000 : 0}, seen, notes, ended);
  }
  return 0;
}
