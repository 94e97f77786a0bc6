#include "ignore_rules.hpp"

#include <algorithm>

namespace director::vcs_git {
namespace {

std::string_view without_trailing_spaces(std::string_view line) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      i = std::min(i + 1, line.size() - 1);
      end = i + 1;
    } else if (line[i] != ' ') {
      end = i + 1;
    }
  }
  return line.substr(0, end);
}

// Where the part that starts at `at` ends: at the next slash that is not inside brackets.
std::size_t part_end(std::string_view pattern, std::size_t at) {
  while (at < pattern.size() && pattern[at] != '/') {
    if (pattern[at] == '\\' && at + 1 < pattern.size() && pattern[at + 1] != '/') {
      at += 2;
      continue;
    }
    if (pattern[at] == '[') {
      const std::size_t first =
          at + 1 +
          (pattern.substr(at + 1).starts_with('!') || pattern.substr(at + 1).starts_with('^') ? 1
                                                                                              : 0);
      const std::size_t close = pattern.find(']', first + 1);
      if (close != std::string_view::npos) {
        at = close;
      }
    }
    ++at;
  }
  return std::min(at, pattern.size());
}

std::vector<std::string> split_pattern(std::string_view pattern) {
  std::vector<std::string> parts;
  for (std::size_t at = 0;;) {
    const std::size_t end = part_end(pattern, at);
    std::string part(pattern.substr(at, end - at));
    if (end < pattern.size() && part.ends_with('\\')) {
      part.pop_back();  // an escaped slash is a slash
    }
    parts.push_back(std::move(part));
    if (end >= pattern.size()) {
      return parts;
    }
    at = end + 1;
  }
}

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> names;
  for (;;) {
    const std::size_t slash = path.find('/');
    names.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) {
      return names;
    }
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

PatternList::PatternList(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) {
    text.remove_prefix(3);
  }
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (end != std::string_view::npos && line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    add(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

PatternList::PatternList(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    add(line);
  }
}

void PatternList::add(std::string_view line) {
  if (line.starts_with('#')) {
    return;
  }
  line = without_trailing_spaces(line);
  Pattern pattern;
  if (line.starts_with('!')) {
    pattern.negated = true;
    line.remove_prefix(1);
  }
  if (line.ends_with('/')) {
    pattern.directory_only = true;
    line.remove_suffix(1);
  }
  pattern.anchored = line.find('/') != std::string_view::npos;
  if (line.starts_with('/')) {
    line.remove_prefix(1);
  }
  if (line.empty()) {
    return;
  }
  pattern.parts =
      pattern.anchored ? split_pattern(line) : std::vector<std::string>{std::string(line)};
  patterns_.push_back(std::move(pattern));
}

std::optional<bool> PatternList::match(std::string_view path, bool is_directory) const {
  if (patterns_.empty()) {
    return std::nullopt;
  }
  const std::vector<std::string_view> names = split_path(path);
  for (auto pattern = patterns_.rbegin(); pattern != patterns_.rend(); ++pattern) {
    if ((!pattern->directory_only || is_directory) && matches(*pattern, names)) {
      return !pattern->negated;
    }
  }
  return std::nullopt;
}

bool PatternList::has_exceptions_in(std::string_view folder) const {
  if (patterns_.empty()) {
    return false;
  }
  const std::vector<std::string_view> names = split_path(folder);
  return std::any_of(patterns_.begin(), patterns_.end(), [&names](const Pattern& pattern) {
    if (!pattern.negated || !pattern.anchored || pattern.parts.front() == "**") {
      return false;
    }
    const auto wild = std::find(pattern.parts.begin(), pattern.parts.end(), "**");
    const auto known = static_cast<std::size_t>(wild - pattern.parts.begin());
    const std::size_t compared = std::min(known, names.size());
    return (known > names.size() || wild != pattern.parts.end()) &&
           std::equal(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(compared),
                      pattern.parts.begin(), [](std::string_view name, const std::string& part) {
                        return glob_matches(part, name);
                      });
  });
}

bool PatternList::matches(const Pattern& pattern, const std::vector<std::string_view>& names) {
  const std::vector<std::string>& parts = pattern.parts;
  if (!pattern.anchored) {
    return glob_matches(parts.front(), names.back());
  }
  // reached[n]: the parts so far match the first n names.
  std::vector<bool> reached(names.size() + 1, false);
  reached[0] = true;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    std::vector<bool> next(names.size() + 1, false);
    const bool is_last = p + 1 == parts.size();
    for (std::size_t n = 0; n <= names.size(); ++n) {
      if (parts[p] == "**") {
        // At the end it stands for everything inside, so for at least one name.
        next[n] =
            (n > 0 && (next[n - 1] || (is_last && reached[n - 1]))) || (!is_last && reached[n]);
      } else {
        next[n] = n > 0 && reached[n - 1] && glob_matches(parts[p], names[n - 1]);
      }
    }
    reached = std::move(next);
  }
  return reached[names.size()];
}

bool IgnoreRules::ignores_folder(std::string_view path) {
  if (path.empty()) {
    return false;
  }
  if (const auto known = folders_.find(path); known != folders_.end()) {
    return known->second;
  }
  const bool ignored = ignores(path, true);
  folders_.emplace(path, ignored);
  return ignored;
}

bool IgnoreRules::ignores(std::string_view path, bool is_directory) {
  return ignores_folder(folder_of(path)) || extra_.match(path, is_directory).value_or(false) ||
         says(path, is_directory).value_or(false);
}

std::optional<bool> IgnoreRules::says(std::string_view path, bool is_directory) {
  for (std::string_view folder = folder_of(path);; folder = folder_of(folder)) {
    const std::string_view below = folder.empty() ? path : path.substr(folder.size() + 1);
    if (const auto said = rules_of(folder).match(below, is_directory); said || folder.empty()) {
      return said;
    }
  }
}

bool IgnoreRules::has_exceptions_in(std::string_view path) {
  for (std::string_view folder = folder_of(path);; folder = folder_of(folder)) {
    const std::string_view below = folder.empty() ? path : path.substr(folder.size() + 1);
    if (const bool has = rules_of(folder).has_exceptions_in(below); has || folder.empty()) {
      return has;
    }
  }
}

const PatternList& IgnoreRules::rules_of(std::string_view folder) {
  auto known = files_.find(folder);
  if (known == files_.end()) {
    const std::string path = folder.empty() ? ".gitignore" : std::string(folder) + "/.gitignore";
    known = files_.emplace(folder, PatternList(std::string_view(read_(path)))).first;
  }
  return known->second;
}

}  // namespace director::vcs_git
