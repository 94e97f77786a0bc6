#include "restore_rules.hpp"

#include <algorithm>

namespace director::vcs_git {

RestoreRules::RestoreRules(const StatCache& cache, IgnoreRules& ignore,
                           const std::vector<std::string>& keep)
    : cache_(cache), ignore_(ignore) {
  for (std::string path : keep) {
    while (path.ends_with('/')) {
      path.pop_back();
    }
    if (!path.empty() && !tracked(path)) {
      keep_.push_back(std::move(path));
    }
  }
}

Visit RestoreRules::enter(const std::string& path) {
  if (cache_.holds(path)) {
    return Visit::Enter;
  }
  if (tracked(path)) {
    return Visit::Report;
  }
  if (!kept_around(path).empty()) {
    const bool whole = keeps_whole(path);
    if (whole || keeps(path, true)) {
      kept_.push_back({path, whole ? Stray::Kind::Skipped : Stray::Kind::Entered});
    } else {
      passages_.push_back(path);
    }
    return whole ? Visit::Skip : Visit::Enter;
  }
  if (!holds_kept(path)) {
    return Visit::Report;
  }
  passages_.push_back(path);
  return Visit::Enter;
}

std::string_view RestoreRules::kept_around(std::string_view path) const {
  const auto found = std::find_if(keep_.begin(), keep_.end(),
                                  [&](const std::string& kept) { return is_within(path, kept); });
  return found == keep_.end() ? std::string_view() : std::string_view(*found);
}

bool RestoreRules::holds_kept(std::string_view path) const {
  return std::any_of(keep_.begin(), keep_.end(),
                     [&](const std::string& kept) { return is_within(kept, path); });
}

bool RestoreRules::keeps(std::string_view path, bool is_folder) const {
  const std::string_view kept = kept_around(path);
  if (kept.empty() || path == kept) {
    return !kept.empty() && is_folder;  // no link in its place
  }
  if (ignore_.ignores(path, is_folder)) {
    return true;
  }
  bool is_exception = false;
  for (std::string_view at = path; at != kept && !is_exception; at = folder_of(at)) {
    is_exception = ignore_.says(at, is_folder || at != path).has_value();
  }
  return !is_exception && !cache_.holds(kept);
}

bool RestoreRules::keeps_whole(std::string_view folder) const {
  if (cache_.holds(folder) || !keeps(folder, true)) {
    return false;
  }
  return ignore_.ignores(folder, true) || !ignore_.has_exceptions_in(folder);
}

bool RestoreRules::tracked(std::string_view path) const {
  const CachedFile* file = cache_.find(path);
  return file != nullptr && file->tree.exists();
}

}  // namespace director::vcs_git
