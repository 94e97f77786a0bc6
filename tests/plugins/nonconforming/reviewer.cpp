/// A reviewer whose agent answers PASS, or BLOCK and why; and has one fault.
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <functional>

#include "director/host.hpp"
#include "fault.hpp"

namespace {

using namespace nonconforming;

std::string delimiter_for(const std::string& diff) {
  return has("ends-the-diff-by-a-fixed-line")
             ? "===== end of diff ====="
             : "===== " + std::to_string(std::hash<std::string>()(diff)) + " =====";
}

std::string readable(std::string words) {
  for (char& c : words) {
    c = (c >= ' ' && c < 127) || has("sends-bytes-that-are-no-text") ? c : '?';
  }
  return words;
}

/// 1: pass, 2: block, 0: neither.
int read(const std::string& answer) {
  const std::string words = answer.substr(0, answer.find_last_not_of(" \n") + 1);
  if (has("reads-the-first-verdict-it-finds") && answer.find("PASS") != std::string::npos) {
    return 1;
  }
  if (words == "PASS" || has("never-blocks")) {
    return words.empty() ? 0 : 1;
  }
  if (words.starts_with("BLOCK ") && words.find('\n') == std::string::npos) {
    return 2;
  }
  return has("takes-garbage-for-a-pass") ? 1 : 0;
}

std::string refusal(const std::string& diff) {
  if (has("refuses-an-empty-diff") && diff.empty()) {
    return "there is no diff";
  }
  if (has("refuses-a-large-diff") && diff.size() > 1000000) {
    return "the diff is too large";
  }
  if (has("throws-at-bytes") && diff.find('\xff') != std::string::npos) {
    throw 7;
  }
  return {};
}

void send(const director_review_sink* sink, int verdict, const std::string& answer) {
  static std::atomic<int> calls = 0;
  const std::string why =
      readable(answer.substr(0, 200)) + (has("counts-its-calls") ? std::to_string(++calls) : "");
  const director_finding found{sizeof(director_finding),
                               verdict == 2 ? DIRECTOR_CRITICAL : DIRECTOR_MINOR, text("f"),
                               text(why)};
  if (has("sums-up-first")) {
    sink->summary(sink->context, text("read"));
  }
  if (verdict == 2 || has("counts-its-calls") || has("always-blocks")) {
    director_finding sent = found;
    sent.severity = has("always-blocks") ? DIRECTOR_CRITICAL : sent.severity;
    sink->finding(sink->context, &sent);
  }
  if (!has("sums-up-first")) {
    sink->summary(sink->context, text("read"));
  }
}

director_status review(void*, const director_host* raw, const director_review_request* request,
                       const director_review_sink* sink, director_error* error) {
  misbehave_in_call();
  const director::host host(raw);
  const std::string diff(view(request->diff));
  const std::string why = refusal(diff);
  if (!why.empty()) {
    return fail(error, DIRECTOR_INVALID, why);
  }
  if (has("writes-in-the-checkout")) {
    std::ofstream(std::string(view(request->workdir)) + "/review") << "done\n";
  }
  const std::string delimiter = delimiter_for(diff);
  const std::string message =
      "Review what stands between two lines.\n" + delimiter + "\n" + diff + "\n" + delimiter + "\n";
  const auto answer = host.ask(view(request->role), message, view(request->workdir));
  if (!answer) {
    while (has("ignores-cancel") && answer.error().code() == director::Errc::Cancelled) {
      ::usleep(1000);
    }
    if (has("passes-without-an-answer")) {
      send(sink, 1, "");
      return DIRECTOR_OK;
    }
    return fail(error, DIRECTOR_EXTERNAL, "no answer");
  }
  const int verdict = read(*answer);
  if (verdict == 0) {
    return fail(error, DIRECTOR_EXTERNAL, "the answer cannot be read");
  }
  send(sink, verdict, *answer);
  return DIRECTOR_OK;
}

}  // namespace

extern "C" DIRECTOR_EXPORT const director_plugin* director_plugin_entry(std::uint32_t major,
                                                                        std::uint32_t) {
  static const director_reviewer table{sizeof(director_reviewer), 0, instances(), &review};
  return descriptor(major, DIRECTOR_REVIEWER, &table);
}
