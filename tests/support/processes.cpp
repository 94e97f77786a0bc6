#include "tests/support/processes.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace director::test_support {

namespace fs = std::filesystem;

namespace {

/// By its threads: the first one may have ended.
bool is_marked(const fs::path& process, const std::string& mark) {
  std::error_code gone;
  for (fs::directory_iterator thread(process / "task", gone), end; !gone && thread != end;
       thread.increment(gone)) {
    std::ifstream file(thread->path() / "environ", std::ios::binary);
    const std::string environment{std::istreambuf_iterator<char>(file), {}};
    if (!environment.empty()) {
      return environment.find("MARK=" + mark) != std::string::npos;
    }
  }
  return false;
}

}  // namespace

std::vector<pid_t> marked(const std::string& mark) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    if (is_marked(entry.path(), mark)) {
      found.push_back(static_cast<pid_t>(std::stol(name)));
    }
  }
  return found;
}

bool all_end(const std::string& mark) {
  constexpr int kMinute = 60'000;
  for (std::vector<pid_t> left = marked(mark); !left.empty(); left = marked(mark)) {
    for (const pid_t pid : left) {
      const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
      struct pollfd wait {
        process, POLLIN, 0
      };
      const bool ended = process < 0 || ::poll(&wait, 1, kMinute) == 1;
      ::close(process);
      if (!ended) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace director::test_support
