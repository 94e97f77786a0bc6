#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

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
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes += static_cast<char>((value >> shift) & 0xFF);
  }
}

// git's index, version 2 (gitformat-index). Files are entered with their stat data, so that git
// does not read them all for the agent's first `git status`.
std::string index_of(const StatCache& cache, const struct stat& top) {
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
  const auto digest = sha1(bytes);
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

}  // namespace

Status write_clone(const OpenSlot& slot, const CloneSource& source, const Oid& head,
                   const StatCache& files) {
  const int root = slot.root.get();
  DIRECTOR_CHECK(remove_tree(root, root, ".git"));
  for (const char* folder :
       {".git", ".git/objects", ".git/objects/info", ".git/refs", ".git/refs/heads", ".git/info"}) {
    if (::mkdirat(root, folder, 0755) != 0) {
      return io_error("create folder", folder, errno);
    }
  }
  struct stat top {};
  if (::fstat(root, &top) != 0) {
    return io_error("look at", ".git", errno);
  }
  // HEAD last: without it git sees no repository, so a half-made one is none.
  std::vector<std::pair<std::string, std::string>> contents = {
      {".git/config", std::string(kConfig)},
      {".git/objects/info/alternates", alternates_line(source.objects_dir)},
      {".git/info/exclude", ""},
      {".git/index", index_of(files, top)}};
  if (Result<std::string> shallow = read_whole_file(source.shallow_file)) {
    contents.emplace_back(".git/shallow", std::move(shallow).value());
  }
  contents.emplace_back(".git/HEAD", to_hex(head) + "\n");
  for (const auto& [name, bytes] : contents) {
    DIRECTOR_CHECK(write_new_file(root, root, name, bytes, 0644));
  }
  return ok();
}

}  // namespace director::vcs_git
