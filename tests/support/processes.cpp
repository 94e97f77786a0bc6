#include "tests/support/processes.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace director::test_support {

namespace fs = std::filesystem;

std::vector<pid_t> marked(const std::string& mark) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    std::ifstream file(entry.path() / "environ", std::ios::binary);
    const std::string environment{std::istreambuf_iterator<char>(file), {}};
    if (environment.find("MARK=" + mark) != std::string::npos) {
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
