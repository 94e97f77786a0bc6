/// The user's repository: read as it is, written nowhere but in its object database and in refs
/// under refs/heads/director/ and refs/director/.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "object_store.hpp"
#include "slot.hpp"
#include "types.hpp"

struct git_repository;
struct git_signature;
struct git_transaction;

namespace director::vcs_git {

/// Who makes director's commits.
inline constexpr const char* kCommitter = "director";

struct Person {
  std::string name;
  std::string email;
};

/// One per instance; not for two threads at once.
class UserRepository {
 public:
  /// Opens the repository that `repo_dir` lies in, a linked worktree's too. `cache_dir` takes a
  /// file of settings that hold for our own writes. Errors: NotFound, Invalid for a format that
  /// libgit2 does not know, Io.
  [[nodiscard]] static Result<std::unique_ptr<UserRepository>> open(const std::string& repo_dir,
                                                                    const std::string& cache_dir);
  ~UserRepository();
  UserRepository(const UserRepository&) = delete;
  UserRepository& operator=(const UserRepository&) = delete;

  [[nodiscard]] const ObjectStore& store() const { return *store_; }
  [[nodiscard]] const CloneSource& source() const { return source_; }

  [[nodiscard]] Result<Oid> resolve(std::string_view revision) const;
  [[nodiscard]] Result<std::vector<ref>> list_refs(std::string_view prefix) const;
  /// See director_vcs.update_ref. External: another process holds the ref's lock for long.
  /// NotFound: an object that `desired` brings in is not in the repository; no ref moves then.
  [[nodiscard]] Status update_ref(const std::string& name, std::string_view expected,
                                  std::string_view desired) const;
  [[nodiscard]] Result<checkout_state> user_checkout() const;

  [[nodiscard]] Result<commit_info> describe(const Oid& oid) const;
  [[nodiscard]] Result<std::vector<commit_info>> history(const Oid& tip, const Oid& base) const;
  [[nodiscard]] Result<Oid> commit(const Oid& tree, const Oid& parent,
                                   const std::string& message) const;

 private:
  UserRepository(git_repository* repository, std::string repo_dir)
      : repository_(repository), repo_dir_(std::move(repo_dir)) {}

  [[nodiscard]] Status use_own_settings(const std::string& cache_dir);
  [[nodiscard]] Status refuse_checked_out(const std::string& name) const;
  [[nodiscard]] Status refuse_overlap(const std::string& name) const;
  [[nodiscard]] Status flush_objects() const;
  /// Whether what director made is there: that commit and, unless `known` is empty, those below it
  /// down to `known`.
  [[nodiscard]] Status require_complete(const Oid& commit, const Oid& known) const;
  [[nodiscard]] Status swap_locked(const std::string& name, const Oid& expected,
                                   const Oid& desired) const;
  [[nodiscard]] Status commit_transaction(git_transaction* transaction,
                                          const std::string& name) const;

  git_repository* repository_;
  std::string repo_dir_;
  std::string common_dir_;
  std::unique_ptr<ObjectStore> store_;
  CloneSource source_;
  Person author_;
};

}  // namespace director::vcs_git
