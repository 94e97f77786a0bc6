/// gitignore(5) over the .gitignore files of a tree, plus patterns of the caller. What lies on disk
/// has no say.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "types.hpp"

namespace director::vcs_git {

/// One file of patterns.
class PatternList {
 public:
  PatternList() = default;
  explicit PatternList(std::string_view text);
  explicit PatternList(const std::vector<std::string>& lines);

  /// What the last pattern that matches says, if one does: true is ignored. `path` is relative to
  /// the folder of the file.
  [[nodiscard]] std::optional<bool> match(std::string_view path, bool is_directory) const;
  [[nodiscard]] bool empty() const { return patterns_.empty(); }
  /// Whether a pattern that begins with the folder takes back that something in it is ignored.
  [[nodiscard]] bool has_exceptions_in(std::string_view folder) const;

 private:
  struct Pattern {
    bool negated = false;
    bool directory_only = false;
    bool anchored = false;           // matched against the whole path, else against the last name
    std::vector<std::string> parts;  // between slashes; "**" stands for any number of folders
  };
  void add(std::string_view line);
  [[nodiscard]] static bool matches(const Pattern& pattern,
                                    const std::vector<std::string_view>& names);

  std::vector<Pattern> patterns_;
};

class IgnoreRules {
 public:
  /// The bytes of the tree's .gitignore in `folder` ("" is the top); empty where there is none.
  using ReadFile = std::function<std::string(std::string_view path)>;

  IgnoreRules(ReadFile read, const std::vector<std::string>& patterns)
      : read_(std::move(read)), extra_(patterns) {}

  /// True if the tree's rules or the extra patterns ignore `path` or a folder that it lies in.
  [[nodiscard]] bool ignores(std::string_view path, bool is_directory);
  /// What the tree's rules say of `path` itself, wherever it lies; true is ignored.
  [[nodiscard]] std::optional<bool> says(std::string_view path, bool is_directory);
  /// Whether a rule names something in the folder `path` as an exception. One that holds anywhere
  /// ("!keep.log") does not: for it each folder would have to be gone through.
  [[nodiscard]] bool has_exceptions_in(std::string_view path);

 private:
  [[nodiscard]] bool ignores_folder(std::string_view path);
  [[nodiscard]] const PatternList& rules_of(std::string_view folder);

  ReadFile read_;
  PatternList extra_;
  std::map<std::string, PatternList, std::less<>> files_;
  std::map<std::string, bool, std::less<>> folders_;
};

/// One name against one pattern without slashes: `*`, `?`, `[...]` with classes, `\`.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view name);

}  // namespace director::vcs_git
