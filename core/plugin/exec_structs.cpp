#include "core/plugin/exec_structs.hpp"

#include <algorithm>

#include "director/fence.hpp"

namespace director::plugin {

std::vector<std::string> own(const director_string* texts, std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; texts != nullptr && i < count; ++i) {
    all.emplace_back(view(texts[i]));
  }
  return all;
}

void fill(ports::Command& command, const director_exec_request& request, ports::SteadyTime now) {
  using std::chrono::milliseconds;
  command.argv = own(request.argv, request.argv_count);
  command.cwd = view(request.cwd);
  command.env_set = own(request.env_set, request.env_set_count);
  command.env_unset = own(request.env_unset, request.env_unset_count);
  command.stdin_text = view(request.stdin_text);
  command.stall = milliseconds(std::max<std::int64_t>(request.stall_timeout_ms, 0));
  command.start = milliseconds(std::max<std::int64_t>(request.start_timeout_ms, 0));
  if (request.timeout_ms > 0) {
    // A year is as good as never, and does not overflow.
    constexpr std::int64_t kYear = 365LL * 24 * 3600 * 1000;
    const ports::SteadyTime at = now + milliseconds(std::min(request.timeout_ms, kYear));
    command.deadline = command.deadline ? std::min(*command.deadline, at) : at;
  }
}

director_exec_outcome outcome_of(ports::ExitKind kind) {
  switch (kind) {
    case ports::ExitKind::Exited:
      return DIRECTOR_EXEC_EXITED;
    case ports::ExitKind::Signaled:
      return DIRECTOR_EXEC_SIGNALED;
    case ports::ExitKind::TimedOut:
      return DIRECTOR_EXEC_TIMED_OUT;
    case ports::ExitKind::Stalled:
      return DIRECTOR_EXEC_STALLED;
    case ports::ExitKind::Cancelled:
      return DIRECTOR_EXEC_CANCELLED;
    case ports::ExitKind::Stopped:
      return DIRECTOR_EXEC_STOPPED;
  }
  return DIRECTOR_EXEC_STOPPED;
}

bool offer(const director_exec_sink* sink, const ports::OutputLine& line) noexcept {
  if (sink == nullptr || sink->line == nullptr) {
    return true;
  }
  const director_exec_line raw{
      sizeof(director_exec_line), line.cut ? unsigned{DIRECTOR_LINE_CUT} : 0U,
      line.is_stderr ? DIRECTOR_STDERR : DIRECTOR_STDOUT, 0, borrow(line.text)};
  try {
    return sink->line(sink->context, &raw) == 0;
  } catch (...) {
    return false;
  }
}

std::filesystem::path beside(const std::filesystem::path& transcript) {
  return transcript.empty() ? transcript : std::filesystem::path(transcript.string() + ".stderr");
}

std::vector<Secret> handed_over(const std::vector<std::string>& variables) {
  std::vector<Secret> secrets;
  for (const std::string& variable : variables) {
    const std::string name = variable.substr(0, variable.find('='));
    const std::string value = variable.substr(std::min(variable.size(), name.size() + 1));
    const std::vector<Secret> found = secrets_in(name, value, names_a_secret(name));
    secrets.insert(secrets.end(), found.begin(), found.end());
  }
  return secrets;
}

}  // namespace director::plugin
