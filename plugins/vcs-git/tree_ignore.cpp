#include "tree_ignore.hpp"

namespace director::vcs_git {

TreeIgnore::TreeIgnore(const ObjectStore& store, const StatCache& cache,
                       const std::vector<std::string>& patterns)
    : store_(store),
      cache_(cache),
      rules_([this](std::string_view path) { return read(path); }, patterns) {}

std::string TreeIgnore::read(std::string_view path) {
  const CachedFile* file = cache_.find(path);
  if (file == nullptr || (file->tree.mode != kModeFile && file->tree.mode != kModeExecutable)) {
    return {};
  }
  Result<std::string> text = store_.read_blob(file->tree.oid);
  if (!text) {
    unreadable_ = text.error();
    return {};
  }
  return std::move(text).value();
}

Status TreeIgnore::readable() const {
  return unreadable_ ? Status(unreadable_->context("cannot read the ignore rules")) : ok();
}

}  // namespace director::vcs_git
