#include "store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace fs = std::filesystem;
using director::Errc;
using director::Error;
using director::file_type;
using director::Result;
using director::Status;

namespace {

// FNV-1a, twice. It is not made to resist somebody who looks for two texts with one id, so add()
// compares the bytes. A backend for real work takes SHA-256.
std::string id_of(std::string_view kind, std::string_view bytes) {
  std::string hex;
  for (const std::uint64_t seed : {0xCBF29CE484222325ULL, 0x84222325CBF29CE4ULL}) {
    std::uint64_t sum = seed;
    for (const std::string_view text : {kind, bytes}) {
      for (const char c : text) {
        sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
      }
    }
    for (int shift = 60; shift >= 0; shift -= 4) {
      hex += "0123456789abcdef"[(sum >> static_cast<unsigned>(shift)) & 15U];
    }
  }
  return hex;
}

bool is_id(std::string_view id) {
  return id.size() == 32 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Beside its place first: nobody ever reads half a file, and a crash leaves none.
Status write_file(const std::string& path, std::string_view bytes) {
  static std::atomic<unsigned> number = 0;
  const std::string beside =
      path + "." + std::to_string(::getpid()) + "." + std::to_string(++number);
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool written = file >= 0;
  while (written && !bytes.empty()) {
    const ssize_t some = ::write(file, bytes.data(), bytes.size());
    written = some > 0;
    bytes.remove_prefix(written ? static_cast<std::size_t>(some) : 0);
  }
  written = written && ::fsync(file) == 0;
  if (file >= 0) {
    ::close(file);
  }
  if (!written || ::rename(beside.c_str(), path.c_str()) != 0) {
    ::unlink(beside.c_str());
    return Error(Errc::Io, "cannot write '" + path + "'");
  }
  return director::ok();
}

class lock {
 public:
  explicit lock(const std::string& path)
      : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    ::flock(file_, LOCK_EX);
  }
  lock(const lock&) = delete;
  lock& operator=(const lock&) = delete;
  ~lock() { ::close(file_); }

 private:
  int file_;
};

}  // namespace

Result<std::string> read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error(Errc::NotFound, "cannot read '" + path + "'");
  }
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

Result<store> store::open(const std::string& folder, const std::string& repo_dir) {
  std::error_code error;
  if (!fs::is_directory(repo_dir, error)) {
    return Error(Errc::NotFound, "cannot open repository '" + repo_dir + "': it is no folder");
  }
  fs::create_directories(folder + "/objects", error);
  if (error) {
    return Error(Errc::Io, "cannot create '" + folder + "': " + error.message());
  }
  store made(folder);
  if (!made.refs().contains("refs/heads/main")) {
    DIRECTOR_TRY(const tree files, made.import(repo_dir));
    DIRECTOR_TRY(const std::string tree_id, made.add(files));
    DIRECTOR_TRY(const std::string first, made.add(commit_object{tree_id, "", "First\n"}));
    const Status set = made.swap("refs/heads/main", "", first);
    if (!set && set.error().code() != Errc::Conflict) {  // Conflict: somebody else was first
      return set.error();
    }
  }
  return made;
}

Result<std::string> store::add(std::string_view kind, std::string_view bytes) const {
  std::string id = id_of(kind, bytes);
  const std::string path = folder_ + "/objects/" + id;
  const std::string whole = std::string(kind) + "\n" + std::string(bytes);
  if (const auto there = read_bytes(path); there) {
    return *there == whole ? Result<std::string>(id)
                           : Error(Errc::Conflict, "two objects have the id '" + id + "'");
  }
  DIRECTOR_CHECK(write_file(path, whole));
  return id;
}

Result<std::string> store::add(const tree& files) const {
  std::string text;
  for (const auto& [path, one] : files) {
    text += std::to_string(static_cast<int>(one.type)) + one.blob + path;
    text += '\0';
  }
  return add("tree", text);
}

Result<std::string> store::add(const commit_object& commit) const {
  return add("commit", commit.tree + "\n" + commit.parent + "\n" + commit.message);
}

Result<std::string> store::read(std::string_view kind, std::string_view id) const {
  const std::string head = std::string(kind) + "\n";
  const auto whole = is_id(id) ? read_bytes(folder_ + "/objects/" + std::string(id))
                               : Result<std::string>(Error(Errc::NotFound, ""));
  if (!whole || !whole->starts_with(head)) {
    return Error(Errc::NotFound, "there is no " + std::string(kind) + " '" + std::string(id) + "'");
  }
  return whole->substr(head.size());
}

Result<std::string> store::blob(const std::string& id) const { return read("blob", id); }

Result<tree> store::tree_of(std::string_view id) const {
  DIRECTOR_TRY(const std::string text, read("tree", id));
  tree files;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\0', at);
    const auto type = static_cast<file_type>(text[at] - '0');
    files[text.substr(at + 33, end - at - 33)] = {type, text.substr(at + 1, 32)};
    at = end + 1;
  }
  return files;
}

Result<commit_object> store::commit_of(std::string_view id) const {
  DIRECTOR_TRY(const std::string text, read("commit", id));
  const std::size_t first = text.find('\n');
  const std::size_t second = text.find('\n', first + 1);
  return commit_object{text.substr(0, first), text.substr(first + 1, second - first - 1),
                       text.substr(second + 1)};
}

store::ref_map store::refs() const {
  ref_map all;
  std::istringstream lines(read_bytes(folder_ + "/refs").value_or(""));
  for (std::string id, name; lines >> id >> name;) {
    all[name] = id;
  }
  return all;
}

Status store::swap(const std::string& name, std::string_view expected,
                   std::string_view desired) const {
  const lock held(folder_ + "/lock");
  ref_map all = refs();
  const auto found = all.find(name);
  const std::string current = found == all.end() ? "" : found->second;
  if (current != expected) {
    return Error(Errc::Conflict, "cannot update ref '" + name + "': it is '" + current +
                                     "', not '" + std::string(expected) + "'");
  }
  if (desired.empty()) {
    all.erase(name);
  } else {
    all[name] = desired;
  }
  std::string text;
  for (const auto& [ref, id] : all) {
    text += id + " " + ref + "\n";
  }
  return write_file(folder_ + "/refs", text);
}

Result<tree> store::import(const std::string& folder) const {
  tree files;
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(folder, error);
       at != fs::recursive_directory_iterator(); at.increment(error)) {
    const std::string path = at->path().lexically_relative(folder).string();
    const fs::file_status status = at->symlink_status(error);
    if (path == ".git" || path == ".director") {
      at.disable_recursion_pending();
    } else if (status.type() == fs::file_type::symlink) {
      DIRECTOR_TRY(std::string id, add("blob", fs::read_symlink(at->path(), error).string()));
      files[path] = {file_type::symlink, std::move(id)};
    } else if (status.type() == fs::file_type::regular) {
      DIRECTOR_TRY(const std::string bytes, read_bytes(at->path().string()));
      DIRECTOR_TRY(std::string id, add("blob", bytes));
      const bool runs = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
      files[path] = {runs ? file_type::executable : file_type::regular, std::move(id)};
    }
  }
  return files;
}
