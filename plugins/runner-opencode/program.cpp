#include "program.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string_view>

namespace runner_opencode {

namespace {

namespace fs = std::filesystem;

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

}  // namespace

bool may_exist(const std::string& command) {
  const auto executable = [](const std::string& file) { return access(file.c_str(), X_OK) == 0; };
  if (command.find('/') != std::string::npos) {
    return command.front() != '/' || executable(command);
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (executable((folder.empty() ? "." : folder) + "/" + command)) {
      return true;
    }
  }
  return false;
}

std::string not_installed(const std::string& command) {
  return "there is no program '" + command +
         "': install OpenCode (npm install -g opencode-ai), or set plugin.runner-opencode.command "
         "to its path";
}

std::string program_identity(const std::string& command) {
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

}  // namespace runner_opencode
