/// The ignore rules of the tree that a cache's entries are of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ignore_rules.hpp"
#include "object_store.hpp"
#include "stat_cache.hpp"
#include "types.hpp"

namespace director::vcs_git {

/// Reads a .gitignore when it is asked about first. Cache and store outlive it.
class TreeIgnore {
 public:
  TreeIgnore(const ObjectStore& store, const StatCache& cache,
             const std::vector<std::string>& patterns);
  TreeIgnore(const TreeIgnore&) = delete;
  TreeIgnore& operator=(const TreeIgnore&) = delete;

  [[nodiscard]] IgnoreRules& rules() { return rules_; }
  /// Fails if one of them could not be read: what the rules said counts for nothing then.
  [[nodiscard]] Status readable() const;

 private:
  [[nodiscard]] std::string read(std::string_view path);

  const ObjectStore& store_;
  const StatCache& cache_;
  std::optional<Error> unreadable_;
  IgnoreRules rules_;
};

}  // namespace director::vcs_git
