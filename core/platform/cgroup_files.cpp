#include "core/platform/cgroup_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>
#include <system_error>
#include <thread>

#include "core/platform/os_error.hpp"
#include "core/platform/unique_fd.hpp"

namespace director::platform {
namespace {

namespace fs = std::filesystem;

/// Depth first; false while something is in there.
bool remove_empty(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> below;
  for (auto entry = fs::directory_iterator(folder, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
      below.push_back(entry->path());
    }
  }
  for (const fs::path& group : below) {
    if (!remove_empty(group)) {
      return false;
    }
  }
  return ::rmdir(folder.c_str()) == 0 || errno == ENOENT;
}

/// "\040" and the like, as mountinfo writes blanks.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    constexpr std::size_t kDigits = 3;
    if (text[i] == '\\' && i + kDigits < text.size()) {
      int code = 0;
      for (std::size_t k = 1; k <= kDigits; ++k) {
        code = code * 8 + (text[i + k] - '0');
      }
      out += static_cast<char>(code);
      i += kDigits;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find_first_of(" \n"), line.size());
    if (end != 0) {
      words.emplace_back(line.substr(0, end));
    }
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

std::string_view next_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

Error unusable(std::string_view why) {
  return Error(Errc::External, "control groups cannot be used here: " + std::string(why));
}

std::string read_all(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

Status write_control(const fs::path& file, std::string_view text) {
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  ssize_t wrote = -1;
  if (fd) {
    do {
      wrote = ::write(fd.get(), text.data(), text.size());
    } while (wrote < 0 && errno == EINTR);
  }
  if (wrote >= 0) {
    return ok();
  }
  if (errno == EBUSY) {
    return Error(Errc::Conflict, "cannot write '" + file.string() + "': " + os_reason(EBUSY));
  }
  return os_error("cannot write '" + file.string() + "'", errno);
}

std::vector<std::string> read_words(const fs::path& file) { return words_of(read_all(file)); }

std::int64_t read_count(const fs::path& file, std::string_view name) {
  std::ifstream in(file);
  if (name.empty()) {
    std::int64_t only = 0;
    return in >> only ? only : 0;
  }
  std::string word;
  for (std::int64_t count = 0; in >> word >> count;) {
    if (word == name) {
      return count;
    }
  }
  return 0;
}

void remove_group(const fs::path& folder) {
  constexpr int kTries = 1000;
  for (int i = 0; i < kTries && !remove_empty(folder); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

Result<std::string> own_cgroup(std::string_view proc_cgroup, std::string_view mountinfo) {
  std::string path;
  while (!proc_cgroup.empty()) {
    const std::string_view line = next_line(proc_cgroup);
    if (line.starts_with("0::")) {
      path = line.substr(3);
    } else if (line.find(":name=") == std::string_view::npos && !line.empty()) {
      return unusable("this machine has those of version 1, or both at a time");
    }
  }
  if (!path.starts_with('/') || path.starts_with("/..")) {
    return unusable("this process is in none that can be seen");
  }
  while (!mountinfo.empty()) {
    // id parent device root mountpoint options [optional..] - type source options
    const std::vector<std::string> words = words_of(next_line(mountinfo));
    const auto dash = std::find(words.begin(), words.end(), "-");
    constexpr std::size_t kMountpoint = 4;
    if (dash == words.end() || dash + 1 == words.end() || *(dash + 1) != "cgroup2" ||
        words.size() <= kMountpoint) {
      continue;
    }
    const std::string root = unescaped(words[kMountpoint - 1]);
    const std::string mountpoint = unescaped(words[kMountpoint]);
    if (root == "/") {
      return path == "/" ? mountpoint : mountpoint + path;
    }
    if (path == root || path.starts_with(root + "/")) {
      return mountpoint + path.substr(root.size());
    }
  }
  return unusable("they are not mounted");
}

Result<std::string> own_cgroup() {
  return own_cgroup(read_all("/proc/self/cgroup"), read_all("/proc/self/mountinfo"));
}

}  // namespace director::platform
