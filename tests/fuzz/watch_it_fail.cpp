// An executor's tool calls, one a line: "<tool> <exit status> <input>". The first line is the test
// command.
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.hpp"
#include "core/run/watch.hpp"
#include "director/result.hpp"

namespace {

using namespace director;

run::ToolUse tool_of(std::string_view line) {
  run::ToolUse use;
  const std::size_t first = line.find(' ');
  use.name = std::string(line.substr(0, first));
  if (first != std::string_view::npos) {
    const std::string_view rest = line.substr(first + 1);
    const std::size_t second = std::min(rest.find(' '), rest.size());
    std::from_chars(rest.data(), rest.data() + second, use.exit_code);
    use.input = std::string(rest.substr(second));
  }
  return use;
}

bool same(const run::Watch& a, const run::Watch& b) {
  return a.verdict == b.verdict && a.ran_before_edit == b.ran_before_edit &&
         a.observed_failure == b.observed_failure;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string_view> lines = text::split_lines(text);
  const std::string command(lines.empty() ? "sh tests/a.sh" : lines.front());
  const std::vector<std::string> tests{"tests/a.sh"};
  std::vector<run::ToolUse> calls;
  run::Watch last = run::watch_it_fail(calls, command, tests);
  DIRECTOR_ASSERT(last.verdict == "unknown" && !last.ran_before_edit, "calls out of nothing");
  for (std::size_t i = 1; i < lines.size(); ++i) {
    calls.push_back(tool_of(lines[i]));
    const run::Watch watch = run::watch_it_fail(calls, command, tests);
    DIRECTOR_ASSERT(watch.verdict == "unknown" || watch.verdict == "observed" ||
                        watch.verdict == "not_observed",
                    "a verdict that nobody knows");
    DIRECTOR_ASSERT(watch.ran_before_edit || watch.verdict != "observed", "seen without a run");
    DIRECTOR_ASSERT(watch.ran_before_edit || !watch.observed_failure, "failed without a run");
    DIRECTOR_ASSERT(last.verdict == "unknown" || same(watch, last), "judged by what came later");
    DIRECTOR_ASSERT(watch.ran_before_edit || !last.ran_before_edit, "a run that is forgotten");
    last = watch;
  }
  std::vector<run::ToolUse> with_reading = calls;
  with_reading.insert(with_reading.begin(), {"read", "{\"filePath\": \"tests/a.sh\"}", 1});
  DIRECTOR_ASSERT(same(run::watch_it_fail(with_reading, command, tests), last),
                  "reading the tests counts as running them");
  return 0;
}
