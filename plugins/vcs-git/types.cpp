#include "types.hpp"

#include <cstdio>
#include <system_error>

namespace director::vcs_git {
namespace {

// Code points that HFS+ drops when it compares names: U+200C-200F, U+202A-202E, U+206A-206F,
// U+FEFF.
bool is_ignorable_at(std::string_view name, std::size_t at) {
  if (at + 3 > name.size()) {
    return false;
  }
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(name[at + i]); };
  if (byte(0) == 0xEF) {
    return byte(1) == 0xBB && byte(2) == 0xBF;
  }
  if (byte(0) != 0xE2) {
    return false;
  }
  return (byte(1) == 0x80 &&
          ((byte(2) >= 0x8C && byte(2) <= 0x8F) || (byte(2) >= 0xAA && byte(2) <= 0xAE))) ||
         (byte(1) == 0x81 && byte(2) >= 0xAA && byte(2) <= 0xAF);
}

}  // namespace

file_type type_of(std::uint32_t mode) {
  switch (mode) {
    case 0:
      return file_type::none;
    case kModeExecutable:
      return file_type::executable;
    case kModeSymlink:
      return file_type::symlink;
    case kModeSubmodule:
      return file_type::submodule;
    default:
      return file_type::regular;
  }
}

change to_change(const PathChange& difference) {
  change_kind kind = change_kind::modified;
  if (!difference.before.exists()) {
    kind = change_kind::added;
  } else if (!difference.after.exists()) {
    kind = change_kind::deleted;
  }
  return {kind, difference.path, type_of(difference.before.mode), type_of(difference.after.mode)};
}

std::string printable(std::string_view path) {
  std::string text = "'";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7F) {
      char escaped[5];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
      text += escaped;
    } else {
      text += c;
    }
  }
  return text + "'";
}

Error io_error(std::string_view what, std::string_view path, int code) {
  return Error(Errc::Io, "cannot " + std::string(what) + " " + printable(path) + ": " +
                             std::generic_category().message(code));
}

bool looks_like_dot_git(std::string_view name) {
  std::string folded;
  for (std::size_t i = 0; i < name.size();) {
    if (is_ignorable_at(name, i)) {
      i += 3;
      continue;
    }
    const char c = name[i++];
    if (c == ':' || c == '\\') {
      break;
    }
    folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  while (!folded.empty() && (folded.back() == '.' || folded.back() == ' ')) {
    folded.pop_back();
  }
  return folded == ".git" || folded == "git~1";
}

bool is_entry_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos && !looks_like_dot_git(name);
}

}  // namespace director::vcs_git
