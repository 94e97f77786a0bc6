#include "exec_host.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>

extern char** environ;

namespace director::testing {

namespace {

using Clock = std::chrono::steady_clock;

// A guard against a test that never ends, not something that is tested.
constexpr std::chrono::seconds kLongest{150};

ExecHost& of(const director_host* raw) { return *static_cast<ExecHost*>(raw->impl); }

std::vector<std::string> environment(const director_exec_request& request) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable(*entry);
    bool removed = variable.starts_with("PWD=");
    for (std::size_t i = 0; i < request.env_unset_count; ++i) {
      std::string name(view(request.env_unset[i]));
      if (name.ends_with('*')) {
        name.pop_back();
      } else {
        name += '=';
      }
      removed = removed || variable.starts_with(name);
    }
    if (!removed) {
      all.emplace_back(variable);
    }
  }
  for (std::size_t i = 0; i < request.env_set_count; ++i) {
    const std::string_view added = view(request.env_set[i]);
    const std::string_view name = added.substr(0, added.find('=') + 1);
    std::erase_if(all, [&](const std::string& entry) { return entry.starts_with(name); });
    all.emplace_back(added);
  }
  all.push_back("PWD=" + std::string(view(request.cwd)));
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) {
    all.push_back(text.data());
  }
  all.push_back(nullptr);
  return all;
}

int input_descriptor(std::string_view text) {
  if (text.empty()) {
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  }
  const int descriptor = ::memfd_create("stdin", MFD_CLOEXEC);
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written <= 0) {
      break;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  ::lseek(descriptor, 0, SEEK_SET);
  return descriptor;
}

struct Stream {
  int descriptor = -1;
  director_exec_stream id = DIRECTOR_STDOUT;
  std::string pending;
};

/// False if the sink asked for the end.
bool deliver(Stream& stream, const director_exec_sink* sink, bool at_end) {
  bool go_on = true;
  const auto emit = [&](std::string_view text) {
    const director_exec_line line{sizeof(director_exec_line), 0, stream.id, 0, borrow(text)};
    go_on = sink == nullptr || sink->line(sink->context, &line) == 0;
  };
  std::size_t start = 0;
  for (std::size_t end = 0; go_on && (end = stream.pending.find('\n', start)) != std::string::npos;
       start = end + 1) {
    emit(std::string_view(stream.pending).substr(start, end - start));
  }
  stream.pending.erase(0, start);
  if (go_on && at_end && !stream.pending.empty()) {
    emit(stream.pending);
  }
  return go_on;
}

/// How reading ended.
director_exec_outcome pump(std::array<Stream, 2>& streams, const director_exec_sink* sink,
                           Clock::time_point end) {
  std::array<char, 65536> buffer{};
  while (streams[0].descriptor >= 0 || streams[1].descriptor >= 0) {
    std::array<pollfd, 2> polled{
        {{streams[0].descriptor, POLLIN, 0}, {streams[1].descriptor, POLLIN, 0}}};
    ::poll(polled.data(), polled.size(), 100);
    if (Clock::now() > end) {
      return DIRECTOR_EXEC_TIMED_OUT;
    }
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (polled[i].revents == 0) {
        continue;
      }
      const ssize_t got = ::read(streams[i].descriptor, buffer.data(), buffer.size());
      if (got > 0) {
        streams[i].pending.append(buffer.data(), static_cast<std::size_t>(got));
      } else {
        ::close(streams[i].descriptor);
        streams[i].descriptor = -1;
      }
      if (!deliver(streams[i], sink, got <= 0)) {
        return DIRECTOR_EXEC_STOPPED;
      }
    }
  }
  return DIRECTOR_EXEC_EXITED;
}

/// 0, or the errno of a program that could not be started.
int spawn(const director_exec_request& request, std::array<Stream, 2>& streams, pid_t* child) {
  std::vector<std::string> arguments;
  for (std::size_t i = 0; i < request.argv_count; ++i) {
    arguments.emplace_back(view(request.argv[i]));
  }
  std::vector<std::string> variables = environment(request);
  const std::string cwd(view(request.cwd));
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0) {
    return errno;
  }
  const int input = input_descriptor(view(request.stdin_text));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  posix_spawn_file_actions_addchdir_np(&actions, cwd.c_str());
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int failure = ::posix_spawnp(child, arguments[0].c_str(), &actions, &attributes,
                                     pointers(arguments).data(), pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  for (const int descriptor : {input, out[1], err[1]}) {
    ::close(descriptor);
  }
  streams[0] = {out[0], DIRECTOR_STDOUT, {}};
  streams[1] = {err[0], DIRECTOR_STDERR, {}};
  return failure;
}

}  // namespace

std::vector<std::string> ExecHost::logged() const {
  const std::lock_guard guard(mutex_);
  return logged_;
}

std::vector<std::string> ExecHost::executed() const {
  const std::lock_guard guard(mutex_);
  return executed_;
}

const void* ExecHost::find(const director_host*, const char* id) {
  static constexpr director_log_service log_table{sizeof(director_log_service), 0, &ExecHost::log};
  static constexpr director_exec_service exec_table{sizeof(director_exec_service), 0,
                                                    &ExecHost::exec};
  const std::string_view wanted(id);
  return wanted == DIRECTOR_SERVICE_LOG    ? static_cast<const void*>(&log_table)
         : wanted == DIRECTOR_SERVICE_EXEC ? static_cast<const void*>(&exec_table)
                                           : nullptr;
}

void ExecHost::log(const director_host* raw, director_log_level, director_string text) {
  const std::lock_guard guard(of(raw).mutex_);
  of(raw).logged_.emplace_back(view(text));
}

director_status ExecHost::exec(const director_host* raw, const director_exec_request* request,
                               const director_exec_sink* sink, director_exec_result* result,
                               director_error* error) {
  std::string line;
  for (std::size_t i = 0; i < request->argv_count; ++i) {
    line += std::string(i == 0 ? "" : " ") + std::string(view(request->argv[i]));
  }
  {
    const std::lock_guard guard(of(raw).mutex_);
    of(raw).executed_.push_back(line);
  }
  std::array<Stream, 2> streams;
  pid_t child = -1;
  const int failure = spawn(*request, streams, &child);
  if (failure != 0) {
    ::close(streams[0].descriptor);
    ::close(streams[1].descriptor);
    write_error(error, "cannot run '" + line + "': " + std::strerror(failure));
    return failure == ENOENT ? DIRECTOR_NOT_FOUND : DIRECTOR_IO;
  }
  result->outcome = pump(streams, sink, Clock::now() + kLongest);
  if (result->outcome != DIRECTOR_EXEC_EXITED) {
    ::kill(-child, SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  for (const Stream& stream : streams) {
    if (stream.descriptor >= 0) {
      ::close(stream.descriptor);
    }
  }
  if (result->outcome == DIRECTOR_EXEC_EXITED && WIFSIGNALED(status)) {
    result->outcome = DIRECTOR_EXEC_SIGNALED;
    result->signal = WTERMSIG(status);
  }
  result->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  return DIRECTOR_OK;
}

}  // namespace director::testing
