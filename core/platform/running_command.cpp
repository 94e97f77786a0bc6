#include "core/platform/running_command.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "core/platform/os_error.hpp"
#include "core/platform/process_table.hpp"
#include "core/platform/sigpipe_blocked.hpp"
#include "core/platform/start_failure.hpp"

namespace director::platform {
namespace {

using std::chrono::milliseconds;

/// How often the cancel token, which cannot wake a poll, is looked at.
constexpr milliseconds kTick{50};
/// How long a supervisor may take to kill what is left before it is killed itself.
constexpr milliseconds kSweepPatience{5000};
/// How often whoever watches a command is told of it.
constexpr milliseconds kLookEvery{1000};
/// Read after the end of everything; more can only come from a process that is none of ours.
constexpr std::size_t kDrainBytes = 4 << 20;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

RunningCommand::RunningCommand(const ports::Clock& clock, Grace grace,
                               const ports::Command& command, const ports::LineHandler& on_line,
                               const ports::CancelToken& cancel, ports::SteadyTime started,
                               Spawned spawned, CommandCgroup* cgroup)
    : clock_(clock),
      grace_(grace),
      command_(command),
      on_line_(on_line),
      cancel_(cancel),
      started_(started),
      last_output_(started),
      spawned_(std::move(spawned)),
      cgroup_(cgroup),
      stdout_lines_(command.max_line_bytes,
                    [this](std::string_view text, bool cut) { deliver(false, text, cut); }),
      stderr_lines_(command.max_line_bytes,
                    [this](std::string_view text, bool cut) { deliver(true, text, cut); }),
      stdin_left_(command.stdin_text) {
  if (command_.hold != nullptr) {
    command_.hold->take(this);
  }
}

RunningCommand::~RunningCommand() {
  if (!settled_) {
    // An order, since whoever holds the command may write one meanwhile to what would be closed.
    order(kKill);
    const std::optional<int> status = reap_supervisor(spawned_);
    if (!status || !command_.within.empty()) {
      let_go(kill_orphans(kSweepPatience));
      return;
    }
  }
  let_go(true);
}

Result<ports::Exit> RunningCommand::finish() {
  while (!supervisor_gone_) {
    step();
  }
  drain(spawned_.stdout_reader, stdout_lines_);
  drain(spawned_.stderr_reader, stderr_lines_);
  read_status();
  DIRECTOR_CHECK(settle());
  if (report_ && report_->kind > ReportKind::Signaled) {
    return failure_to_start(command_, *report_);
  }
  ports::Exit exit;
  exit.wall = std::chrono::duration_cast<milliseconds>(clock_.now() - started_);
  if (ended_for_) {
    exit.kind = *ended_for_;
  } else if (report_ && report_->kind == ReportKind::Exited) {
    exit.exit_code = report_->value;
  } else {
    // Without a report the supervisor was killed, and the command with it.
    exit.kind = ports::ExitKind::Signaled;
    exit.signal = report_ ? report_->value : SIGKILL;
  }
  note_usage(exit);
  return exit;
}

void RunningCommand::note_usage(ports::Exit& exit) const {
  if (used_) {
    constexpr std::uint64_t kKilobyte = 1024;
    exit.usage.cpu = std::chrono::microseconds(used_->cpu_us);
    exit.usage.peak_memory_bytes = static_cast<std::uint64_t>(used_->largest_kb) * kKilobyte;
  }
  if (cgroup_ != nullptr) {
    // What has left the supervisor's sight counts here, too.
    const ports::Usage usage = cgroup_->usage();
    exit.usage.cpu = std::max(exit.usage.cpu, usage.cpu);
    exit.usage.peak_memory_bytes =
        usage.peak_memory_bytes != 0 ? usage.peak_memory_bytes : exit.usage.peak_memory_bytes;
    exit.limit = cgroup_->limit();
  }
}

void RunningCommand::step() {
  continue_dialogue();
  // With nothing to say, a closed standard input is no news.
  const std::array<int, 5> watched{spawned_.supervisor.get(), spawned_.status.get(),
                                   spawned_.stdout_reader.get(), spawned_.stderr_reader.get(),
                                   stdin_left_.empty() ? -1 : spawned_.stdin_writer.get()};
  std::array<struct pollfd, 5> fds{};
  for (std::size_t i = 0; i < fds.size(); ++i) {
    fds[i] = {watched[i], static_cast<short>(i == 4 ? POLLOUT : POLLIN), 0};
  }
  if (wait_for_any(spawned_, fds.data(), fds.size(), wait_ms(clock_.now()))) {
    if (fds[2].revents != 0) {
      read_stream(spawned_.stdout_reader, stdout_lines_);
    }
    if (fds[3].revents != 0) {
      read_stream(spawned_.stderr_reader, stderr_lines_);
    }
    if (fds[4].revents != 0) {
      feed_stdin();
    }
    if (fds[1].revents != 0) {
      read_status();
    }
    supervisor_gone_ = fds[0].revents != 0;
  }
  if (!supervisor_gone_) {
    watch_limits();
    let_watch(clock_.now());
  }
}

int RunningCommand::wait_ms(ports::SteadyTime now) const {
  milliseconds wait = kTick;
  const auto until = [&](ports::SteadyTime at) {
    wait = std::min(wait, std::chrono::ceil<milliseconds>(at - now));
  };
  if (overpower_at_) {
    until(*overpower_at_);
  } else if (kill_at_) {
    until(*kill_at_);
  } else {
    if (const auto at = deadline()) {
      until(*at);
    }
    if (const auto at = stalled_at()) {
      until(*at);
    }
  }
  return static_cast<int>(std::max<milliseconds::rep>(wait.count(), 0));
}

void RunningCommand::watch_limits() {
  const ports::SteadyTime now = clock_.now();
  if (overpower_at_) {
    if (now >= *overpower_at_) {
      ::syscall(SYS_pidfd_send_signal, spawned_.supervisor.get(), SIGKILL, nullptr, 0);
      if (cgroup_ != nullptr) {
        cgroup_->kill();
      }
      overpower_at_ = now + kSweepPatience;
    }
  } else if (kill_at_) {
    if (now >= *kill_at_) {
      order(kKill);
      overpower_at_ = now + kSweepPatience;
    }
  } else if (report_) {
    return;
  } else if (cancel_.cancelled()) {
    end_for(ports::ExitKind::Cancelled);
  } else if (const auto end = deadline(); end && now >= *end) {
    end_for(ports::ExitKind::TimedOut);
  } else if (const auto at = stalled_at(); at && now >= *at) {
    end_for(ports::ExitKind::Stalled);
  }
}

std::optional<ports::SteadyTime> RunningCommand::deadline() const {
  if (command_.dialogue == nullptr || !command_.dialogue->end_by) {
    return command_.deadline;
  }
  const ports::SteadyTime end_by = *command_.dialogue->end_by;
  return std::min(end_by, command_.deadline.value_or(end_by));
}

std::optional<ports::SteadyTime> RunningCommand::stalled_at() const {
  std::optional<ports::SteadyTime> at;
  if (command_.stall.count() > 0) {
    at = last_output_ + command_.stall;
  }
  if (command_.start.count() > 0 && !stdout_spoke_) {
    const ports::SteadyTime start = started_ + command_.start;
    at = at ? std::min(*at, start) : start;
  }
  return at;
}

void RunningCommand::end_for(ports::ExitKind why) {
  if (ended_for_) {
    return;
  }
  ended_for_ = why;
  if (report_ || supervisor_gone_) {
    return;
  }
  order(kTerminate);
  kill_at_ = clock_.now() + (why == ports::ExitKind::Cancelled ? grace_.cancelled : grace_.normal);
}

void RunningCommand::order(char what) const {
  const SigpipeBlocked guard;
  while (::write(spawned_.control.get(), &what, 1) < 0 && errno == EINTR) {
  }
  // The command may have stopped its supervisor, which blocks every signal that can be blocked.
  ::syscall(SYS_pidfd_send_signal, spawned_.supervisor.get(), SIGCONT, nullptr, 0);
}

void RunningCommand::let_go(bool clean) const {
  if (command_.hold == nullptr) {
    return;
  }
  if (clean) {
    command_.hold->take(nullptr);
  } else {
    command_.hold->lose();
  }
}

ports::CommandLook RunningCommand::look() const {
  constexpr int kMostProcesses = 1 << 15;
  std::vector<Process> table(kMostProcesses);
  const int count = descendants_of(spawned_.pid, table.data(), kMostProcesses);
  Process supervisor;
  const bool is_found = read_process(spawned_.pid, supervisor);
  // Reaped since, it may have been another process that was looked at.
  const bool is_ours =
      ::syscall(SYS_pidfd_send_signal, spawned_.supervisor.get(), 0, nullptr, 0) == 0;
  if (count < 0 || !is_found || !is_ours) {
    return {};
  }
  std::int64_t pages = 0;
  std::uint64_t ticks = supervisor.cpu_ticks;  // with what it has reaped
  for (int i = 0; i < count; ++i) {
    pages += table[static_cast<std::size_t>(i)].resident_pages;
    ticks += table[static_cast<std::size_t>(i)].cpu_ticks;
  }
  constexpr std::int64_t kMillion = 1'000'000;
  ports::CommandLook seen;
  seen.cpu = std::chrono::microseconds(static_cast<std::int64_t>(ticks) * kMillion /
                                       ::sysconf(_SC_CLK_TCK));
  seen.memory_bytes = pages * ::sysconf(_SC_PAGESIZE);
  if (cgroup_ != nullptr) {
    seen.limit = cgroup_->limit();
    seen.cpu = std::max(seen.cpu, cgroup_->usage().cpu);
  }
  return seen;
}

void RunningCommand::let_watch(ports::SteadyTime now) {
  if (command_.hold != nullptr && command_.hold->is_watched() && now >= next_look_) {
    next_look_ = now + kLookEvery;
    command_.hold->saw(look());
  }
}

void RunningCommand::continue_dialogue() {
  if (command_.dialogue == nullptr || !spawned_.stdin_writer || !stdin_left_.empty()) {
    return;
  }
  said_ = std::exchange(command_.dialogue->unsent, {});
  stdin_left_ = said_;
  if (stdin_left_.empty() && command_.dialogue->over) {
    spawned_.stdin_writer.reset();
  }
}

void RunningCommand::feed_stdin() {
  const SigpipeBlocked guard;
  const ssize_t written =
      ::write(spawned_.stdin_writer.get(), stdin_left_.data(), stdin_left_.size());
  if (written > 0) {
    stdin_left_.remove_prefix(static_cast<std::size_t>(written));
  } else if (written < 0 && would_block(errno)) {
    return;
  } else {
    stdin_left_ = {};  // it closed its end: that is its own affair
    spawned_.stdin_writer.reset();
  }
  if (stdin_left_.empty() && command_.dialogue == nullptr) {
    spawned_.stdin_writer.reset();
  }
}

void RunningCommand::read_stream(UniqueFd& fd, LineSplitter& lines) {
  char buffer[64 << 10];
  const ssize_t got = ::read(fd.get(), buffer, sizeof(buffer));
  if (got > 0) {
    stdout_spoke_ = stdout_spoke_ || &lines == &stdout_lines_;
    lines.feed({buffer, static_cast<std::size_t>(got)});
    last_output_ = clock_.now();  // a handler's own time is no silence of the command
  } else if (got == 0 || !would_block(errno)) {
    fd.reset();
  }
}

void RunningCommand::drain(UniqueFd& fd, LineSplitter& lines) {
  char buffer[64 << 10];
  for (std::size_t total = 0; fd && total < kDrainBytes;) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof(buffer));
    if (got > 0) {
      total += static_cast<std::size_t>(got);
      lines.feed({buffer, static_cast<std::size_t>(got)});
    } else if (got == 0 || errno != EINTR) {
      fd.reset();
    }
  }
  lines.finish();
}

void RunningCommand::read_status() {
  Report report{};
  ssize_t got = 0;
  while (spawned_.status &&
         (got = ::read(spawned_.status.get(), &report, sizeof(report))) == sizeof(report)) {
    if (report.kind == ReportKind::Used) {
      used_ = report;
    } else if (report.kind == ReportKind::Marked || report.kind == ReportKind::Weeded) {
      answer_hold(report);
    } else if (!report_) {  // the first one counts: a command that could not be started also exits
      report_ = report;
      overpower_at_ = clock_.now() + kSweepPatience;
    }
  }
  if (got == 0 || (got < 0 && !would_block(errno))) {
    spawned_.status.reset();
  }
}

void RunningCommand::answer_hold(const Report& report) const {
  if (command_.hold == nullptr) {
    return;
  }
  if (report.kind == ReportKind::Marked) {
    command_.hold->marked();
  } else {
    command_.hold->weeded(report.value == 0);
  }
}

void RunningCommand::deliver(bool is_stderr, std::string_view text, bool cut) {
  if (is_stderr && !command_.within.empty()) {
    constexpr std::size_t kKeep = 500;
    last_complaint_ = text.substr(0, kKeep);
  }
  if (!on_line_ || stopped_ || on_line_(ports::OutputLine{is_stderr, cut, text})) {
    return;
  }
  stopped_ = true;
  end_for(ports::ExitKind::Stopped);
}

Status RunningCommand::settle() {
  const std::optional<int> status = reap_supervisor(spawned_);
  settled_ = true;
  if (cgroup_ != nullptr) {
    cgroup_->kill();  // the last word, whatever became of the supervisor
  }
  const bool in_sandbox = !command_.within.empty();
  // A supervisor that ends by itself has seen the last of its processes go, and the sandbox around
  // it has waited for it. One that was killed has not: what it had falls to this process.
  const bool saw_the_end = status && *status == 0 && report_;
  const bool clean = (status && !in_sandbox) || saw_the_end || kill_orphans(kSweepPatience);
  let_go(clean);
  if (!clean) {
    return Error(Errc::Io, "cannot end every process that '" + command_.argv.front() +
                               "' started: some are not ours to kill");
  }
  // Where it was the supervisor in there that was killed, the status says that of a shell.
  constexpr int kSignalBase = 128;
  if (in_sandbox && status && *status < kSignalBase && !report_ && !ended_for_) {
    return Error(Errc::Io,
                 "cannot start '" + command_.argv.front() + "' in its sandbox: " + last_complaint_);
  }
  return ok();
}

}  // namespace director::platform
