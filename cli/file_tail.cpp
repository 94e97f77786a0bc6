#include "cli/file_tail.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "core/platform/os_error.hpp"
#include "core/platform/unique_fd.hpp"

namespace director::cli {

FileTail::FileTail(std::filesystem::path path, std::size_t most_bytes, OnLine on_line)
    : path_(std::move(path)),
      splitter_(most_bytes, [on_line = std::move(on_line)](std::string_view line, bool /*cut*/) {
        on_line(line);
      }) {}

Status FileTail::read_on(bool at_end) {
  const std::string what = "cannot read '" + path_.string() + "'";
  // Without O_NONBLOCK a named pipe in the file's place would hold us up for ever.
  const platform::UniqueFd fd(
      ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) {
    return errno == ENOENT || errno == ELOOP || errno == ENOTDIR ? ok()
                                                                 : platform::os_error(what, errno);
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) {
    return platform::os_error(what, errno);
  }
  if (!S_ISREG(info.st_mode)) {
    return ok();
  }
  if (info.st_size < offset_) {
    splitter_.finish();
    offset_ = 0;
  }
  std::string buffer(std::size_t{256} << 10, '\0');
  while (true) {
    const ssize_t size = ::pread(fd.get(), buffer.data(), buffer.size(), offset_);
    if (size < 0 && errno == EINTR) {
      continue;
    }
    if (size < 0) {
      return platform::os_error(what, errno);
    }
    if (size == 0) {
      break;
    }
    offset_ += size;
    splitter_.feed(std::string_view(buffer).substr(0, static_cast<std::size_t>(size)));
  }
  if (at_end) {
    splitter_.finish();
  }
  return ok();
}

}  // namespace director::cli
