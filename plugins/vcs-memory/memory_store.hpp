/// Trees, commits and refs in memory, with one file that carries them between processes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "director/result.hpp"
#include "director/vcs.hpp"

namespace director::vcs_memory {

struct Entry {
  file_type type = file_type::none;
  std::string blob;  ///< its oid
  friend bool operator==(const Entry&, const Entry&) = default;
};

using Tree = std::map<std::string, Entry>;  ///< whole paths

struct Commit {
  std::string tree;
  std::string parent;
  std::string message;
};

struct State {
  std::map<std::string, std::string> blobs;
  std::map<std::string, Tree> trees;
  std::map<std::string, Commit> commits;
  std::map<std::string, std::string> refs;

  /// Each puts a thing under the id of its content, and returns that id.
  std::string add_blob(std::string_view bytes);
  std::string add_tree(const Tree& tree);
  std::string add_commit(const Commit& commit);
};

/// The state of one cache folder, shared by every instance of this process and, by its file, with
/// other processes.
class Store {
 public:
  /// The first process to come imports the files under `repo_dir` as the commit of refs/heads/main.
  [[nodiscard]] static Result<std::shared_ptr<Store>> open(const std::string& repo_dir,
                                                           const std::string& cache_dir);

  /// Sole access, across threads and processes, to the state as it is now.
  class Access {
   public:
    explicit Access(Store& store);
    ~Access();
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;

    [[nodiscard]] State& state() { return store_.state_; }
    /// Makes what was changed visible to other processes.
    [[nodiscard]] Status save();

   private:
    Store& store_;
    std::scoped_lock<std::mutex> lock_;
    int lock_fd_;
  };

 private:
  explicit Store(std::string folder) : path_(std::move(folder) + "/vcs-memory.bin") {}
  bool refresh();

  std::string path_;
  std::mutex mutex_;
  State state_;
  std::uint64_t seen_inode_ = 0;
  std::int64_t seen_time_ns_ = 0;
};

/// The files under `root`, without .git and .director, as a tree.
[[nodiscard]] Tree import_folder(State& state, const std::string& root);

}  // namespace director::vcs_memory
