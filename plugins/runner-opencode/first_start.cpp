#include "first_start.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string_view>

namespace runner_opencode {

using director::Errc;
using director::Error;
using director::Status;

namespace {

namespace fs = std::filesystem;

/// Held until destroyed; the lock dies with the process.
class FileLock {
 public:
  explicit FileLock(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    int result = -1;
    while (descriptor_ >= 0 && (result = ::flock(descriptor_, LOCK_EX)) != 0 && errno == EINTR) {
    }
    held_ = result == 0;
  }
  ~FileLock() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  [[nodiscard]] bool held() const { return held_; }

 private:
  int descriptor_;
  bool held_ = false;
};

std::string find_program(const std::string& command) {
  if (command.find('/') != std::string::npos) {
    return command;
  }
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? std::string_view() : std::string_view(path);
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    std::string candidate = std::string(folder) + "/" + command;
    if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return {};
}

/// Tells one installed version from the next: a new one may change the database again. Empty: not
/// known.
std::string identity(const std::string& command) {
  const std::string program = find_program(command);
  std::error_code failure;
  const fs::path real = fs::canonical(program, failure);
  struct stat info {};
  if (failure || ::stat(real.c_str(), &info) != 0) {
    return {};
  }
  return real.string() + " " + std::to_string(info.st_size) + " " +
         std::to_string(info.st_mtim.tv_sec) + "\n";
}

/// Whether that version was started on what the home holds: its database goes with each job.
bool started(const Home& home, const std::string& stamp) {
  std::error_code failure;
  if (!fs::exists(fs::symlink_status(home.agent_dir() + "/data/opencode", failure))) {
    return false;
  }
  std::ifstream file(home.stamp_file(), std::ios::binary);
  return !stamp.empty() && file.is_open() &&
         std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()} ==
             stamp;
}

}  // namespace

Status start_alone(const Home& home, const std::string& command,
                   const std::function<Status()>& start) {
  static std::mutex one_at_a_time;
  const std::lock_guard guard(one_at_a_time);
  const std::string stamp = identity(command);
  if (started(home, stamp)) {
    return director::ok();
  }
  const FileLock lock(home.lock_file());
  if (!lock.held()) {
    return Error(Errc::Io, "cannot lock '" + home.lock_file() + "': " + std::strerror(errno));
  }
  if (started(home, stamp)) {
    return director::ok();
  }
  DIRECTOR_CHECK(start());
  std::ofstream file(home.stamp_file(), std::ios::binary | std::ios::trunc);
  file << stamp;
  file.flush();
  return file ? director::ok()
              : Status(Error(Errc::Io, "cannot write '" + home.stamp_file() + "'"));
}

}  // namespace runner_opencode
