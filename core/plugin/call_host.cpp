#include "core/plugin/call_host.hpp"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <utility>

#include "core/base/text.hpp"
#include "core/plugin/call_daemons.hpp"
#include "core/plugin/counted.hpp"
#include "core/plugin/exec_structs.hpp"
#include "core/plugin/instance.hpp"
#include "core/plugin/transcript.hpp"
#include "director/fence.hpp"

namespace director::plugin {
namespace {

using std::chrono::milliseconds;

/// Among the services of this kernel's hosts, for itself: no plugin is told of them.
constexpr std::string_view kConverseService = "director.kernel.converse/1";
constexpr std::string_view kServingService = "director.kernel.serving/1";
using IsServing = bool (*)(const director_host* host);
using Converse = Result<ports::Exit> (*)(const director_host* host, ports::Command command,
                                         const ports::LineHandler& on_line);

/// Everything below is called by plugins from C, so nothing is thrown out of it and nothing about a
/// request is taken for granted.
class RealCallHost final : public ports::CallHost {
 public:
  RealCallHost(ports::ProcessLauncher& launcher, const ports::Clock& clock, ports::Log& log,
               std::string version, const Redactor& redactor, Daemons& daemons,
               ports::CallScope scope)
      : launcher_(launcher),
        clock_(clock),
        log_(log),
        version_(std::move(version)),
        redactor_(redactor),
        scope_(std::move(scope)),
        daemons_(daemons, clock_, scope_),
        said_redactor_(redactor),
        said_(scope_.transcript, scope_.transcript_bytes),
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
  ~RealCallHost() override {
    if (const Status kept = said_.finish(); !kept) {
      log_.write(ports::LogLevel::Warning, kept.error().message());
    }
  }

  [[nodiscard]] director::host& services() override { return services_; }
  [[nodiscard]] ports::Usage usage() const override {
    ports::Usage usage = daemons_.usage();
    const std::lock_guard lock(mutex_);
    usage.add(usage_);
    return usage;
  }
  [[nodiscard]] std::string limit() const override {
    const std::lock_guard lock(mutex_);
    return limit_.empty() ? daemons_.limit() : limit_;
  }
  [[nodiscard]] Redactor redactor() const override {
    const std::lock_guard lock(mutex_);
    return said_redactor_;
  }
  [[nodiscard]] bool spared_folders() const override {
    const std::lock_guard lock(mutex_);
    return started_ > 0 && started_ == spared_;
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
      self(host).log_.write(
          shown, (label.empty() ? "" : label + ": ") + self(host).redactor().mask(view(text)));
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

  template <bool Scratch>
  static director_status exec(const director_host* host, const director_exec_request* request,
                              const director_exec_sink* sink, director_exec_result* result,
                              director_error* error) noexcept {
    const Counted serving(self(host).serving_, 1);
    return fence(error, [&] { return self(host).exec(request, sink, result, Scratch); });
  }

  static director_status ask(const director_host* host, const director_agent_request* request,
                             const director_text_sink* answer, director_error* error) noexcept {
    const Counted serving(self(host).serving_, 1);
    return fence(error, [&] { return self(host).ask(request, answer); });
  }

  static director_status acquire(const director_host* host, const director_daemon_request* request,
                                 director_daemon_lease* lease, const director_text_sink* ready_line,
                                 const director_text_sink* secret, director_error* error) noexcept {
    const Counted serving(self(host).serving_, 1);
    return fence(error, [&] { return self(host).acquire(request, lease, ready_line, secret); });
  }

  static director_status inspect(const director_host* host, std::uint64_t lease,
                                 director_daemon_state* state, const director_text_sink* last_words,
                                 director_error* error) noexcept {
    return fence(error, [&]() -> Status {
      if (!is_whole(state) || !is_usable(last_words)) {
        return wrong_size("inspect a daemon");
      }
      return self(host).daemons_.inspect(lease, *state, last_words);
    });
  }

  static director_status release(const director_host* host, std::uint64_t lease,
                                 director_daemon_end end, director_error* error) noexcept {
    const Counted serving(self(host).serving_, 1);
    return fence(error, [&] { return self(host).daemons_.release(lease, end); });
  }

  static director_status line(const director_host* host, director_string text,
                              director_error* error) noexcept {
    return fence(error, [&]() -> Status {
      self(host).say(view(text));
      return ok();
    });
  }

  static bool is_usable(const director_text_sink* sink) {
    return sink == nullptr || (is_whole(sink) && sink->write != nullptr);
  }
  static Error wrong_size(std::string_view what) {
    return Error(Errc::Invalid,
                 "cannot " + std::string(what) + ": a struct of the request has a wrong size");
  }

  static bool is_serving(const director_host* host) noexcept { return self(host).serving_ > 0; }

  static Result<ports::Exit> converse(const director_host* host, ports::Command command,
                                      const ports::LineHandler& on_line) {
    self(host).set_circumstances(command);
    return self(host).run(command, on_line);
  }

  [[nodiscard]] Status exec(const director_exec_request* request, const director_exec_sink* sink,
                            director_exec_result* result, bool scratch);
  [[nodiscard]] Status acquire(const director_daemon_request* request, director_daemon_lease* lease,
                               const director_text_sink* ready_line,
                               const director_text_sink* secret);
  void say(std::string_view text);
  /// Its lines are kept, and handed over as a command of this call's purpose may show them.
  [[nodiscard]] Result<ports::Exit> run(const ports::Command& command,
                                        const ports::LineHandler& offer);
  void set_circumstances(ports::Command& command) const;
  void note_start() {
    const std::lock_guard lock(mutex_);
    ++started_;
  }
  void note(const ports::Exit& exit);
  [[nodiscard]] Status ask(const director_agent_request* request,
                           const director_text_sink* answer) const;

  static constexpr director_log_service kLog{sizeof(director_log_service), 0, &log};
  static constexpr director_cancel_service kCancel{sizeof(director_cancel_service), 0, &cancelled,
                                                   &remaining_ms};
  static constexpr director_clock_service kClock{sizeof(director_clock_service), 0, &unix_ms,
                                                 &monotonic_ms};
  static constexpr director_exec_service kExec{sizeof(director_exec_service), 0, &exec<false>};
  static constexpr director_exec_service kScratch{sizeof(director_exec_service), 0, &exec<true>};
  static constexpr director_agent_service kAgent{sizeof(director_agent_service), 0, &ask};
  static constexpr director_daemon_service kDaemon{sizeof(director_daemon_service), 0, &acquire,
                                                   &inspect, &release};
  static constexpr director_transcript_service kTranscript{sizeof(director_transcript_service), 0,
                                                           &line};
  static constexpr Converse kConverse = &converse;
  static constexpr IsServing kServing = &is_serving;

  ports::ProcessLauncher& launcher_;
  const ports::Clock& clock_;
  ports::Log& log_;
  std::string version_;
  const Redactor& redactor_;
  ports::CallScope scope_;
  CallDaemons daemons_;
  std::atomic<int> serving_ = 0;
  mutable std::mutex mutex_;  ///< a plugin may run commands on several threads
  Redactor said_redactor_;    ///< for what the plugin itself says
  Transcript said_;
  ports::Usage usage_;
  int started_ = 0;  ///< commands, daemons among them
  int spared_ = 0;   ///< of those, how many left their folder as it was
  std::string limit_;
  director_host raw_;
  director::host services_;
};

const void* RealCallHost::service(const director_host*, const char* id) noexcept {
  static constexpr std::pair<std::string_view, const void*> kServices[] = {
      {DIRECTOR_SERVICE_LOG, &kLog},         {DIRECTOR_SERVICE_CANCEL, &kCancel},
      {DIRECTOR_SERVICE_CLOCK, &kClock},     {DIRECTOR_SERVICE_EXEC, &kExec},
      {DIRECTOR_SERVICE_SCRATCH, &kScratch}, {DIRECTOR_SERVICE_AGENT, &kAgent},
      {DIRECTOR_SERVICE_DAEMON, &kDaemon},   {DIRECTOR_SERVICE_TRANSCRIPT, &kTranscript},
      {kServingService, &kServing},          {kConverseService, &kConverse}};
  if (id == nullptr) {
    return nullptr;
  }
  const auto* const found =
      std::find_if(std::begin(kServices), std::end(kServices),
                   [name = std::string_view(id)](const auto& one) { return one.first == name; });
  return found == std::end(kServices) ? nullptr : found->second;
}

void RealCallHost::set_circumstances(ports::Command& command) const {
  command.purpose = scope_.purpose;
  command.deadline = scope_.deadline;
  command.writable = scope_.writable;
  command.reads_only = scope_.reads_only;
  command.network = scope_.network;
}

void RealCallHost::note(const ports::Exit& exit) {
  const std::lock_guard lock(mutex_);
  usage_.add(exit.usage);
  spared_ += exit.spared ? 1 : 0;
  if (limit_.empty()) {
    limit_ = exit.limit;
  }
}

Status RealCallHost::exec(const director_exec_request* request, const director_exec_sink* sink,
                          director_exec_result* result, bool scratch) {
  if (!is_whole(request) || !is_whole(result) || (sink != nullptr && !is_whole(sink))) {
    return wrong_size("run a command");
  }
  ports::Command command;
  set_circumstances(command);
  fill(command, *request, clock_.now());
  command.scratch = scratch;
  DIRECTOR_TRY(const ports::Exit exit,
               run(command, [sink](const ports::OutputLine& line) { return offer(sink, line); }));
  result->outcome = outcome_of(exit.kind);
  result->exit_code = exit.exit_code;
  result->signal = exit.signal;
  result->wall_ms = exit.wall.count();
  return ok();
}

Status RealCallHost::acquire(const director_daemon_request* request, director_daemon_lease* lease,
                             const director_text_sink* ready_line,
                             const director_text_sink* secret) {
  if (!is_whole(request) || !is_whole(lease) || !is_usable(ready_line) || !is_usable(secret)) {
    return wrong_size("start a daemon");
  }
  ports::Command command;
  set_circumstances(command);
  command.deadline.reset();
  command.argv = own(request->argv, request->argv_count);
  command.cwd = view(request->cwd);
  command.env_set = own(request->env_set, request->env_set_count);
  command.env_unset = own(request->env_unset, request->env_unset_count);
  note_start();
  const std::vector<Secret> handed = handed_over(command.env_set);
  {
    const std::lock_guard lock(mutex_);
    said_redactor_ = said_redactor_.with(handed);
  }
  DIRECTOR_TRY(const std::string made,
               daemons_.acquire(std::move(command), *request, redactor_.with(handed), *lease,
                                ready_line, secret));
  const std::lock_guard lock(mutex_);
  said_redactor_ = said_redactor_.with({Secret{std::string(view(request->secret_variable)), made}});
  return ok();
}

void RealCallHost::say(std::string_view text) {
  const std::lock_guard lock(mutex_);
  said_.add(said_redactor_.finds(text) ? said_redactor_.mask(text) : std::string(text));
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
    const Counted not_serving(serving_, -1);
    return offer(sees_all ? line : kept);
  };
  note_start();
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
    return wrong_size("ask an agent");
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
  return std::make_unique<RealCallHost>(launcher_, clock_, log_, version_, redactor_, daemons_,
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

bool is_serving(const director_host& host) {
  const auto* service =
      static_cast<const IsServing*>(host.get_service(&host, kServingService.data()));
  return service != nullptr && (*service)(&host);
}

}  // namespace director::plugin
