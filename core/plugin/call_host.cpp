#include "core/plugin/call_host.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

#include "core/base/text.hpp"
#include "core/plugin/instance.hpp"
#include "core/plugin/transcript.hpp"
#include "director/fence.hpp"

namespace director::plugin {
namespace {

using std::chrono::milliseconds;

/// Among the services of this kernel's hosts, for itself: no plugin is told of it.
constexpr std::string_view kConverseService = "director.kernel.converse/1";
using Converse = Result<ports::Exit> (*)(const director_host* host, ports::Command command,
                                         const ports::LineHandler& on_line);

/// Everything below is called by plugins from C, so nothing is thrown out of it and nothing about a
/// request is taken for granted.
class RealCallHost final : public ports::CallHost {
 public:
  RealCallHost(ports::ProcessLauncher& launcher, const ports::Clock& clock, ports::Log& log,
               std::string version, const Redactor& redactor, ports::CallScope scope)
      : launcher_(launcher),
        clock_(clock),
        log_(log),
        version_(std::move(version)),
        redactor_(redactor),
        scope_(std::move(scope)),
        raw_{sizeof(director_host),
             DIRECTOR_ABI_MAJOR,
             DIRECTOR_ABI_MINOR,
             0,
             version_.c_str(),
             this,
             &service},
        services_(&raw_) {}
  RealCallHost(const RealCallHost&) = delete;
  RealCallHost& operator=(const RealCallHost&) = delete;

  [[nodiscard]] director::host& services() override { return services_; }
  [[nodiscard]] ports::Usage usage() const override {
    const std::lock_guard lock(mutex_);
    return usage_;
  }
  [[nodiscard]] std::string limit() const override {
    const std::lock_guard lock(mutex_);
    return limit_;
  }

 private:
  static RealCallHost& self(const director_host* host) {
    return *static_cast<RealCallHost*>(host->impl);
  }

  static const void* service(const director_host* host, const char* id) noexcept;

  static void log(const director_host* host, director_log_level level,
                  director_string text) noexcept {
    (void)fence(nullptr, [&]() -> Status {
      const auto shown = static_cast<ports::LogLevel>(
          std::clamp<director_log_level>(level, DIRECTOR_LOG_DEBUG, DIRECTOR_LOG_ERROR));
      const std::string& label = self(host).scope_.label;
      self(host).log_.write(shown, (label.empty() ? "" : label + ": ") + std::string(view(text)));
      return ok();
    });
  }

  static std::int32_t cancelled(const director_host* host) noexcept {
    return self(host).scope_.cancel.cancelled() || remaining_ms(host) == 0 ? 1 : 0;
  }

  static std::int64_t remaining_ms(const director_host* host) noexcept {
    const RealCallHost& call = self(host);
    if (!call.scope_.deadline) {
      return -1;
    }
    const auto left = std::chrono::ceil<milliseconds>(*call.scope_.deadline - call.clock_.now());
    return std::max<std::int64_t>(left.count(), 0);
  }

  static std::int64_t unix_ms(const director_host* host) noexcept {
    return std::chrono::duration_cast<milliseconds>(self(host).clock_.wall().time_since_epoch())
        .count();
  }

  static std::int64_t monotonic_ms(const director_host* host) noexcept {
    return std::chrono::duration_cast<milliseconds>(self(host).clock_.now().time_since_epoch())
        .count();
  }

  static director_status exec(const director_host* host, const director_exec_request* request,
                              const director_exec_sink* sink, director_exec_result* result,
                              director_error* error) noexcept {
    return fence(error, [&] { return self(host).exec(request, sink, result); });
  }

  static director_status ask(const director_host* host, const director_agent_request* request,
                             const director_text_sink* answer, director_error* error) noexcept {
    return fence(error, [&] { return self(host).ask(request, answer); });
  }

  static Result<ports::Exit> converse(const director_host* host, ports::Command command,
                                      const ports::LineHandler& on_line) {
    self(host).set_circumstances(command);
    return self(host).run(command, on_line);
  }

  [[nodiscard]] Status exec(const director_exec_request* request, const director_exec_sink* sink,
                            director_exec_result* result);
  /// Its lines are kept, and handed over as a command of this call's purpose may show them.
  [[nodiscard]] Result<ports::Exit> run(const ports::Command& command,
                                        const ports::LineHandler& offer);
  void set_circumstances(ports::Command& command) const;
  void note(const ports::Exit& exit);
  [[nodiscard]] Status ask(const director_agent_request* request,
                           const director_text_sink* answer) const;
  [[nodiscard]] ports::Command command_for(const director_exec_request& request) const;

  static constexpr director_log_service kLog{sizeof(director_log_service), 0, &log};
  static constexpr director_cancel_service kCancel{sizeof(director_cancel_service), 0, &cancelled,
                                                   &remaining_ms};
  static constexpr director_clock_service kClock{sizeof(director_clock_service), 0, &unix_ms,
                                                 &monotonic_ms};
  static constexpr director_exec_service kExec{sizeof(director_exec_service), 0, &exec};
  static constexpr director_agent_service kAgent{sizeof(director_agent_service), 0, &ask};
  static constexpr Converse kConverse = &converse;

  ports::ProcessLauncher& launcher_;
  const ports::Clock& clock_;
  ports::Log& log_;
  std::string version_;
  const Redactor& redactor_;
  ports::CallScope scope_;
  mutable std::mutex mutex_;  ///< a plugin may run commands on several threads
  ports::Usage usage_;
  std::string limit_;
  director_host raw_;
  director::host services_;
};

const void* RealCallHost::service(const director_host*, const char* id) noexcept {
  if (id == nullptr) {
    return nullptr;
  }
  const std::string_view name(id);
  if (name == DIRECTOR_SERVICE_LOG) {
    return &kLog;
  }
  if (name == DIRECTOR_SERVICE_CANCEL) {
    return &kCancel;
  }
  if (name == DIRECTOR_SERVICE_CLOCK) {
    return &kClock;
  }
  if (name == DIRECTOR_SERVICE_EXEC) {
    return &kExec;
  }
  if (name == DIRECTOR_SERVICE_AGENT) {
    return &kAgent;
  }
  return name == kConverseService ? static_cast<const void*>(&kConverse) : nullptr;
}

std::vector<std::string> own(const director_string* texts, std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; texts != nullptr && i < count; ++i) {
    all.emplace_back(view(texts[i]));
  }
  return all;
}

void RealCallHost::set_circumstances(ports::Command& command) const {
  command.purpose = scope_.purpose;
  command.deadline = scope_.deadline;
  command.writable = scope_.writable;
  command.network = scope_.network;
}

ports::Command RealCallHost::command_for(const director_exec_request& request) const {
  ports::Command command;
  set_circumstances(command);
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
    const ports::SteadyTime at = clock_.now() + milliseconds(std::min(request.timeout_ms, kYear));
    command.deadline = command.deadline ? std::min(*command.deadline, at) : at;
  }
  return command;
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

/// Asks the plugin's sink about a line; a sink that throws ends the command.
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

/// Secrets that a plugin hands to a command, such as the user's keys for an agent tool.
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

void RealCallHost::note(const ports::Exit& exit) {
  const std::lock_guard lock(mutex_);
  usage_.add(exit.usage);
  if (limit_.empty()) {
    limit_ = exit.limit;
  }
}

Status RealCallHost::exec(const director_exec_request* request, const director_exec_sink* sink,
                          director_exec_result* result) {
  if (!is_whole(request) || !is_whole(result) || (sink != nullptr && !is_whole(sink))) {
    return Error(Errc::Invalid, "cannot run a command: a struct of the request has a wrong size");
  }
  DIRECTOR_TRY(const ports::Exit exit,
               run(command_for(*request),
                   [sink](const ports::OutputLine& line) { return offer(sink, line); }));
  result->outcome = outcome_of(exit.kind);
  result->exit_code = exit.exit_code;
  result->signal = exit.signal;
  result->wall_ms = exit.wall.count();
  return ok();
}

Result<ports::Exit> RealCallHost::run(const ports::Command& command,
                                      const ports::LineHandler& offer) {
  const Redactor redactor = redactor_.with(handed_over(command.env_set));
  // A plugin's own tools tell it what is so, to the byte; what they say is not kept.
  const bool sees_all = command.purpose == ports::Purpose::Tool;
  Transcript out(scope_.transcript, scope_.transcript_bytes);
  Transcript err(beside(scope_.transcript), scope_.transcript_bytes);
  const auto on_line = [&](const ports::OutputLine& line) {
    std::string clean;
    ports::OutputLine kept = line;
    if (redactor.finds(line.text, line.cut)) {
      clean = redactor.mask(line.text, line.cut);
      kept.text = clean;
    }
    (line.is_stderr ? err : out).add(kept.text, kept.cut);
    return offer(sees_all ? line : kept);
  };
  DIRECTOR_TRY(const ports::Exit exit, launcher_.run(command, on_line, scope_.cancel));
  note(exit);
  for (Transcript* transcript : {&out, &err}) {
    if (const Status kept = transcript->finish(); !kept) {
      log_.write(ports::LogLevel::Warning, kept.error().message());
    }
  }
  return exit;
}

Status RealCallHost::ask(const director_agent_request* request,
                         const director_text_sink* answer) const {
  if (!is_whole(request) || !is_whole(answer) || answer->write == nullptr) {
    return Error(Errc::Invalid, "cannot ask an agent: a struct of the request has a wrong size");
  }
  if (scope_.desk == nullptr) {
    return Error(Errc::Invalid, "cannot ask role '" + std::string(view(request->role)) +
                                    "': this call may not ask agents");
  }
  DIRECTOR_TRY(
      const std::string text,
      scope_.desk->ask(std::string(view(request->role)), std::string(view(request->message)),
                       std::string(view(request->workdir)), scope_.node, scope_.cancel));
  answer->write(answer->context, borrow(text));
  return ok();
}

}  // namespace

std::unique_ptr<ports::CallHost> PluginHost::open(ports::CallScope scope) {
  return std::make_unique<RealCallHost>(launcher_, clock_, log_, version_, redactor_,
                                        std::move(scope));
}

Result<ports::Exit> converse(const director::host& host, ports::Command command,
                             const ports::LineHandler& on_line) {
  const director_host* raw = host.raw();
  const auto* service =
      static_cast<const Converse*>(raw->get_service(raw, kConverseService.data()));
  if (service == nullptr) {
    return Error(Errc::Internal, "this host cannot talk with commands");
  }
  return (*service)(raw, std::move(command), on_line);
}

}  // namespace director::plugin
