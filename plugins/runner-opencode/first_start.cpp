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
#include <utility>

#include "program.hpp"

namespace runner_opencode {

using director::Errc;
using director::Error;
using director::Result;
using director::Status;

namespace {

namespace fs = std::filesystem;

/// Errors: Io; Cancelled.
Status wait_for_lock(int descriptor, const std::string& path, const director::host& services) {
  constexpr std::chrono::milliseconds kTick{20};
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return Error(Errc::Io, "cannot lock '" + path + "': " + std::strerror(errno));
    }
    if (services.cancelled()) {
      return Error(Errc::Cancelled, "not wanted any more while another start goes on");
    }
    std::this_thread::sleep_for(kTick);
  }
  return director::ok();
}

}  // namespace

Result<FirstStart> FirstStart::wait_for(const Home& home, const std::string& state_dir,
                                        const std::string& command,
                                        const director::host& services) {
  FirstStart start(home.stamp_file(state_dir), program_identity(command));
  if (start.was_made(state_dir)) {
    return start;
  }
  const std::string lock_file = home.lock_file(state_dir);
  start.lock_ = ::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  DIRECTOR_CHECK(wait_for_lock(start.lock_, lock_file, services));
  if (start.was_made(state_dir)) {
    start.unlock();
  }
  return start;
}

bool FirstStart::was_made(const std::string& state_dir) const {
  std::error_code failure;
  if (!fs::exists(fs::symlink_status(state_dir + "/data/opencode", failure))) {
    return false;  // its database goes with each job
  }
  std::ifstream file(stamp_file_, std::ios::binary);
  return !stamp_.empty() && file.is_open() &&
         std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()} ==
             stamp_;
}

FirstStart::FirstStart(FirstStart&& other) noexcept
    : lock_(std::exchange(other.lock_, -1)),
      stamp_file_(std::move(other.stamp_file_)),
      stamp_(std::move(other.stamp_)) {}

void FirstStart::worked() {
  if (lock_ >= 0) {
    std::ofstream(stamp_file_, std::ios::binary | std::ios::trunc) << stamp_;
    unlock();
  }
}

void FirstStart::unlock() {
  if (lock_ >= 0) {
    ::close(std::exchange(lock_, -1));
  }
}

}  // namespace runner_opencode
