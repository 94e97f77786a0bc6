/// What a checkout leaves in a slot although the tree does not have it.
///
/// In a folder that is to be kept, that is what the tree's rules ignore. What they are silent about
/// is kept, too, where the tree has nothing in that folder: the caller may ignore more than they
/// do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ignore_rules.hpp"
#include "scan.hpp"
#include "slot_memory.hpp"
#include "stat_cache.hpp"

namespace director::vcs_git {

class RestoreRules final : public ScanRules {
 public:
  /// Both outlive it, and the cache is of the tree that the slot is brought to.
  RestoreRules(const StatCache& cache, IgnoreRules& ignore, const std::vector<std::string>& keep);

  Visit enter(const std::string& path) override;
  bool is_nested_repository(const std::string&) override { return false; }

  /// Untracked folders that were entered and are not kept, outermost first: those on the way to a
  /// kept one, and those in one.
  [[nodiscard]] const std::vector<std::string>& passages() const { return passages_; }
  /// The kept folders that were met.
  [[nodiscard]] const std::vector<Stray>& kept() const { return kept_; }

  /// The folder that is to be kept which `path` is or lies in; empty: none.
  [[nodiscard]] std::string_view kept_around(std::string_view path) const;
  /// Whether a folder to be kept is `path` or lies in it.
  [[nodiscard]] bool holds_kept(std::string_view path) const;
  /// Whether an entry that the tree does not have is kept, as such: a folder's may be others.
  [[nodiscard]] bool keeps(std::string_view path, bool is_folder) const;
  /// The same with all that is in a folder.
  [[nodiscard]] bool keeps_whole(std::string_view folder) const;

 private:
  [[nodiscard]] bool tracked(std::string_view path) const;

  const StatCache& cache_;
  IgnoreRules& ignore_;
  std::vector<std::string> keep_;
  std::vector<std::string> passages_;
  std::vector<Stray> kept_;
};

}  // namespace director::vcs_git
