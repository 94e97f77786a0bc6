// @NAME@: a version control backend for director.
//
// director asks a backend for commits, refs and folders to work in, and lands what was gated by a
// compare-and-swap of one ref. This one needs no version control system: any folder is a repository
// whose files, as they were when director first saw them, are its first commit, and everything else
// is kept in the plugin's own cache folder. store.hpp says how, slot.hpp what a checkout is.
//
// director/abi/vcs.h has the contract of each function below; the kit checks them all.
#include <director/plugin.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "slot.hpp"
#include "store.hpp"

namespace {

using director::change;
using director::change_kind;
using director::commit_info;
using director::Errc;
using director::Error;
using director::file_type;
using director::Result;
using director::Status;

entry at(const tree& files, const std::string& path) {
  const auto found = files.find(path);
  return found == files.end() ? entry{} : found->second;
}

// A rename is a deletion and an addition.
std::vector<change> compare(const tree& before, const tree& after) {
  tree all = before;
  all.insert(after.begin(), after.end());
  std::vector<change> changes;
  for (const auto& [path, ignored] : all) {
    const entry was = at(before, path);
    const entry is = at(after, path);
    if (was != is) {
      changes.push_back({was.type == file_type::none  ? change_kind::added
                         : is.type == file_type::none ? change_kind::deleted
                                                      : change_kind::modified,
                         path, was.type, is.type});
    }
  }
  return changes;
}

// The refs that are director's own. The others are the user's, and never written.
bool is_ours(std::string_view name) {
  for (const std::string_view prefix : {"refs/heads/director/", "refs/director/"}) {
    if (name.starts_with(prefix) && name.size() > prefix.size()) {
      return name.find("..") == std::string_view::npos && !name.ends_with('/') &&
             name.find_first_of(" \t\r\n") == std::string_view::npos;
    }
  }
  return false;
}

void show_lines(std::string& out, char sign, const std::string& bytes) {
  std::istringstream lines(bytes);
  for (std::string line; std::getline(lines, line);) {
    out += sign + line + "\n";
  }
}

class folder_vcs final : public director::vcs {
 public:
  static constexpr const char* summary = "keeps versions of any folder in files of its own";

  // A class that can fail to be made has create() in the place of a constructor.
  static Result<std::unique_ptr<folder_vcs>> create(const director::instance_info& info,
                                                    director::host& /*host*/) {
    DIRECTOR_TRY(store opened, store::open(info.cache_dir + "/store", info.repo_dir));
    return std::make_unique<folder_vcs>(std::move(opened), info.repo_dir);
  }
  folder_vcs(store opened, std::string repo_dir)
      : store_(std::move(opened)), repo_dir_(std::move(repo_dir)) {}

  Result<commit_info> resolve(std::string_view revision) override {
    const std::string name = revision == "HEAD" ? "main" : std::string(revision);
    const store::ref_map refs = store_.refs();
    for (const std::string& full : {name, "refs/heads/" + name}) {
      if (const auto found = refs.find(full); found != refs.end()) {
        return describe(found->second);
      }
    }
    return describe(name);
  }

  Result<std::vector<director::ref>> list_refs(std::string_view prefix) override {
    std::vector<director::ref> found;
    for (const auto& [name, id] : store_.refs()) {
      if (name.starts_with(prefix)) {
        found.push_back({name, id});
      }
    }
    return found;
  }

  Status update_ref(std::string_view name, std::string_view expected,
                    std::string_view desired) override {
    if (!is_ours(name)) {
      return Error(Errc::Invalid, "cannot update ref '" + std::string(name) +
                                      "': only refs below director/ are this plugin's to write");
    }
    if (!desired.empty()) {
      DIRECTOR_CHECK(store_.commit_of(desired));
    }
    return store_.swap(std::string(name), expected, desired);
  }

  Result<std::vector<commit_info>> history(std::string_view tip, std::string_view base) override {
    if (!base.empty()) {
      DIRECTOR_CHECK(store_.commit_of(base));
    }
    std::vector<commit_info> commits;
    for (std::string id(tip); id != base;) {
      if (id.empty()) {
        return Error(Errc::Conflict, "cannot list commits down to '" + std::string(base) +
                                         "': it is not among the first parents");
      }
      DIRECTOR_TRY(const commit_object one, store_.commit_of(id));
      commits.push_back({id, one.tree, one.message});
      id = one.parent;
    }
    return commits;
  }

  Result<director::checkout_state> user_checkout() override {
    DIRECTOR_TRY(const commit_info head, resolve("HEAD"));
    DIRECTOR_TRY(const tree known, store_.tree_of(head.tree));
    DIRECTOR_TRY(const tree now, store_.import(repo_dir_));
    director::checkout_state state;
    for (const auto& [path, one] : known) {
      state.uncommitted = state.uncommitted || at(now, path) != one;
    }
    return state;
  }

  Result<std::string> commit(std::string_view tree_id, std::string_view parent,
                             std::string_view message) override {
    DIRECTOR_CHECK(store_.tree_of(tree_id));
    if (!parent.empty()) {
      DIRECTOR_CHECK(store_.commit_of(parent));
    }
    return store_.add(
        commit_object{std::string(tree_id), std::string(parent), std::string(message)});
  }

  Result<std::string> read_file(std::string_view tree_id, std::string_view path) override {
    DIRECTOR_TRY(const tree files, store_.tree_of(tree_id));
    const entry found = at(files, std::string(path));
    if (found.type == file_type::none) {
      return Error(Errc::NotFound, "there is no '" + std::string(path) + "' in the tree");
    }
    return store_.blob(found.blob);
  }

  // File by file: two sides that changed one file in different lines conflict here.
  Result<director::merge_result> merge(std::string_view base_id, std::string_view our_id,
                                       std::string_view their_id) override {
    DIRECTOR_TRY(const tree base, store_.tree_of(base_id));
    DIRECTOR_TRY(const tree ours, store_.tree_of(our_id));
    DIRECTOR_TRY(const tree theirs, store_.tree_of(their_id));
    tree merged = ours;
    director::merge_result result;
    for (const change& one : compare(base, theirs)) {
      const entry our = at(ours, one.path);
      const entry their = at(theirs, one.path);
      if (our != at(base, one.path) && our != their) {
        result.conflicts.push_back(one.path);
      } else if (their.type == file_type::none) {
        merged.erase(one.path);
      } else {
        merged[one.path] = their;
      }
    }
    // A file cannot stand where the other side has it as a folder.
    for (const auto& [path, one] : merged) {
      const auto beneath = merged.lower_bound(path + "/");
      if (beneath != merged.end() && beneath->first.starts_with(path + "/")) {
        result.conflicts.push_back(path);
      }
    }
    if (result.conflicts.empty()) {
      result.merged = true;
      DIRECTOR_TRY(result.tree, store_.add(merged));
    }
    return result;
  }

  Result<std::vector<change>> changes(std::string_view old_id, std::string_view new_id) override {
    DIRECTOR_TRY(const tree before, store_.tree_of(old_id));
    DIRECTOR_TRY(const tree after, store_.tree_of(new_id));
    return compare(before, after);
  }

  Result<std::string> diff(std::string_view old_id, std::string_view new_id) override {
    DIRECTOR_TRY(const tree before, store_.tree_of(old_id));
    DIRECTOR_TRY(const tree after, store_.tree_of(new_id));
    std::string text;
    for (const change& one : compare(before, after)) {
      const std::string was = store_.blob(at(before, one.path).blob).value_or("");
      const std::string is = store_.blob(at(after, one.path).blob).value_or("");
      if ((was + is).find('\0') != std::string::npos) {
        text += "Binary files a/" + one.path + " and b/" + one.path + " differ\n";
        continue;
      }
      text += "--- a/" + one.path + "\n+++ b/" + one.path + "\n";
      show_lines(text, '-', was);
      show_lines(text, '+', is);
    }
    return text;
  }

  Status checkout(const director::slot& where, std::string_view commit_id, std::string_view tree_id,
                  const std::vector<std::string>& keep) override {
    DIRECTOR_TRY(const commit_object head, store_.commit_of(commit_id));
    const std::string wanted = tree_id.empty() ? head.tree : std::string(tree_id);
    DIRECTOR_TRY(const tree files, store_.tree_of(wanted));
    // Beside the slot, where no agent writes: of which tree its files are.
    const std::string note = where.meta_dir + "/tree";
    const Result<std::string> before = read_bytes(note);
    const tree last = before ? store_.tree_of(*before).value_or(tree()) : tree();
    DIRECTOR_CHECK(write_slot(store_, where.dir, files, last, keep));
    std::error_code error;
    std::filesystem::create_directories(where.meta_dir, error);
    std::ofstream out(note, std::ios::trunc);
    out << wanted << std::flush;
    return out ? director::ok() : Status(Error(Errc::Io, "cannot write '" + note + "'"));
  }

  // What the slot holds against the base tree. Rules for ignoring are the call's: an ignore file
  // that an agent wrote counts for nothing.
  Result<director::snapshot_result> snapshot(const director::slot& where, std::string_view base_id,
                                             const std::vector<std::string>& ignore) override {
    DIRECTOR_TRY(const tree base, store_.tree_of(base_id));
    DIRECTOR_TRY(const slot_content content, read_slot(store_, where.dir, base, ignore));
    director::snapshot_result result;
    result.changes = compare(base, content.files);
    for (const std::string& path : content.others) {
      const entry was = at(base, path);
      std::erase_if(result.changes, [&](const change& one) { return one.path == path; });
      result.changes.push_back(
          {was.type == file_type::none ? change_kind::added : change_kind::modified, path, was.type,
           file_type::other});
    }
    DIRECTOR_TRY(result.tree, store_.add(content.files));
    return result;
  }

 private:
  [[nodiscard]] Result<commit_info> describe(const std::string& id) const {
    DIRECTOR_TRY(const commit_object one, store_.commit_of(id));
    return commit_info{id, one.tree, one.message};
  }

  store store_;
  std::string repo_dir_;
};

}  // namespace

DIRECTOR_PLUGIN(folder_vcs, "@NAME@", "0.1.0")
