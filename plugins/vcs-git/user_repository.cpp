#include "user_repository.hpp"

#include <git2/sys/commit.h>
#include <git2/sys/repository.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <mutex>

#include "git.hpp"
#include "slot_fs.hpp"
#include "stale_locks.hpp"

namespace director::vcs_git {
namespace {

constexpr const char* kName = kCommitter;
constexpr const char* kEmail = "director@localhost";

// What holds for our own writes, over the user's own settings: no reflog of theirs grows, and a ref
// is on disk when its update returns.
constexpr std::string_view kOwnSettings =
    "[core]\n\tlogallrefupdates = false\n\tfsyncobjectfiles = true\n";

void start_libgit2() {
  static std::once_flag once;
  std::call_once(once, [] {
    git_libgit2_init();
    // The check of who owns the repository guards people whose git runs the hooks and commands that
    // its configuration names. Nothing of the kind is run here, and a director in a container works
    // on a repository that another user owns.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  });
}

// Who the user is by configuration; director itself unless both name and address are set.
Person configured_person(git_repository* repository) {
  Config live;
  if (git_repository_config(out(live), repository) < 0) {
    return {kName, kEmail};
  }
  Config config;
  if (git_config_snapshot(out(config), live.get()) < 0) {
    return {kName, kEmail};
  }
  const char* name = nullptr;
  const char* email = nullptr;
  if (git_config_get_string(&name, config.get(), "user.name") == 0 &&
      git_config_get_string(&email, config.get(), "user.email") == 0 && *name != '\0' &&
      *email != '\0') {
    return {name, email};
  }
  return {kName, kEmail};
}

Error cannot_open(int code, const std::string& repo_dir) {
  if (code == GIT_ENOTFOUND) {
    return Error(Errc::NotFound, "cannot open repository " + printable(repo_dir) +
                                     ": it is not in a git repository; run 'git init' there and "
                                     "commit, or pass --repo");
  }
  Error error = git_failure(code, "open repository " + printable(repo_dir));
  if (error.message().find("extension") != std::string::npos ||
      error.message().find("repository version") != std::string::npos) {
    return Error(Errc::Invalid, error.message() +
                                    "; it uses a repository format that vcs-git cannot read "
                                    "(SHA-256 objects and reftables are such formats)");
  }
  return error;
}

// Gives libgit2's code. A ref by its full name is looked up as that: git_revparse_single() of
// libgit2 1.5 leaks the reference, with what it holds of the repository, if its object is gone.
int find_object(Object& found, git_repository* repository, const std::string& revision) {
  git_oid id;
  if (git_reference_name_to_id(&id, repository, revision.c_str()) == 0) {
    return git_object_lookup(out(found), repository, &id, GIT_OBJECT_ANY);
  }
  return git_revparse_single(out(found), repository, revision.c_str());
}

}  // namespace

Result<std::unique_ptr<UserRepository>> UserRepository::open(const std::string& repo_dir,
                                                             const std::string& cache_dir) {
  start_libgit2();
  Repository opened;
  if (const int code = git_repository_open_ext(out(opened), repo_dir.c_str(), 0, nullptr);
      code < 0) {
    return cannot_open(code, repo_dir);
  }
  std::unique_ptr<UserRepository> user(new UserRepository(opened.release(), repo_dir));
  user->common_dir_ = git_repository_commondir(user->repository_);
  user->author_ = configured_person(user->repository_);
  DIRECTOR_TRY(user->store_, ObjectStore::open(user->repository_));
  user->source_ = {user->common_dir_ + "objects", user->common_dir_ + "shallow"};
  // After the object database is open: each object flushed by itself would cost milliseconds; they
  // are flushed together when a ref comes to need them.
  DIRECTOR_CHECK(user->use_own_settings(cache_dir));
  mend_own_refs(user->common_dir_);
  return user;
}

UserRepository::~UserRepository() {
  store_.reset();
  git_repository_free(repository_);
}

Status UserRepository::use_own_settings(const std::string& cache_dir) {
  std::error_code error;
  std::filesystem::create_directories(cache_dir, error);
  const std::string own = cache_dir + "/vcs-git.config";
  const Result<std::string> present = read_whole_file(own);
  if (!present || *present != kOwnSettings) {
    // Instances of one process share the folder: each writes a file of its own, then moves it.
    const std::string beside = own + "." + std::to_string(::getpid()) + "." +
                               std::to_string(reinterpret_cast<std::uintptr_t>(this));
    DIRECTOR_CHECK(replace_file(beside, kOwnSettings));
    std::filesystem::rename(beside, own, error);
    if (error) {
      return io_error("write", own, error.value());
    }
  }
  Config config;
  const std::string local = common_dir_ + "config";
  int code = git_config_new(out(config));
  if (code == 0 && std::filesystem::exists(local, error)) {
    code = git_config_add_file_ondisk(config.get(), local.c_str(), GIT_CONFIG_LEVEL_LOCAL,
                                      repository_, 0);
  }
  if (code == 0) {
    code =
        git_config_add_file_ondisk(config.get(), own.c_str(), GIT_CONFIG_LEVEL_APP, repository_, 0);
  }
  if (code == 0) {
    code = git_repository_set_config(repository_, config.get());
  }
  return code < 0 ? Status(git_failure(code, "read the configuration of " + printable(repo_dir_)))
                  : ok();
}

Result<Oid> UserRepository::resolve(std::string_view revision) const {
  const std::string text(revision);
  Object found;
  if (const int code = find_object(found, repository_, text); code < 0) {
    if (text == "HEAD" && git_repository_head_unborn(repository_) == 1) {
      return Error(Errc::NotFound,
                   "cannot resolve 'HEAD': the repository has no commit yet; commit "
                   "something first");
    }
    return git_failure(code, "resolve " + printable(revision));
  }
  Object commit;
  if (git_object_peel(out(commit), found.get(), GIT_OBJECT_COMMIT) < 0) {
    return Error(Errc::NotFound, "cannot resolve " + printable(revision) + ": it names no commit");
  }
  return from_raw(*git_object_id(commit.get()));
}

Result<checkout_state> UserRepository::user_checkout() const {
  // Opened anew, with all of the user's configuration: what counts as changed is theirs to say.
  Repository fresh;
  if (const int code = git_repository_open_ext(out(fresh), repo_dir_.c_str(), 0, nullptr);
      code < 0) {
    return cannot_open(code, repo_dir_);
  }
  checkout_state state;
  state.unborn = git_repository_head_unborn(fresh.get()) == 1;
  state.detached = git_repository_head_detached(fresh.get()) == 1;
  if (git_repository_is_bare(fresh.get()) != 0) {
    return state;
  }
  git_status_options options = GIT_STATUS_OPTIONS_INIT;
  options.flags = GIT_STATUS_OPT_EXCLUDE_SUBMODULES;
  Handle<git_status_list, git_status_list_free> list;
  if (const int code = git_status_list_new(out(list), fresh.get(), &options); code < 0) {
    return git_failure(code, "read the state of " + printable(repo_dir_));
  }
  state.uncommitted = git_status_list_entrycount(list.get()) != 0;
  return state;
}

Result<commit_info> UserRepository::describe(const Oid& oid) const {
  const git_oid id = raw(oid);
  Commit commit;
  if (const int code = git_commit_lookup(out(commit), store_->repository(), &id); code < 0) {
    return git_failure(code, "read commit '" + to_hex(oid) + "'");
  }
  return commit_info{to_hex(oid), to_hex(from_raw(*git_commit_tree_id(commit.get()))),
                     git_commit_message_raw(commit.get())};
}

Result<std::vector<commit_info>> UserRepository::history(const Oid& tip, const Oid& base) const {
  // In a shallow clone the parents of these commits are not there.
  const std::string shallow = read_whole_file(source_.shallow_file).value_or(std::string());
  std::vector<commit_info> commits;
  for (Oid at = tip; at != base;) {
    const git_oid id = raw(at);
    Commit commit;
    if (const int code = git_commit_lookup(out(commit), store_->repository(), &id); code < 0) {
      return git_failure(code, "read commit '" + to_hex(at) + "'");
    }
    DIRECTOR_TRY(commit_info info, describe(at));
    const bool is_cut = shallow.find(info.oid) != std::string::npos;
    commits.push_back(std::move(info));
    if (git_commit_parentcount(commit.get()) == 0 || is_cut) {
      if (!base.empty()) {
        return Error(Errc::Conflict, "cannot list commits from '" + to_hex(tip) + "' to '" +
                                         to_hex(base) +
                                         "': the second is no first-parent ancestor "
                                         "of the first");
      }
      break;
    }
    at = from_raw(*git_commit_parent_id(commit.get(), 0));
  }
  return commits;
}

Result<Oid> UserRepository::commit(const Oid& tree, const Oid& parent,
                                   const std::string& message) const {
  if (message.find('\0') != std::string::npos) {
    return Error(Errc::Invalid, "cannot commit: the message holds a zero byte");
  }
  // The change is on the user's behalf, so it carries their name where they have set one; who made
  // the commit is director.
  const git_time_t now = std::time(nullptr);
  Signature committer;
  if (const int code = git_signature_new(out(committer), kName, kEmail, now, 0); code < 0) {
    return git_failure(code, "sign a commit");
  }
  Signature author;
  if (git_signature_new(out(author), author_.name.c_str(), author_.email.c_str(), now, 0) < 0) {
    // A name of nothing but punctuation, say.
    if (const int code = git_signature_dup(out(author), committer.get()); code < 0) {
      return git_failure(code, "sign a commit");
    }
  }
  const git_oid tree_id = raw(tree);
  const git_oid parent_id = raw(parent);
  const git_oid* parents[] = {&parent_id};
  git_oid id;
  if (const int code = git_commit_create_from_ids(&id, store_->repository(), nullptr, author.get(),
                                                  committer.get(), nullptr, message.c_str(),
                                                  &tree_id, parent.empty() ? 0 : 1, parents);
      code < 0) {
    return git_failure(code, "commit");
  }
  return from_raw(id);
}

}  // namespace director::vcs_git
