#include "memory_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace director::vcs_memory {
namespace {

namespace fs = std::filesystem;

// FNV-1a with two seeds. Tests need ids that differ, not ids that resist forging.
std::string digest(std::string_view kind, std::string_view bytes) {
  std::string hex;
  for (const std::uint64_t seed : {0xCBF29CE484222325U, 0x84222325CBF29CE4U}) {
    std::uint64_t sum = seed;
    for (const std::string_view text : {kind, bytes}) {
      for (const char c : text) {
        sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
      }
    }
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(sum));
    hex += digits;
  }
  return hex;
}

void put(std::string& out, std::string_view text) {
  const std::uint64_t size = text.size();
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  out += text;
}

void put(std::string& out, std::uint64_t number) { put(out, std::to_string(number)); }

class Parser {
 public:
  explicit Parser(std::string_view bytes) : bytes_(bytes) {}

  std::string text() {
    std::uint64_t size = 0;
    if (bytes_.size() < sizeof size) {
      good_ = false;
      return {};
    }
    std::copy_n(bytes_.data(), sizeof size, reinterpret_cast<char*>(&size));
    bytes_.remove_prefix(sizeof size);
    if (size > bytes_.size()) {
      good_ = false;
      return {};
    }
    std::string taken(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return taken;
  }
  std::uint64_t number() { return std::strtoull(text().c_str(), nullptr, 10); }
  [[nodiscard]] bool good() const { return good_; }

 private:
  std::string_view bytes_;
  bool good_ = true;
};

std::string to_bytes(const Tree& tree) {
  std::string out;
  put(out, tree.size());
  for (const auto& [path, entry] : tree) {
    put(out, path);
    put(out, static_cast<std::uint64_t>(entry.type));
    put(out, entry.blob);
  }
  return out;
}

Tree to_tree(Parser& in) {
  Tree tree;
  for (std::uint64_t left = in.number(); left > 0 && in.good(); --left) {
    const std::string path = in.text();
    const auto type = static_cast<file_type>(in.number());
    tree[path] = Entry{type, in.text()};
  }
  return tree;
}

std::string to_bytes(const State& state) {
  std::string out;
  put(out, state.blobs.size());
  for (const auto& [oid, bytes] : state.blobs) {
    put(out, oid);
    put(out, bytes);
  }
  put(out, state.trees.size());
  for (const auto& [oid, tree] : state.trees) {
    put(out, oid);
    out += to_bytes(tree);
  }
  put(out, state.commits.size());
  for (const auto& [oid, commit] : state.commits) {
    put(out, oid);
    put(out, commit.tree);
    put(out, commit.parent);
    put(out, commit.message);
  }
  put(out, state.refs.size());
  for (const auto& [name, oid] : state.refs) {
    put(out, name);
    put(out, oid);
  }
  return out;
}

bool from_bytes(std::string_view bytes, State& state) {
  Parser in(bytes);
  for (std::uint64_t left = in.number(); left > 0 && in.good(); --left) {
    const std::string oid = in.text();
    state.blobs[oid] = in.text();
  }
  for (std::uint64_t left = in.number(); left > 0 && in.good(); --left) {
    const std::string oid = in.text();
    state.trees[oid] = to_tree(in);
  }
  for (std::uint64_t left = in.number(); left > 0 && in.good(); --left) {
    const std::string oid = in.text();
    Commit commit;
    commit.tree = in.text();
    commit.parent = in.text();
    commit.message = in.text();
    state.commits[oid] = commit;
  }
  for (std::uint64_t left = in.number(); left > 0 && in.good(); --left) {
    const std::string name = in.text();
    state.refs[name] = in.text();
  }
  return in.good();
}

std::string read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::string State::add_blob(std::string_view bytes) {
  std::string oid = digest("blob", bytes);
  blobs.emplace(oid, bytes);
  return oid;
}

std::string State::add_tree(const Tree& tree) {
  std::string oid = digest("tree", to_bytes(tree));
  trees.emplace(oid, tree);
  return oid;
}

std::string State::add_commit(const Commit& commit) {
  std::string bytes;
  put(bytes, commit.tree);
  put(bytes, commit.parent);
  put(bytes, commit.message);
  std::string oid = digest("commit", bytes);
  commits.emplace(oid, commit);
  return oid;
}

Tree import_folder(State& state, const std::string& root) {
  Tree tree;
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(root, error);
       at != fs::recursive_directory_iterator(); at.increment(error)) {
    const std::string path = at->path().lexically_relative(root).string();
    if (path == ".git" || path == ".director") {
      at.disable_recursion_pending();
    } else if (at->is_symlink(error)) {
      tree[path] = {file_type::symlink,
                    state.add_blob(fs::read_symlink(at->path(), error).string())};
    } else if (at->is_regular_file(error)) {
      const bool runs =
          (at->status(error).permissions() & fs::perms::owner_exec) != fs::perms::none;
      tree[path] = {runs ? file_type::executable : file_type::regular,
                    state.add_blob(read_bytes(at->path()))};
    }
  }
  return tree;
}

Result<std::shared_ptr<Store>> Store::open(const std::string& repo_dir,
                                           const std::string& cache_dir) {
  static std::mutex registry_mutex;
  static std::map<std::string, std::shared_ptr<Store>> registry;
  std::error_code error;
  if (!fs::is_directory(repo_dir, error)) {
    return Error(Errc::NotFound, "cannot open repository '" + repo_dir + "': it is no folder");
  }
  fs::create_directories(cache_dir, error);
  const std::scoped_lock lock(registry_mutex);
  std::shared_ptr<Store>& store = registry[fs::weakly_canonical(cache_dir, error).string()];
  if (!store) {
    store = std::shared_ptr<Store>(new Store(cache_dir));
  }
  Access access(*store);
  if (access.state().refs.empty()) {
    State& state = access.state();
    const std::string tree = state.add_tree(import_folder(state, repo_dir));
    state.refs["refs/heads/main"] = state.add_commit({tree, "", "HEAD\n"});
    DIRECTOR_CHECK(access.save());
  }
  return store;
}

Store::Access::Access(Store& store)
    : store_(store),
      lock_(store.mutex_),
      lock_fd_(::open((store.path_ + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (lock_fd_ >= 0) {
    ::flock(lock_fd_, LOCK_EX);
  }
  store_.refresh();
}

Store::Access::~Access() {
  if (lock_fd_ >= 0) {
    ::close(lock_fd_);
  }
}

bool Store::refresh() {
  struct stat seen {};
  if (::stat(path_.c_str(), &seen) != 0) {
    return false;
  }
  const std::int64_t time = seen.st_mtim.tv_sec * 1'000'000'000 + seen.st_mtim.tv_nsec;
  if (seen.st_ino == seen_inode_ && time == seen_time_ns_) {
    return true;
  }
  State loaded;
  if (!from_bytes(read_bytes(path_), loaded)) {
    return false;
  }
  state_ = std::move(loaded);
  seen_inode_ = seen.st_ino;
  seen_time_ns_ = time;
  return true;
}

Status Store::Access::save() {
  const std::string beside = store_.path_ + ".new";
  {
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    const std::string bytes = to_bytes(store_.state_);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) {
      return Error(Errc::Io, "cannot write file '" + beside + "'");
    }
  }
  struct stat written {};
  if (::rename(beside.c_str(), store_.path_.c_str()) != 0 ||
      ::stat(store_.path_.c_str(), &written) != 0) {
    return Error(Errc::Io, "cannot write file '" + store_.path_ + "'");
  }
  store_.seen_inode_ = written.st_ino;
  store_.seen_time_ns_ = written.st_mtim.tv_sec * 1'000'000'000 + written.st_mtim.tv_nsec;
  return ok();
}

}  // namespace director::vcs_memory
