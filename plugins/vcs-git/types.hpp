/// Values that every part of vcs-git speaks. No libgit2 here.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "director/result.hpp"
#include "director/vcs.hpp"

namespace director::vcs_git {

/// A SHA-1 object id. All zero: no object; as a tree, the empty one.
struct Oid {
  std::array<unsigned char, 20> bytes{};

  [[nodiscard]] bool empty() const { return bytes == std::array<unsigned char, 20>{}; }
  friend auto operator<=>(const Oid&, const Oid&) = default;
};

// The only modes that git stores.
inline constexpr std::uint32_t kModeTree = 0040000;
inline constexpr std::uint32_t kModeFile = 0100644;
inline constexpr std::uint32_t kModeExecutable = 0100755;
inline constexpr std::uint32_t kModeSymlink = 0120000;
inline constexpr std::uint32_t kModeSubmodule = 0160000;

/// What stands at a path of a tree. mode 0: nothing.
struct TreeEntry {
  std::uint32_t mode = 0;
  Oid oid;

  [[nodiscard]] bool exists() const { return mode != 0; }
  [[nodiscard]] bool is_tree() const { return mode == kModeTree; }
  friend bool operator==(const TreeEntry&, const TreeEntry&) = default;
};

/// A path whose entry differs between two trees; never a directory.
struct PathChange {
  std::string path;
  TreeEntry before;
  TreeEntry after;
};

[[nodiscard]] file_type type_of(std::uint32_t mode);
[[nodiscard]] change to_change(const PathChange& difference);

/// `path` fit for a message: quoted, control and non-ASCII bytes as \xNN.
[[nodiscard]] std::string printable(std::string_view path);

/// "cannot <what> '<path>': <the system's text for `code`>", Errc::Io.
[[nodiscard]] Error io_error(std::string_view what, std::string_view path, int code);

/// True if some file system or git itself could take `name` for ".git": other case, trailing dots
/// and spaces, streams, the 8.3 name, ignorable code points of HFS+.
[[nodiscard]] bool looks_like_dot_git(std::string_view name);

/// True if a tree may hold `name`.
[[nodiscard]] bool is_entry_name(std::string_view name);

/// True if `path` is `directory` itself or lies beneath it.
[[nodiscard]] inline bool is_within(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

/// The folder that `path` lies in; empty: the top.
[[nodiscard]] inline std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

}  // namespace director::vcs_git
