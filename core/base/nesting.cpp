#include "core/base/nesting.hpp"

#include <algorithm>

namespace director {
namespace {

std::string_view without_end(std::string_view folder) {
  folder.remove_suffix(folder.ends_with('/') ? 1 : 0);
  return folder;
}

}  // namespace

bool lies_below(std::string_view path, std::string_view folder) {
  const std::string_view start = without_end(folder);
  return path.size() > start.size() + 1 && path.starts_with(start) && path[start.size()] == '/';
}

bool lies_within(std::string_view path, std::string_view folder) {
  return path == folder || path == without_end(folder) || lies_below(path, folder);
}

bool lies_within_any(std::string_view path, const std::vector<std::string>& folders) {
  return std::any_of(folders.begin(), folders.end(),
                     [path](const std::string& folder) { return lies_within(path, folder); });
}

bool holds_any(std::string_view folder, const std::vector<std::string>& paths) {
  return std::any_of(paths.begin(), paths.end(),
                     [folder](const std::string& path) { return lies_within(path, folder); });
}

}  // namespace director
