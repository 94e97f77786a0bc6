#include "core/platform/other_mounts.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "core/base/nesting.hpp"
#include "core/base/text.hpp"
#include "core/platform/sandboxed_launcher.hpp"

namespace director::platform {
namespace {

namespace fs = std::filesystem;

/// Blanks, line breaks and backslashes stand there as three octal digits.
std::string unescaped(std::string_view field) {
  std::string text;
  constexpr std::size_t kDigits = 3;
  for (std::size_t i = 0; i < field.size(); ++i) {
    const std::string_view digits = field.substr(i + 1, kDigits);
    if (field[i] == '\\' && digits.size() == kDigits &&
        digits.find_first_not_of("01234567") == std::string_view::npos) {
      text +=
          static_cast<char>((digits[0] - '0') << 6 | (digits[1] - '0') << 3 | (digits[2] - '0'));
      i += kDigits;
    } else {
      text += field[i];
    }
  }
  return text;
}

/// `path`, which lies within `from`, at the same place within `to`.
std::string moved(const std::string& path, const std::string& from, const std::string& to) {
  const std::string rest = path.substr(from == "/" ? 0 : from.size());
  return rest.empty() || rest == "/" ? to : (to == "/" ? "" : to) + rest;
}

bool are_the_same(const std::string& one, const std::string& other) {
  struct stat a {};
  struct stat b {};
  return ::stat(one.c_str(), &a) == 0 && ::stat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

/// Of the parts, those that are no folders are hidden with `files`; null: not at all.
void add_other_names(std::vector<std::string>& hidden, std::vector<std::string>* files,
                     const SandboxPolicy& policy, const std::vector<Mount>& mounts) {
  std::vector<std::string> found;
  const auto is_to_be_hidden = [&](const std::string& name) {
    return hideable(policy, name) == name && !is_out_of_sight(policy, name) &&
           !is_covered(name, policy.empty, policy) &&
           std::find(policy.writable.begin(), policy.writable.end(), name) == policy.writable.end();
  };
  for (const std::string& path : hidden) {
    const OtherNames names = other_names(mounts, path);
    for (const std::string& name : names.whole) {
      if (are_the_same(path, name) && is_to_be_hidden(name)) {
        found.push_back(name);
      }
    }
    for (const std::string& name : names.parts) {
      std::error_code error;
      const bool is_folder = fs::is_directory(name, error);
      if ((is_folder || files != nullptr) && is_to_be_hidden(name)) {
        (is_folder ? found : *files).push_back(name);
      }
    }
  }
  hidden.insert(hidden.end(), found.begin(), found.end());
}

}  // namespace

std::vector<Mount> mounts_in(std::string_view table) {
  std::vector<Mount> mounts;
  for (std::string_view line : text::split_lines(table)) {
    std::vector<std::string_view> fields;
    constexpr std::size_t kFields = 5;  // two numbers, the device, the root, the mount point
    while (fields.size() < kFields && !line.empty()) {
      fields.push_back(line.substr(0, line.find(' ')));
      line.remove_prefix(std::min(line.size(), fields.back().size() + 1));
    }
    if (fields.size() == kFields) {
      mounts.push_back({std::string(fields[2]), unescaped(fields[3]), unescaped(fields[4])});
    }
  }
  return mounts;
}

OtherNames other_names(const std::vector<Mount>& mounts, const std::string& path) {
  const Mount* own = nullptr;
  for (const Mount& mount : mounts) {
    if (lies_within(path, mount.point) &&
        (own == nullptr || mount.point.size() >= own->point.size())) {
      own = &mount;
    }
  }
  OtherNames names;
  if (own == nullptr) {
    return names;
  }
  const std::string inside = moved(path, own->point, own->root);
  for (const Mount& mount : mounts) {
    if (&mount == own || mount.device != own->device) {
      continue;
    }
    if (lies_within(inside, mount.root)) {
      if (std::string name = moved(inside, mount.root, mount.point); name != path) {
        names.whole.push_back(std::move(name));
      }
    } else if (lies_below(mount.root, inside) && !lies_below(mount.point, path)) {
      names.parts.push_back(mount.point);
    }
  }
  return names;
}

void hide_other_names(SandboxPolicy& policy, std::string_view table) {
  const std::vector<Mount> mounts = mounts_in(table);
  add_other_names(policy.empty, &policy.blank, policy, mounts);
  // Not the files of /run: some systems mount from there what everybody reads in /etc.
  for (std::vector<std::string>* paths :
       {&policy.blank, &policy.bare, &policy.daemons, &policy.sockets}) {
    add_other_names(*paths, nullptr, policy, mounts);
  }
}

std::string table_of_mounts() {
  std::ifstream in("/proc/self/mountinfo", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace director::platform
