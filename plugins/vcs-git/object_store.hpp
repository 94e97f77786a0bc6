/// Objects of the user's repository, read and written past everything that could change what they
/// mean: no work tree, no attributes, no filters, no configuration of the user's.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "types.hpp"

struct git_odb;
struct git_repository;

namespace director::vcs_git {

struct NamedEntry {
  std::string name;
  TreeEntry entry;
};

/// One per instance; not for two threads at once.
class ObjectStore {
 public:
  /// Borrows the object database of `user`. Errors: Io.
  [[nodiscard]] static Result<std::unique_ptr<ObjectStore>> open(git_repository* user);
  /// What is in the folder now: without what an instance that lives longer remembers of objects
  /// that may be gone meanwhile. Errors: Io.
  [[nodiscard]] static Result<std::unique_ptr<ObjectStore>> open_fresh(
      const std::string& objects_dir);
  ~ObjectStore();
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;

  /// An oid as it came over the ABI, of an object that exists and is a tree (a commit).
  /// Errors: Invalid, NotFound.
  [[nodiscard]] Result<Oid> tree(std::string_view hex) const;
  [[nodiscard]] Result<Oid> commit(std::string_view hex) const;

  /// A tree's entries, in git's order; of the empty oid, none. Errors: NotFound, Io; Invalid for a
  /// name that must never reach a file system.
  [[nodiscard]] Result<std::vector<NamedEntry>> read_tree(const Oid& oid) const;
  /// One entry of a tree; of mode 0 if there is none of that name. Errors: NotFound, Io.
  [[nodiscard]] Result<TreeEntry> entry_of(const Oid& tree, std::string_view name) const;
  [[nodiscard]] Result<std::string> read_blob(const Oid& oid) const;
  /// In bytes, without reading it.
  [[nodiscard]] Result<std::uint64_t> blob_size(const Oid& oid) const;

  [[nodiscard]] bool exists(const Oid& oid) const;
  [[nodiscard]] Result<Oid> hash_blob(std::string_view bytes) const;
  [[nodiscard]] Result<Oid> write_blob(std::string_view bytes) const;
  /// Writes `size` bytes of the file `fd` as a blob, a piece at a time. Conflict: it was shorter.
  [[nodiscard]] Result<Oid> write_blob_from(int fd, std::uint64_t size) const;
  [[nodiscard]] Result<Oid> write_empty_tree() const;

  /// A repository object without a folder, for the calls that want one.
  [[nodiscard]] git_repository* repository() const { return repository_; }

 private:
  [[nodiscard]] static Result<std::unique_ptr<ObjectStore>> wrap(git_odb* opened);
  ObjectStore(git_odb* odb, git_repository* repository) : odb_(odb), repository_(repository) {}
  [[nodiscard]] Result<Oid> object(std::string_view hex, int type, std::string_view kind) const;

  git_odb* odb_;
  git_repository* repository_;
};

[[nodiscard]] std::string to_hex(const Oid& oid);
/// Errors: Invalid unless `hex` is 40 hexadecimal digits.
[[nodiscard]] Result<Oid> parse_oid(std::string_view hex);

}  // namespace director::vcs_git
