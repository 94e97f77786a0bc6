#include "memory_vcs.hpp"

#include <algorithm>
#include <sstream>

#include "text.hpp"

namespace director::vcs_memory {
namespace {

bool is_ours(std::string_view name) {
  for (const std::string_view prefix : {"refs/heads/director/", "refs/director/"}) {
    if (name.starts_with(prefix) && name.size() > prefix.size()) {
      return name.find("..") == std::string_view::npos &&
             name.find(' ') == std::string_view::npos && !name.ends_with('/');
    }
  }
  return false;
}

commit_info describe(const State& state, const std::string& oid) {
  const Commit& commit = state.commits.at(oid);
  return {oid, commit.tree, commit.message};
}

void show_lines(std::string& text, char sign, const std::string& bytes) {
  std::istringstream lines(bytes);
  for (std::string line; std::getline(lines, line);) {
    text += sign + line + "\n";
  }
}

Entry at(const Tree& tree, const std::string& path) {
  const auto found = tree.find(path);
  return found == tree.end() ? Entry{} : found->second;
}

// A file cannot stand where others have it as a folder.
void add_overlaps(const Tree& tree, std::vector<std::string>& conflicts) {
  for (const auto& [path, entry] : tree) {
    const auto beneath = tree.lower_bound(path + "/");
    if (beneath != tree.end() && beneath->first.starts_with(path + "/")) {
      conflicts.push_back(path);
    }
  }
}

}  // namespace

Result<const Tree*> tree_of(const State& state, std::string_view oid) {
  const auto found = state.trees.find(std::string(oid));
  if (found == state.trees.end()) {
    return Error(Errc::NotFound, "cannot read tree '" + std::string(oid) + "': there is none");
  }
  return &found->second;
}

Result<const Commit*> commit_of(const State& state, std::string_view oid) {
  const auto found = state.commits.find(std::string(oid));
  if (found == state.commits.end()) {
    return Error(Errc::NotFound, "cannot read commit '" + std::string(oid) + "': there is none");
  }
  return &found->second;
}

std::vector<change> compare(const Tree& before, const Tree& after) {
  std::vector<change> changes;
  Tree all = before;
  all.insert(after.begin(), after.end());
  for (const auto& [path, ignored] : all) {
    const Entry was = at(before, path);
    const Entry is = at(after, path);
    if (was == is) {
      continue;
    }
    change_kind kind = change_kind::modified;
    if (was.type == file_type::none) {
      kind = change_kind::added;
    } else if (is.type == file_type::none) {
      kind = change_kind::deleted;
    }
    changes.push_back({kind, path, was.type, is.type});
  }
  return changes;
}

Result<std::unique_ptr<MemoryVcs>> MemoryVcs::create(const instance_info& info, host&) {
  DIRECTOR_TRY(std::shared_ptr<Store> store, Store::open(info.repo_dir, info.cache_dir));
  return std::unique_ptr<MemoryVcs>(new MemoryVcs(std::move(store), info.repo_dir));
}

Result<commit_info> MemoryVcs::resolve(std::string_view revision) {
  Store::Access access(*store_);
  const State& state = access.state();
  const std::string name = revision == "HEAD" ? "main" : std::string(revision);
  for (const std::string& full : {name, "refs/heads/" + name}) {
    if (const auto found = state.refs.find(full); found != state.refs.end()) {
      return describe(state, found->second);
    }
  }
  if (state.commits.contains(name)) {
    return describe(state, name);
  }
  return Error(Errc::NotFound, "cannot resolve '" + name + "': no commit has that name");
}

Result<std::vector<ref>> MemoryVcs::list_refs(std::string_view prefix) {
  Store::Access access(*store_);
  std::vector<ref> refs;
  for (const auto& [name, oid] : access.state().refs) {
    if (name.starts_with(prefix)) {
      refs.push_back({name, oid});
    }
  }
  return refs;
}

Status MemoryVcs::update_ref(std::string_view name, std::string_view expected,
                             std::string_view desired) {
  const std::string key(name);
  if (!is_ours(name)) {
    return Error(Errc::Invalid, "cannot update ref '" + key + "': not under director/");
  }
  Store::Access access(*store_);
  State& state = access.state();
  if (!desired.empty()) {
    DIRECTOR_CHECK(commit_of(state, desired));
  }
  const auto found = state.refs.find(key);
  const std::string current = found == state.refs.end() ? "" : found->second;
  if (current != expected) {
    return Error(Errc::Conflict, "cannot update ref '" + key + "': it is '" + current + "', not '" +
                                     std::string(expected) + "'");
  }
  if (desired.empty()) {
    state.refs.erase(key);
  } else {
    state.refs[key] = desired;
  }
  return access.save();
}

Result<std::vector<commit_info>> MemoryVcs::history(std::string_view tip, std::string_view base) {
  Store::Access access(*store_);
  const State& state = access.state();
  if (!base.empty()) {
    DIRECTOR_CHECK(commit_of(state, base));
  }
  std::vector<commit_info> commits;
  for (std::string oid(tip); oid != base;) {
    if (oid.empty()) {
      return Error(Errc::Conflict, "cannot list commits down to '" + std::string(base) +
                                       "': it is no first-parent ancestor");
    }
    DIRECTOR_TRY(const Commit* commit, commit_of(state, oid));
    commits.push_back(describe(state, oid));
    oid = commit->parent;
  }
  return commits;
}

Result<checkout_state> MemoryVcs::user_checkout() {
  DIRECTOR_TRY(const commit_info head, resolve("HEAD"));
  Store::Access access(*store_);
  State scratch;
  const Tree now = import_folder(scratch, repo_dir_);
  checkout_state state;
  for (const auto& [path, entry] : access.state().trees.at(head.tree)) {
    state.uncommitted = state.uncommitted || at(now, path) != entry;
  }
  return state;
}

Result<std::string> MemoryVcs::commit(std::string_view tree, std::string_view parent,
                                      std::string_view message) {
  Store::Access access(*store_);
  DIRECTOR_CHECK(tree_of(access.state(), tree));
  if (!parent.empty()) {
    DIRECTOR_CHECK(commit_of(access.state(), parent));
  }
  const std::string oid =
      access.state().add_commit({std::string(tree), std::string(parent), std::string(message)});
  DIRECTOR_CHECK(access.save());
  return oid;
}

Result<std::string> MemoryVcs::read_file(std::string_view tree, std::string_view path) {
  Store::Access access(*store_);
  DIRECTOR_TRY(const Tree* files, tree_of(access.state(), tree));
  const auto found = files->find(std::string(path));
  if (found == files->end()) {
    return Error(Errc::NotFound, "cannot read file '" + std::string(path) + "': not in the tree");
  }
  return access.state().blobs.at(found->second.blob);
}

Result<merge_result> MemoryVcs::merge(std::string_view base_tree, std::string_view our_tree,
                                      std::string_view their_tree) {
  Store::Access access(*store_);
  DIRECTOR_TRY(const Tree* base, tree_of(access.state(), base_tree));
  DIRECTOR_TRY(const Tree* ours, tree_of(access.state(), our_tree));
  DIRECTOR_TRY(const Tree* theirs, tree_of(access.state(), their_tree));
  Tree merged = *ours;
  merge_result result;
  for (const change& one : compare(*base, *theirs)) {
    const Entry was = at(*base, one.path);
    const Entry our = at(*ours, one.path);
    const Entry their = at(*theirs, one.path);
    if (our != was && our != their) {
      result.conflicts.push_back(one.path);
    } else if (their.type == file_type::none) {
      merged.erase(one.path);
    } else {
      merged[one.path] = their;
    }
  }
  add_overlaps(merged, result.conflicts);
  if (result.conflicts.empty()) {
    result.merged = true;
    result.tree = access.state().add_tree(merged);
    DIRECTOR_CHECK(access.save());
  }
  return result;
}

Result<std::vector<change>> MemoryVcs::changes(std::string_view old_tree,
                                               std::string_view new_tree) {
  Store::Access access(*store_);
  DIRECTOR_TRY(const Tree* before, tree_of(access.state(), old_tree));
  DIRECTOR_TRY(const Tree* after, tree_of(access.state(), new_tree));
  return compare(*before, *after);
}

Result<std::string> MemoryVcs::diff(std::string_view old_tree, std::string_view new_tree) {
  Store::Access access(*store_);
  const State& state = access.state();
  DIRECTOR_TRY(const Tree* before, tree_of(state, old_tree));
  DIRECTOR_TRY(const Tree* after, tree_of(state, new_tree));
  std::string text;
  for (const change& one : compare(*before, *after)) {
    const auto bytes = [&](const Tree& tree) {
      const Entry entry = at(tree, one.path);
      return entry.type == file_type::none ? std::string() : state.blobs.at(entry.blob);
    };
    const std::string was = bytes(*before);
    const std::string is = bytes(*after);
    const bool is_binary = (was + is).find('\0') != std::string::npos;
    if (is_binary && !(plugin_support::is_nearly_text(was) && plugin_support::is_nearly_text(is))) {
      text += "Binary files a/" + one.path + " and b/" + one.path + " differ\n";
      continue;
    }
    text += "--- a/" + one.path + "\n+++ b/" + one.path + "\n";
    show_lines(text, '-', was);
    show_lines(text, '+', is);
  }
  return text;
}

}  // namespace director::vcs_memory
