#include <fcntl.h>
#include <git2/refdb.h>
#include <git2/sys/repository.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>

#include "git.hpp"
#include "slot_fs.hpp"
#include "stale_locks.hpp"
#include "trees.hpp"
#include "user_repository.hpp"

namespace director::vcs_git {
namespace {

namespace fs = std::filesystem;

// git holds the lock of a ref for a moment. One that stays is left over from a killed process.
constexpr auto kLockPatience = std::chrono::seconds(3);
constexpr auto kLockRetry = std::chrono::milliseconds(2);

bool is_ours(std::string_view name) {
  for (const std::string_view prefix : {"refs/heads/director/", "refs/director/"}) {
    if (name.starts_with(prefix) && name.size() > prefix.size()) {
      return true;
    }
  }
  return false;
}

Error changed(const std::string& name, const Oid& expected, const std::string& found) {
  return Error(Errc::Conflict, "cannot update ref '" + name + "': it is " + found + ", not " +
                                   (expected.empty() ? "absent" : to_hex(expected)) +
                                   " as expected");
}

// What the ref is now; the empty oid for none. Conflict for a symbolic one: that is never ours.
Result<Oid> current_value(git_repository* repository, const std::string& name) {
  Reference reference;
  const int code = git_reference_lookup(out(reference), repository, name.c_str());
  if (code == GIT_ENOTFOUND) {
    return Oid{};
  }
  if (code < 0) {
    return git_failure(code, "read ref '" + name + "'");
  }
  if (git_reference_type(reference.get()) != GIT_REFERENCE_DIRECT) {
    return Error(Errc::Conflict, "cannot update ref '" + name +
                                     "': it is a symbolic ref, which director never makes; delete "
                                     "it with 'git symbolic-ref --delete " +
                                     name + "'");
  }
  return from_raw(*git_reference_target(reference.get()));
}

/// Nothing for a commit that is none of director's: refs of its owner keep it. Else its first
/// parent, empty if it has none. Errors: NotFound if a file is missing that it brings.
Result<std::optional<Oid>> require_commit(const ObjectStore& store, const Oid& commit) {
  const git_oid id = raw(commit);
  Commit made;
  if (const int code = git_commit_lookup(out(made), store.repository(), &id); code < 0) {
    return git_failure(code, "read commit '" + to_hex(commit) + "'");
  }
  if (std::string_view(git_commit_committer(made.get())->name) != kCommitter) {
    return std::optional<Oid>();
  }
  Oid before;
  Oid above;
  if (git_commit_parentcount(made.get()) > 0) {
    Commit parent;
    if (const int code = git_commit_parent(out(parent), made.get(), 0); code < 0) {
      return git_failure(code, "read the parent of commit '" + to_hex(commit) + "'");
    }
    before = from_raw(*git_commit_tree_id(parent.get()));
    above = from_raw(*git_commit_id(parent.get()));
  }
  DIRECTOR_TRY(const std::vector<PathChange> changes,
               diff_trees(store, before, from_raw(*git_commit_tree_id(made.get()))));
  for (const PathChange& change : changes) {
    if (change.after.exists() && change.after.mode != kModeSubmodule &&
        !store.exists(change.after.oid)) {
      return Error(Errc::NotFound, "cannot use commit '" + to_hex(commit) + "': its file " +
                                       printable(change.path) +
                                       " is not in the repository any more; was it collected as "
                                       "garbage?");
    }
  }
  return std::optional<Oid>(above);
}

}  // namespace

Result<std::vector<ref>> UserRepository::list_refs(std::string_view prefix) const {
  ReferenceIterator at;
  int code = 0;
  if (prefix.empty() || prefix.find_first_of("*?[\\") != std::string_view::npos) {
    code = git_reference_iterator_new(out(at), repository_);
  } else {
    const std::string glob = std::string(prefix) + "*";
    code = git_reference_iterator_glob_new(out(at), repository_, glob.c_str());
  }
  if (code < 0) {
    return git_failure(code, "list refs");
  }
  std::vector<ref> refs;
  for (;;) {
    Reference reference;
    code = git_reference_next(out(reference), at.get());
    if (code == GIT_ITEROVER) {
      return refs;
    }
    if (code < 0) {
      return git_failure(code, "list refs");
    }
    const std::string name = git_reference_name(reference.get());
    if (name.starts_with(prefix) && git_reference_type(reference.get()) == GIT_REFERENCE_DIRECT) {
      refs.push_back({name, to_hex(from_raw(*git_reference_target(reference.get())))});
    }
  }
}

Status UserRepository::refuse_checked_out(const std::string& name) const {
  std::vector<fs::path> heads;
  if (git_repository_is_bare(repository_) == 0) {
    heads.push_back(fs::path(common_dir_) / "HEAD");
  }
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(fs::path(common_dir_) / "worktrees", error)) {
    heads.push_back(entry.path() / "HEAD");
  }
  for (const fs::path& head : heads) {
    const Result<std::string> text = read_whole_file(head.string());
    if (text && text->starts_with("ref: " + name) &&
        (text->size() == name.size() + 5 || (*text)[name.size() + 5] == '\n')) {
      return Error(Errc::Conflict, "cannot update ref '" + name +
                                       "': that branch is checked out (" +
                                       printable(head.string()) +
                                       "); switch that checkout to another branch, then go on");
    }
  }
  return ok();
}

// A ref cannot stand where others have it as a folder, packed ones included.
Status UserRepository::refuse_overlap(const std::string& name) const {
  for (std::size_t slash = name.rfind('/'); slash != std::string::npos && slash > 5;
       slash = name.rfind('/', slash - 1)) {
    const std::string above = name.substr(0, slash);
    git_oid id;
    if (git_reference_name_to_id(&id, repository_, above.c_str()) == 0) {
      return Error(Errc::Conflict, "cannot create ref '" + name + "': ref '" + above +
                                       "' is in its place; rename or delete that one");
    }
  }
  DIRECTOR_TRY(const std::vector<ref> beneath, list_refs(name + "/"));
  if (!beneath.empty()) {
    return Error(Errc::Conflict, "cannot create ref '" + name + "': ref '" + beneath.front().name +
                                     "' lies beneath it");
  }
  return ok();
}

// Objects are written without flushing each (measured: 1 ms apiece, against 1 to 3 ms for the whole
// file system), so everything that a ref is about to need is flushed here, at once.
Status UserRepository::flush_objects() const {
  const UniqueFd objects(::open(source_.objects_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!objects || ::syncfs(objects.get()) != 0) {
    return io_error("flush", source_.objects_dir, errno);
  }
  return ok();
}

// The user's `git gc --prune=now` takes what no ref leads to yet, and libgit2 remembers trees and
// commits that are gone. A ref to such a commit would be a broken repository.
Status UserRepository::require_complete(const Oid& commit, const Oid& known) const {
  DIRECTOR_TRY(const std::unique_ptr<ObjectStore> now,
               ObjectStore::open_fresh(source_.objects_dir));
  for (Oid next = commit;;) {
    DIRECTOR_TRY(const std::optional<Oid> above, require_commit(*now, next));
    if (known.empty() || !above || above->empty() || *above == known) {
      return ok();
    }
    next = *above;
  }
}

Status UserRepository::swap_locked(const std::string& name, const Oid& expected,
                                   const Oid& desired) const {
  // Deleting a ref that is packed takes the lock of all packed refs.
  const std::string packed = common_dir_ + "packed-refs.lock";
  if (desired.empty() && is_abandoned_packed_lock(packed)) {
    ::unlink(packed.c_str());
  }
  Transaction transaction;
  int code = git_transaction_new(out(transaction), repository_);
  const auto give_up = std::chrono::steady_clock::now() + kLockPatience;
  while (code == 0) {
    code = git_transaction_lock_ref(transaction.get(), name.c_str());
    // Not found: whoever deleted the last ref of a folder pruned it just as the lock was to be
    // made.
    if (code != GIT_ELOCKED && code != GIT_ENOTFOUND) {
      break;
    }
    if (std::chrono::steady_clock::now() >= give_up) {
      if (code == GIT_ENOTFOUND) {
        break;
      }
      if (!break_own_lock(common_dir_ + name + ".lock")) {
        return Error(Errc::External, "cannot update ref '" + name + "': another process holds '" +
                                         common_dir_ + name + ".lock'; end it and go on");
      }
    }
    std::this_thread::sleep_for(kLockRetry);
    code = git_transaction_new(out(transaction), repository_);
  }
  if (code < 0) {
    return git_failure(code, "lock ref '" + name + "'");
  }
  // Nobody else can move the ref from here to the commit.
  DIRECTOR_TRY(const Oid found, current_value(repository_, name));
  if (found != expected) {
    return changed(name, expected, found.empty() ? "absent" : to_hex(found));
  }
  if (desired.empty()) {
    code = git_transaction_remove(transaction.get(), name.c_str());
  } else {
    const git_oid id = raw(desired);
    Signature signature;
    code = git_signature_now(out(signature), "director", "director@localhost");
    if (code == 0) {
      code = git_transaction_set_target(transaction.get(), name.c_str(), &id, signature.get(),
                                        nullptr);
    }
  }
  return code < 0 ? Status(git_failure(code, "update ref '" + name + "'"))
                  : commit_transaction(transaction.get(), name);
}

Status UserRepository::commit_transaction(git_transaction* transaction,
                                          const std::string& name) const {
  const std::string packed = common_dir_ + "packed-refs.lock";
  const int code = git_transaction_commit(transaction);
  if (code < 0) {
    // A packed ref whose removal failed is gone from what libgit2 remembers, and would not be
    // removed by the next try, which would call it done.
    RefDatabase anew;
    if (git_refdb_open(out(anew), repository_) == 0) {
      (void)git_repository_set_refdb(repository_, anew.get());
    }
  }
  if (code == GIT_ELOCKED) {
    return Error(Errc::External, "cannot update ref '" + name + "': another process holds '" +
                                     packed +
                                     "'; let it end, or remove the file if no git is "
                                     "running, and go on");
  }
  return code < 0 ? Status(git_failure(code, "update ref '" + name + "'")) : ok();
}

Status UserRepository::update_ref(const std::string& name, std::string_view expected,
                                  std::string_view desired) const {
  int valid = 0;
  if (!is_ours(name) || git_reference_name_is_valid(&valid, name.c_str()) < 0 || valid == 0 ||
      name.find('\0') != std::string::npos) {
    return Error(Errc::Invalid, "cannot update ref " + printable(name) +
                                    ": only valid names under refs/heads/director/ and "
                                    "refs/director/ are written");
  }
  Oid old_value;
  Oid new_value;
  if (!expected.empty()) {
    DIRECTOR_TRY(old_value, parse_oid(expected));
  }
  if (!desired.empty()) {
    DIRECTOR_TRY(new_value, store_->commit(desired));
  }
  DIRECTOR_CHECK(refuse_checked_out(name));
  if (new_value.empty() && old_value.empty()) {
    DIRECTOR_TRY(const Oid found, current_value(repository_, name));
    return found.empty() ? ok() : Status(changed(name, old_value, to_hex(found)));
  }
  if (old_value.empty()) {
    DIRECTOR_CHECK(refuse_overlap(name));
  }
  if (!new_value.empty() && new_value != old_value) {
    DIRECTOR_CHECK(flush_objects());
    // A branch is moved past several commits at once. Other refs name one that is new.
    const bool is_branch = name.starts_with("refs/heads/");
    DIRECTOR_CHECK(require_complete(new_value, is_branch ? old_value : Oid()));
  }
  return swap_locked(name, old_value, new_value);
}

}  // namespace director::vcs_git
