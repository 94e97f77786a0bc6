#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <utility>

#include "sha1.hpp"
#include "slot.hpp"

namespace director::vcs_git {
namespace {

// For the agent's own git commands. What they do here is thrown away, and nothing of the user's
// configuration may change what they show of the files.
constexpr std::string_view kConfig =
    "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"
    "\tlogallrefupdates = false\n\tsymlinks = true\n\tignorecase = false\n"
    "\tprecomposeunicode = false\n\tautocrlf = false\n\teol = lf\n\tsafecrlf = false\n"
    "\tfsmonitor = false\n\tuntrackedcache = false\n\thooksPath = /dev/null\n"
    "\texcludesFile = /dev/null\n\tattributesFile = /dev/null\n"
    "[user]\n\tname = agent\n\temail = agent@localhost\n"
    "[commit]\n\tgpgsign = false\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n";

void append_word(std::string& bytes, std::uint64_t value) {
  char word[4];
  for (int i = 0; i < 4; ++i) {
    word[i] = static_cast<char>((value >> (24 - 8 * i)) & 0xFF);
  }
  bytes.append(word, sizeof word);
}

// git's index, version 2 (gitformat-index). Files are entered with their stat data, so that git
// does not read them all for the agent's first `git status`.
Result<std::string> index_of(const StatCache& cache, const struct stat& top) {
  std::string bytes = "DIRC";
  std::size_t count = 0;
  for (const CachedFile& file : cache.files()) {
    count += file.tree.exists() ? 1 : 0;
  }
  bytes.reserve(32 + count * 120);
  append_word(bytes, 2);
  append_word(bytes, count);
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  const uid_t owner = ::geteuid();
  const gid_t group = ::getegid();
  for (const CachedFile& file : cache.files()) {
    if (!file.tree.exists()) {
      continue;
    }
    const std::size_t start = bytes.size();
    const FileStat stat = file.known ? file.stat : FileStat{};
    for (const std::int64_t stamp : {stat.ctime_ns, stat.mtime_ns}) {
      append_word(bytes, static_cast<std::uint64_t>(stamp / kNanoseconds));
      append_word(bytes, static_cast<std::uint64_t>(stamp % kNanoseconds));
    }
    append_word(bytes, file.known ? top.st_dev : 0);
    append_word(bytes, stat.inode);
    append_word(bytes, file.tree.mode);
    append_word(bytes, file.known ? owner : 0);
    append_word(bytes, file.known ? group : 0);
    append_word(bytes, stat.size);
    bytes.append(reinterpret_cast<const char*>(file.tree.oid.bytes.data()),
                 file.tree.oid.bytes.size());
    const std::size_t length = std::min<std::size_t>(file.path.size(), 0xFFF);
    bytes += static_cast<char>(length >> 8);
    bytes += static_cast<char>(length & 0xFF);
    bytes += file.path;
    // One to eight zeros, to a multiple of eight.
    bytes.append(8 - (bytes.size() - start) % 8, '\0');
  }
  DIRECTOR_TRY(const Sha1 digest, sha1(bytes));
  bytes.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  return bytes;
}

// A line of objects/info/alternates. git reads C quotes where a path needs them.
std::string alternates_line(const std::string& path) {
  if (path.find('\n') == std::string::npos) {
    return path + "\n";
  }
  std::string line = "\"";
  for (const char c : path) {
    if (c == '\n') {
      line += "\\n";
    } else {
      line += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
    }
  }
  return line + "\"\n";
}

constexpr std::array<const char*, 6> kFolders = {
    ".git", ".git/objects", ".git/objects/info", ".git/refs", ".git/refs/heads", ".git/info"};

// Whether the clone holds what was written and nothing else, not even an empty folder: what one
// command leaves must not reach the next.
bool is_as_written(int root, const CloneStamp& stamp) {
  std::set<std::string> expected(kFolders.begin() + 1, kFolders.end());
  for (const auto& [name, stat] : stamp.files) {
    struct stat seen {};
    if (::fstatat(root, name.c_str(), &seen, AT_SYMLINK_NOFOLLOW) != 0 ||
        !(to_file_stat(seen) == stat) || stat.links != 1) {
      return false;
    }
    expected.insert(name);
  }
  std::size_t found = 0;
  // Outer folders come first, so none is reached through a link.
  for (const char* folder : kFolders) {
    struct stat seen {};
    int code = 0;
    if (::fstatat(root, folder, &seen, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(seen.st_mode) ||
        (seen.st_mode & 07777U) != 0755) {
      return false;
    }
    const UniqueFd fd = open_directory(root, folder, &code);
    const auto names = fd ? list_directory(fd.get()) : Error(Errc::Io, "cannot open");
    if (!names) {
      return false;
    }
    for (const auto& [name, type] : *names) {
      if (!expected.contains(std::string(folder) + "/" + name)) {
        return false;
      }
      ++found;
    }
  }
  return found == expected.size() && !stamp.files.empty();
}

Status write_file(int root, const std::string& name, std::string_view bytes, CloneStamp& stamp) {
  DIRECTOR_TRY(const FileStat stat, write_new_file(root, root, name, bytes, 0644));
  stamp.files.emplace_back(name, stat);
  return ok();
}

// What a clone says of the repository that it borrows from.
struct Borrowed {
  std::string alternates;
  std::string shallow;  // empty: the file does not exist

  explicit Borrowed(const CloneSource& source)
      : alternates(alternates_line(source.objects_dir)),
        shallow(read_whole_file(source.shallow_file).value_or(std::string())) {}
  [[nodiscard]] std::string text() const { return alternates + shallow; }
};

// Everything but the two files that change from commit to commit.
Status write_frame(int root, const Borrowed& borrowed, CloneStamp& stamp) {
  DIRECTOR_CHECK(remove_tree(root, root, ".git"));
  for (const char* folder : kFolders) {
    if (::mkdirat(root, folder, 0755) != 0 || ::fchmodat(root, folder, 0755, 0) != 0) {
      return io_error("create folder", folder, errno);
    }
  }
  DIRECTOR_CHECK(write_file(root, ".git/config", kConfig, stamp));
  DIRECTOR_CHECK(write_file(root, ".git/objects/info/alternates", borrowed.alternates, stamp));
  DIRECTOR_CHECK(write_file(root, ".git/info/exclude", "", stamp));
  if (!borrowed.shallow.empty()) {
    DIRECTOR_CHECK(write_file(root, ".git/shallow", borrowed.shallow, stamp));
  }
  stamp.source = borrowed.text();
  return ok();
}

}  // namespace

Status write_clone(const OpenSlot& slot, const CloneSource& source, const Oid& head, bool rewritten,
                   SlotState& state) {
  const int root = slot.root.get();
  CloneStamp stamp = std::exchange(state.clone, CloneStamp{});
  const Borrowed borrowed(source);
  if (stamp.source == borrowed.text() && is_as_written(root, stamp)) {
    if (!rewritten && stamp.head == head && stamp.tree == state.files->tree()) {
      state.clone = std::move(stamp);
      return ok();
    }
    // Without HEAD git sees no repository, so a half-made one is none.
    for (const char* name : {".git/HEAD", ".git/index"}) {
      if (::unlinkat(root, name, 0) != 0) {
        return io_error("remove", name, errno);
      }
      std::erase_if(stamp.files, [name](const auto& file) { return file.first == name; });
    }
  } else {
    stamp = CloneStamp{};
    DIRECTOR_CHECK(write_frame(root, borrowed, stamp));
  }
  struct stat top {};
  if (::fstat(root, &top) != 0) {
    return io_error("look at", ".git", errno);
  }
  DIRECTOR_TRY(const std::string index, index_of(*state.files, top));
  DIRECTOR_CHECK(write_file(root, ".git/index", index, stamp));
  DIRECTOR_CHECK(write_file(root, ".git/HEAD", to_hex(head) + "\n", stamp));
  stamp.head = head;
  stamp.tree = state.files->tree();
  state.clone = std::move(stamp);
  return ok();
}

}  // namespace director::vcs_git
