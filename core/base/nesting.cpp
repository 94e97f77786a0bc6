#include "core/base/nesting.hpp"

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

}  // namespace director
