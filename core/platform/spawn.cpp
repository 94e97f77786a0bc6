// Boost looks for vfork by feature macros that left it out when POSIX did; the system still has it.
#define BOOST_POSIX_HAS_VFORK 1
#include "core/platform/spawn.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <boost/process/child.hpp>
#include <boost/process/error.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/posix.hpp>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "core/platform/os_error.hpp"
#include "core/platform/process_table.hpp"
#include "core/platform/supervisor.hpp"

namespace director::platform {
namespace {

namespace bp = boost::process;

constexpr int kOutputPipeBytes = 1 << 20;

/// The living supervisors of this process, so that clearing away orphans spares them. Like children
/// themselves this belongs to the process, not to a launcher.
struct Supervisors {
  std::mutex mutex;
  std::set<pid_t> pids;
};
Supervisors& supervisors() {
  static Supervisors all;
  return all;
}

struct Pipe {
  UniqueFd reader;
  UniqueFd writer;
};

/// Numbers from 3 on, so that putting one in the place of a standard stream harms no other.
Result<UniqueFd> above_standard(UniqueFd fd) {
  if (fd.get() > 2) {
    return fd;
  }
  UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
  if (!moved) {
    return start_error("cannot start a command", errno);
  }
  return moved;
}

Result<Pipe> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) {
    return start_error("cannot start a command", errno);
  }
  UniqueFd low_reader(fds[0]);
  UniqueFd low_writer(fds[1]);
  DIRECTOR_TRY(UniqueFd reader, above_standard(std::move(low_reader)));
  DIRECTOR_TRY(UniqueFd writer, above_standard(std::move(low_writer)));
  return Pipe{std::move(reader), std::move(writer)};
}

/// Some tools exit without waiting for a full pipe; a roomy one loses nothing of theirs.
Result<Pipe> make_roomy_pipe() {
  DIRECTOR_TRY(Pipe pipe, make_pipe());
  ::fcntl(pipe.writer.get(), F_SETPIPE_SZ, kOutputPipeBytes);
  return pipe;
}

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (const std::string& text : texts) {
    all.push_back(const_cast<char*>(text.c_str()));
  }
  all.push_back(nullptr);
  return all;
}

/// What happens around Boost.Process's vfork: in the child, system calls only. Everything it points
/// to outlives the launch.
struct Supervise : bp::extend::handler {
  const char* supervisor;
  char** argv;
  char** environment;
  int control;
  int status;
  int cgroup;               ///< -1: none
  const LayerMount* layer;  ///< null: none
  pid_t* pid;
  int* fork_error;

  template <typename Executor>
  void on_setup(Executor& executor) const {
    executor.exe = supervisor;
    executor.cmd_line = argv;
    executor.env = environment;
  }
  template <typename Executor>
  void on_exec_setup(Executor&) const {
    ::setpgid(0, 0);
    // First out of the way of each other and of the fixed numbers.
    const int high_control = ::fcntl(control, F_DUPFD_CLOEXEC, 10);
    const int high_status = ::fcntl(status, F_DUPFD_CLOEXEC, 10);
    const int high_cgroup = cgroup < 0 ? -1 : ::fcntl(cgroup, F_DUPFD_CLOEXEC, 10);
    ::dup2(high_control, kControlFd);
    ::dup2(high_status, kStatusFd);
    if (high_cgroup >= 0) {
      ::dup2(high_cgroup, kCgroupFd);
    }
    // Closed and not left for exec to close: should this program be killed now, nothing of it is to
    // hold its lock any longer.
    ::syscall(SYS_close_range, high_cgroup < 0 ? unsigned{kCgroupFd} : kCgroupFd + 1U, ~0U, 0U);
    if (const int error = layer == nullptr ? 0 : lay(*layer); error != 0) {
      const Report report{ReportKind::NoSandbox, error};
      (void)!::write(kStatusFd, &report, sizeof(report));
      ::_exit(127);
    }
  }
  template <typename Executor>
  void on_exec_error(Executor&, const std::error_code& error) const {
    const Report report{ReportKind::NoSupervisor, error.value()};
    (void)!::write(kStatusFd, &report, sizeof(report));
  }
  template <typename Executor>
  void on_fork_error(Executor&, const std::error_code& error) const {
    *fork_error = error.value();
  }
  template <typename Executor>
  void on_success(Executor& executor) const {
    *pid = executor.pid;
  }
};

/// Every signal, for this thread; the supervisor is forked under it and keeps it.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

Result<Pipe> input_for(const SpawnRequest& request) {
  if (request.wants_stdin) {
    DIRECTOR_TRY(Pipe pipe, make_pipe());
    set_nonblocking(pipe.writer.get());
    return pipe;
  }
  UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null) {
    return os_error("cannot open '/dev/null'", errno);
  }
  DIRECTOR_TRY(UniqueFd reader, above_standard(std::move(null)));
  return Pipe{std::move(reader), UniqueFd()};
}

/// See supervisor.hpp.
std::vector<std::string> arguments_for(const SpawnRequest& request) {
  std::vector<std::string> all = request.within;
  if (all.empty()) {
    all.emplace_back("director-supervise");
  } else {
    all.insert(all.end(), {request.supervisor, kSealed});
  }
  all.insert(all.end(),
             {request.cgroup_procs < 0 ? kPlain : kInCgroup, request.cwd, request.program});
  all.insert(all.end(), request.argv.begin(), request.argv.end());
  return all;
}

Status launch(const Supervise& handler, const Pipe& in, const Pipe& out, const Pipe& err) {
  try {
    const SignalsBlocked blocked;
    bp::child child(bp::posix::fd.bind(0, in.reader.get()), bp::posix::fd.bind(1, out.writer.get()),
                    bp::posix::fd.bind(2, err.writer.get()), handler, bp::posix::use_vfork,
                    bp::ignore_error);
    child.detach();
  } catch (const std::exception& error) {
    return Error(Errc::Internal, std::string("cannot start a command: ") + error.what());
  }
  if (*handler.pid < 0) {
    return start_error("cannot start a command", *handler.fork_error);
  }
  return ok();
}

bool has_no_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 && errno == ECHILD;
}

/// Whether all children of this process can be looked at, or there are none.
bool knows_orphans() { return has_no_children() || knows_own_children() || sees_all_processes(); }

}  // namespace

Result<Spawned> spawn(const SpawnRequest& request) {
  DIRECTOR_TRY(Pipe in, input_for(request));
  DIRECTOR_TRY(Pipe out, make_roomy_pipe());
  DIRECTOR_TRY(Pipe err, make_pipe());
  DIRECTOR_TRY(Pipe control, make_pipe());
  DIRECTOR_TRY(Pipe status, make_pipe());

  std::vector<std::string> arguments = arguments_for(request);
  std::vector<char*> argv = pointers(arguments);
  std::vector<char*> environment = pointers(request.environment);
  Spawned spawned;
  int fork_error = 0;
  const Supervise handler{
      {},
      (request.within.empty() ? request.supervisor : request.within.front()).c_str(),
      argv.data(),
      environment.data(),
      control.reader.get(),
      status.writer.get(),
      request.cgroup_procs,
      request.layer ? &*request.layer : nullptr,
      &spawned.pid,
      &fork_error};
  {
    const std::lock_guard lock(supervisors().mutex);
    DIRECTOR_CHECK(launch(handler, in, out, err));
    supervisors().pids.insert(spawned.pid);
  }
  spawned.supervisor = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, spawned.pid, 0)));
  if (!spawned.supervisor) {
    const int error = errno;
    control.writer.reset();
    ::waitpid(spawned.pid, nullptr, 0);
    const std::lock_guard lock(supervisors().mutex);
    supervisors().pids.erase(spawned.pid);
    return start_error("cannot start a command", error);
  }
  set_nonblocking(out.reader.get());
  set_nonblocking(err.reader.get());
  set_nonblocking(status.reader.get());
  spawned.control = std::move(control.writer);
  spawned.status = std::move(status.reader);
  spawned.stdin_writer = std::move(in.writer);
  spawned.stdout_reader = std::move(out.reader);
  spawned.stderr_reader = std::move(err.reader);
  return spawned;
}

bool wait_for_any(const Spawned& spawned, struct pollfd* fds, std::size_t count, int wait_ms) {
  const int ready = ::poll(fds, count, wait_ms);
  if (ready >= 0 || errno == EINTR) {
    return ready > 0;
  }
  constexpr int kMoment = 10;
  std::this_thread::sleep_for(std::chrono::milliseconds(std::min(wait_ms, kMoment)));
  for (std::size_t i = 0; i < count; ++i) {
    fds[i].revents = fds[i].fd < 0 ? short{0} : fds[i].events;
  }
  siginfo_t info{};
  const int result = ::waitid(P_PIDFD, static_cast<id_t>(spawned.supervisor.get()), &info,
                              WEXITED | WNOHANG | WNOWAIT);
  const bool has_ended = result == 0 ? info.si_pid != 0 : errno == ECHILD;
  fds[0].revents = has_ended ? POLLIN : short{0};
  return true;
}

std::optional<int> reap_supervisor(const Spawned& spawned) {
  siginfo_t info{};
  int result = 0;
  do {
    result = ::waitid(P_PIDFD, static_cast<id_t>(spawned.supervisor.get()), &info, WEXITED);
  } while (result != 0 && errno == EINTR);
  const std::lock_guard lock(supervisors().mutex);
  supervisors().pids.erase(spawned.pid);
  if (result != 0 || info.si_code != CLD_EXITED) {
    return std::nullopt;
  }
  return info.si_status;
}

bool kill_orphans(std::chrono::milliseconds patience) {
  bool was_clean = false;
  for (auto left = patience; left.count() >= 0; left -= std::chrono::milliseconds(2)) {
    bool any = false;  // or it cannot be told
    {
      const std::lock_guard lock(supervisors().mutex);
      static std::vector<pid_t> found;
      found.clear();
      const int killed = kill_children_of(::getpid(), [](pid_t child) {
        if (supervisors().pids.contains(child)) {
          return true;
        }
        found.push_back(child);
        return false;
      });
      any = killed < 0 && !has_no_children();
      for (const pid_t pid : found) {
        any = true;
        ::waitpid(pid, nullptr, WNOHANG | __WALL);
      }
    }
    // One look may miss who changes places while it lasts.
    if (!any && was_clean) {
      return knows_orphans();
    }
    was_clean = !any;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

}  // namespace director::platform
