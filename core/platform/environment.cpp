#include "core/platform/environment.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>

#include "core/platform/os_error.hpp"

namespace director::platform {
namespace {

constexpr std::string_view kDefaultPath = "/usr/local/bin:/usr/bin:/bin";

bool matches(std::string_view name, std::string_view pattern) {
  if (!pattern.empty() && pattern.back() == '*') {
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
  }
  return name == pattern;
}

bool is_executable_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

bool exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

std::string in_folder(std::string_view folder, const std::string& name, const std::string& cwd) {
  return (std::filesystem::path(cwd) / (folder.empty() ? "." : folder) / name).string();
}

std::vector<std::string> own_variables() {
  std::vector<std::string> all;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    all.emplace_back(*entry);
  }
  return all;
}

}  // namespace

bool matches_any(std::string_view name, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [name](const std::string& pattern) { return matches(name, pattern); });
}

const std::vector<std::string>& harmless_variables() {
  static const std::vector<std::string> kNames{
      // the user, the locale, the terminal
      "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TZDIR", "TERM",
      "COLORTERM", "NO_COLOR", "CI", "SOURCE_DATE_EPOCH", "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
      "XDG_DATA_HOME", "XDG_STATE_HOME",
      // programs and libraries
      "PATH", "MANPATH", "LD_LIBRARY_PATH", "PKG_CONFIG_PATH", "CPATH", "LIBRARY_PATH",
      "ACLOCAL_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "NIX_PATH", "NIX_PROFILES",
      "NIX_SSL_CERT_FILE",
      // compilers and build tools
      "CC", "CXX", "CPP", "AR", "LD", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "MAKEFLAGS",
      "CMAKE_PREFIX_PATH", "CMAKE_GENERATOR", "CMAKE_BUILD_PARALLEL_LEVEL", "CTEST_PARALLEL_LEVEL",
      // languages
      "JAVA_HOME", "JDK_HOME", "M2_HOME", "MAVEN_HOME", "GRADLE_HOME", "GRADLE_USER_HOME", "GOPATH",
      "GOROOT", "GOFLAGS", "GOMODCACHE", "GOTOOLCHAIN", "CARGO_HOME", "RUSTUP_HOME",
      "RUSTUP_TOOLCHAIN", "RUSTFLAGS", "VIRTUAL_ENV", "CONDA_PREFIX", "PYENV_ROOT", "PYTHONPATH",
      "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "NVM_DIR", "NVM_BIN", "NODE_PATH", "NODE_ENV",
      "VOLTA_HOME", "FNM_DIR", "PNPM_HOME", "DENO_DIR", "BUN_INSTALL", "RBENV_ROOT", "GEM_HOME",
      "GEM_PATH", "ASDF_DIR", "ASDF_DATA_DIR", "DOTNET_ROOT", "ANDROID_HOME",
      // git: who commits, and how it is set up
      "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL",
      "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"};
  return kNames;
}

const std::vector<std::string>& network_variables() {
  static const std::vector<std::string> kNames{"HTTP_PROXY",
                                               "HTTPS_PROXY",
                                               "ALL_PROXY",
                                               "NO_PROXY",
                                               "http_proxy",
                                               "https_proxy",
                                               "all_proxy",
                                               "no_proxy",
                                               "NODE_EXTRA_CA_CERTS",
                                               "REQUESTS_CA_BUNDLE",
                                               "CURL_CA_BUNDLE",
                                               "GIT_SSL_CAINFO",
                                               "PIP_CERT"};
  return kNames;
}

bool Environment::inherits(ports::Purpose purpose, const std::string& name) const {
  if (name.starts_with("DIRECTOR_")) {
    return false;
  }
  return purpose == ports::Purpose::Tool || matches_any(name, harmless_variables()) ||
         matches_any(name, added_) ||
         (purpose != ports::Purpose::Gate && matches_any(name, network_variables()));
}

Environment Environment::of_this_process(std::vector<std::string> added) {
  return Environment(own_variables(), std::move(added));
}

std::vector<Secret> secrets_of(const std::vector<std::string>& environment,
                               const std::vector<std::string>& more) {
  std::vector<Secret> secrets;
  for (const std::string& entry : environment) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos) {
      continue;
    }
    const std::string name = entry.substr(0, equals);
    const std::string value = entry.substr(equals + 1);
    const bool is_path = value.starts_with('/') && ::access(value.c_str(), F_OK) == 0;
    const bool is_secret = matches_any(name, more) || (names_a_secret(name) && !is_path);
    const std::vector<Secret> found = secrets_in(name, value, is_secret);
    secrets.insert(secrets.end(), found.begin(), found.end());
  }
  return secrets;
}

std::vector<Secret> secrets_of_this_process(const std::vector<std::string>& more) {
  return secrets_of(own_variables(), more);
}

std::vector<std::string> Environment::for_command(const ports::Command& command) const {
  std::map<std::string, std::string, std::less<>> variables;
  const auto set = [&variables](const std::string& entry) {
    const std::size_t equals = entry.find('=');
    if (equals != std::string::npos && equals != 0) {
      variables.insert_or_assign(entry.substr(0, equals), entry.substr(equals + 1));
    }
  };
  std::for_each(inherited_.begin(), inherited_.end(), set);
  std::erase_if(variables, [&](const auto& variable) {
    return !inherits(command.purpose, variable.first) ||
           matches_any(variable.first, command.env_unset);
  });
  std::for_each(command.env_set.begin(), command.env_set.end(), set);
  variables.insert_or_assign("PWD", command.cwd);

  std::vector<std::string> lines;
  lines.reserve(variables.size());
  for (const auto& [name, value] : variables) {
    lines.push_back(name + "=" + value);
  }
  return lines;
}

std::string_view variable(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string_view entry : environment) {
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
      return entry.substr(name.size() + 1);
    }
  }
  return {};
}

Result<std::string> find_program(const std::string& name,
                                 const std::vector<std::string>& environment,
                                 const std::string& cwd) {
  const std::string what = "cannot start '" + name + "'";
  if (name.find('/') != std::string::npos) {
    std::string path = (std::filesystem::path(cwd) / name).string();
    if (::access(path.c_str(), F_OK) != 0) {
      return os_error(what, errno);
    }
    if (!is_executable_file(path)) {
      return Error(Errc::Io, what + ": not an executable file");
    }
    return path;
  }
  std::string_view folders = variable(environment, "PATH");
  if (folders.empty()) {
    folders = kDefaultPath;
  }
  std::string not_executable;
  for (std::size_t begin = 0; begin <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    std::string path = in_folder(folders.substr(begin, end - begin), name, cwd);
    if (is_executable_file(path)) {
      return path;
    }
    if (not_executable.empty() && exists(path)) {
      not_executable = std::move(path);
    }
    begin = end + 1;
  }
  if (!not_executable.empty()) {
    return Error(Errc::Io, what + ": '" + not_executable + "' is not executable");
  }
  return Error(Errc::NotFound, what + ": no such program in PATH (" + std::string(folders) + ")");
}

}  // namespace director::platform
