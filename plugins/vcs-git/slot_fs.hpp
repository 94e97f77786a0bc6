/// File operations in a folder whose contents somebody hostile may be changing meanwhile: every
/// step is relative to an open folder, and no symbolic link is ever followed.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "types.hpp"

namespace director::vcs_git {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd();

  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// What tells, without reading it, whether a file is the one that was seen before.
struct FileStat {
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::uint64_t size = 0;
  std::uint64_t inode = 0;
  std::uint32_t mode = 0;
  std::uint32_t links = 0;

  friend bool operator==(const FileStat&, const FileStat&) = default;
};

[[nodiscard]] FileStat to_file_stat(const struct stat& raw);

/// The time that the kernel stamps on files now. A file whose ctime is not earlier may still change
/// without its stamps showing it.
[[nodiscard]] std::int64_t file_clock_ns();

/// Opens the folder `name` in `parent`, made readable if need be. Errors: errno in `code`, -1 then.
[[nodiscard]] UniqueFd open_directory(int parent, const char* name, int* code);
/// Opens a regular file for reading, made readable if need be; never blocks, never a link.
[[nodiscard]] UniqueFd open_file(int parent, const char* name, int* code);

/// The names in an open folder, in no order.
[[nodiscard]] Result<std::vector<std::pair<std::string, unsigned char>>> list_directory(
    int directory);

/// Removes whatever `name` is; absent is fine. `top` is an open folder of the same file system,
/// where folders nested too deeply to be removed in place are moved to first.
[[nodiscard]] Status remove_tree(int top, int parent, const std::string& name);

/// Writes a new file: mode exact, whatever the umask; replaces what is there. The stat of the
/// result.
[[nodiscard]] Result<FileStat> write_new_file(int top, int parent, const std::string& name,
                                              std::string_view bytes, std::uint32_t mode);
[[nodiscard]] Result<FileStat> write_new_symlink(int top, int parent, const std::string& name,
                                                 const std::string& target);
[[nodiscard]] Status write_all(int fd, std::string_view bytes, std::string_view path);
/// A small file's bytes. Errors: NotFound, Io.
[[nodiscard]] Result<std::string> read_whole_file(const std::string& path);
/// Replaces `path` in one step, by a new file beside it. Not flushed to disk.
[[nodiscard]] Status replace_file(const std::string& path, std::string_view bytes);

/// Opens folders by path from a root, keeping the way to the last one open.
class Folders {
 public:
  explicit Folders(int root) : root_(root) {}

  /// The open folder of `path`'s parent, -1 if there is none; valid until the next call.
  [[nodiscard]] int find_parent(std::string_view path);
  /// The same, making folders where they are missing and replacing what is no folder.
  [[nodiscard]] Result<int> make_parent(std::string_view path);

 private:
  [[nodiscard]] int current() const { return stack_.empty() ? root_ : stack_.back().second.get(); }
  std::vector<std::string_view> rewind(std::string_view folder);

  int root_;
  std::vector<std::pair<std::string, UniqueFd>> stack_;
};

[[nodiscard]] inline std::string name_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

}  // namespace director::vcs_git
