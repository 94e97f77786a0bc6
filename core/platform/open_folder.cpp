#include "core/platform/open_folder.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/platform/os_error.hpp"

namespace director::platform {

Result<std::vector<std::string>> names_in(int folder) {
  const DirStream dir(::fdopendir(::fcntl(folder, F_DUPFD_CLOEXEC, 0)));
  if (!dir) {
    return os_error("cannot list a folder of slots", errno);
  }
  ::rewinddir(dir.get());
  std::vector<std::string> names;
  while (const struct dirent* entry = ::readdir(dir.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") {
      names.push_back(name);
    }
  }
  return names;
}

UniqueFd open_below(int folder, const std::string& path) {
  UniqueFd at(::openat(folder, ".", kOpenFolder));
  for (std::size_t begin = 0; at && begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    at = UniqueFd(::openat(at.get(), path.substr(begin, end - begin).c_str(), kOpenFolder));
    begin = end + 1;
  }
  return at;
}

}  // namespace director::platform
