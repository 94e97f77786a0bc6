// Where this backend keeps what was committed: a folder of files.
//
//   objects/<id>   the bytes of a file, a tree or a commit; written once and never changed
//   refs           a line "<commit> <name>" for each ref
//   lock           held while refs change
#pragma once

#include <director/plugin.hpp>
#include <map>
#include <string>
#include <string_view>

struct entry {
  director::file_type type = director::file_type::none;
  std::string blob;  // the id of its bytes; of a link, of its target
  friend bool operator==(const entry&, const entry&) = default;
};
using tree = std::map<std::string, entry>;  // by whole paths, which are bytes

struct commit_object {
  std::string tree;
  std::string parent;
  std::string message;
};

// Instances of many workers and of other directors share one store, so what changes changes under a
// lock, and what others read is put in place by a rename. Every id that is not there is NotFound.
class store {
 public:
  // The first to come makes the files of `repo_dir` the commit of refs/heads/main.
  static director::Result<store> open(const std::string& folder, const std::string& repo_dir);

  [[nodiscard]] director::Result<std::string> add(std::string_view kind,
                                                  std::string_view bytes) const;
  [[nodiscard]] director::Result<std::string> add(const tree& files) const;
  [[nodiscard]] director::Result<std::string> add(const commit_object& commit) const;

  [[nodiscard]] director::Result<std::string> blob(const std::string& id) const;
  [[nodiscard]] director::Result<tree> tree_of(std::string_view id) const;
  [[nodiscard]] director::Result<commit_object> commit_of(std::string_view id) const;

  using ref_map = std::map<std::string, std::string>;
  [[nodiscard]] ref_map refs() const;
  // Compare-and-swap: Conflict, and nothing has changed, if the ref is not what was expected.
  // Empty: there is no such ref.
  [[nodiscard]] director::Status swap(const std::string& name, std::string_view expected,
                                      std::string_view desired) const;

  // A folder's files as a tree, without .git and .director.
  [[nodiscard]] director::Result<tree> import(const std::string& folder) const;

 private:
  explicit store(std::string folder) : folder_(std::move(folder)) {}
  [[nodiscard]] director::Result<std::string> read(std::string_view kind,
                                                   std::string_view id) const;

  std::string folder_;
};

director::Result<std::string> read_bytes(const std::string& path);
