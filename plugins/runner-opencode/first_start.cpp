#include "first_start.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "program.hpp"

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
      : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {}
  ~FileLock() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  /// Waits for it. Errors: Io; Cancelled.
  [[nodiscard]] Status take(const std::string& path,
                            const std::function<bool()>& is_unwanted) const {
    constexpr std::chrono::milliseconds kTick{20};
    while (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) {
        return Error(Errc::Io, "cannot lock '" + path + "': " + std::strerror(errno));
      }
      if (is_unwanted()) {
        return Error(Errc::Cancelled, "not wanted any more while another start goes on");
      }
      std::this_thread::sleep_for(kTick);
    }
    return director::ok();
  }

 private:
  int descriptor_;
};

/// Whether that version was started on what the folder holds: its database goes with each job.
bool started(const Home& home, const std::string& state_dir, const std::string& stamp) {
  std::error_code failure;
  if (!fs::exists(fs::symlink_status(state_dir + "/data/opencode", failure))) {
    return false;
  }
  std::ifstream file(home.stamp_file(state_dir), std::ios::binary);
  return !stamp.empty() && file.is_open() &&
         std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()} ==
             stamp;
}

}  // namespace

Status start_alone(const Home& home, const std::string& state_dir, const std::string& command,
                   const std::function<bool()>& is_unwanted, const std::function<Status()>& start) {
  const std::string stamp = program_identity(command);
  if (started(home, state_dir, stamp)) {
    return director::ok();
  }
  const std::string lock_file = home.lock_file(state_dir);
  FileLock lock(lock_file);
  DIRECTOR_CHECK(lock.take(lock_file, is_unwanted));
  if (started(home, state_dir, stamp)) {
    return director::ok();
  }
  DIRECTOR_CHECK(start());
  const std::string stamp_file = home.stamp_file(state_dir);
  std::ofstream file(stamp_file, std::ios::binary | std::ios::trunc);
  file << stamp;
  file.flush();
  return file ? director::ok() : Status(Error(Errc::Io, "cannot write '" + stamp_file + "'"));
}

}  // namespace runner_opencode
