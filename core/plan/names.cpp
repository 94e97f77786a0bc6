#include "core/plan/names.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace director::plan {
namespace {

constexpr std::size_t kLongestId = 100;
constexpr std::size_t kLongestPart = 255;

bool is_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

/// Also by the names under which Windows and NTFS find the folder.
bool is_git_folder(std::string_view part) {
  const std::string lower = text::to_lower(part.substr(0, part.find(':')));
  const std::size_t end = lower.find_last_not_of(". ");
  const std::string_view name =
      std::string_view(lower).substr(0, end == std::string::npos ? 0 : end + 1);
  return name == ".git" || name == "git~1";
}

std::optional<std::string> part_problem(std::string_view part) {
  if (part.empty()) {
    return "has an empty part: write single slashes between names and none at the end";
  }
  if (part == ".") {
    return "has a '.' part: leave it out";
  }
  if (part == "..") {
    return "has a '..' part: write the path from the repository's root";
  }
  if (is_git_folder(part)) {
    return "lies in a git folder: choose a path outside of it";
  }
  if (part.size() > kLongestPart) {
    return "has a name of more than 255 bytes: shorten it";
  }
  return std::nullopt;
}

}  // namespace

std::string shown(std::string_view name) {
  constexpr std::size_t kLongest = 300;
  std::string text = text::printable(name.substr(0, kLongest));
  if (name.size() > kLongest) {
    text += "...";
  }
  return "'" + text + "'";
}

std::optional<std::string> id_problem(std::string_view id) {
  if (id.empty()) {
    return "the id is empty: name the node";
  }
  if (id.size() > kLongestId) {
    return "the id has more than 100 characters: shorten it";
  }
  if (!std::all_of(id.begin(), id.end(), is_id_character)) {
    return "the id does not fit a branch name: use only letters, digits, '.', '_' and '-'";
  }
  if (id.front() == '-' || id.front() == '.' || id.back() == '.') {
    return "the id does not fit a branch name: it must not start with '-' or '.' nor end with '.'";
  }
  if (id.find("..") != std::string_view::npos || text::to_lower(id).ends_with(".lock")) {
    return "the id does not fit a branch name: it must not hold '..' nor end with '.lock'";
  }
  return std::nullopt;
}

std::optional<std::string> path_problem(std::string_view path) {
  if (path.empty()) {
    return "is empty: name a file";
  }
  if (!text::is_utf8(path)) {
    return "is not UTF-8: choose another name";
  }
  if (std::any_of(path.begin(), path.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    return "has a control character: choose another name";
  }
  if (text::printable(path) != path) {
    // Some file systems drop such characters, so that '.git' with one in it is '.git'.
    return "has a character that cannot be seen: choose another name";
  }
  if (path.front() == '/') {
    return "is absolute: write it relative to the repository's root";
  }
  if (path.find('\\') != std::string_view::npos) {
    return "has a backslash: separate folders with '/'";
  }
  if (text::to_lower(path.substr(0, path.find('/'))) == ".director") {
    return "lies in .director, which is director's own: choose another path";
  }
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (auto problem = part_problem(path.substr(begin, end - begin))) {
      return problem;
    }
    begin = end + 1;
  }
  return std::nullopt;
}

}  // namespace director::plan
