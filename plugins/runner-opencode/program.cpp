#include "program.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace runner_opencode {

namespace {

namespace fs = std::filesystem;

bool is_path(const std::string& command) { return command.find('/') != std::string::npos; }

bool is_executable(const std::string& file) { return ::access(file.c_str(), X_OK) == 0; }

/// Along PATH, as execvp() looks; a path is its own. Empty: it is not there.
std::string find_program(const std::string& command) {
  if (is_path(command)) {
    return command;
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string candidate = (folder.empty() ? "." : folder) + "/" + command;
    if (is_executable(candidate)) {
      return candidate;
    }
  }
  return {};
}

}  // namespace

bool may_exist(const std::string& command) {
  const bool is_relative = is_path(command) && command.front() != '/';
  return is_relative || is_executable(find_program(command));
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
