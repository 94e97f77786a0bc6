#include <fnmatch.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "memory_vcs.hpp"

namespace director::vcs_memory {
namespace {

namespace fs = std::filesystem;

bool is_kept(const std::string& path, const std::vector<std::string>& keep) {
  for (const std::string& folder : keep) {
    if (path == folder) {
      return true;
    }
  }
  return false;
}

bool leads_to_kept(const std::string& path, const std::vector<std::string>& keep) {
  for (const std::string& folder : keep) {
    if (folder.starts_with(path + "/")) {
      return true;
    }
  }
  return false;
}

// Patterns with and without a slash at the end or inside; no negation.
bool is_ignored(const std::string& path, bool is_folder, const std::vector<std::string>& patterns) {
  for (std::string pattern : patterns) {
    if (pattern.ends_with('/')) {
      if (!is_folder) {
        continue;
      }
      pattern.pop_back();
    }
    const bool anchored = pattern.find('/') != std::string::npos;
    if (pattern.starts_with('/')) {
      pattern.erase(0, 1);
    }
    const std::string subject = anchored ? path : fs::path(path).filename().string();
    if (::fnmatch(pattern.c_str(), subject.c_str(), FNM_PATHNAME) == 0) {
      return true;
    }
  }
  return false;
}

Status clear(const fs::path& root, const std::string& prefix,
             const std::vector<std::string>& keep) {
  std::error_code error;
  std::vector<fs::path> names;
  for (const auto& entry : fs::directory_iterator(root / prefix, error)) {
    names.push_back(entry.path());
  }
  for (const fs::path& name : names) {
    const std::string path = name.lexically_relative(root).string();
    const bool is_folder = fs::symlink_status(name, error).type() == fs::file_type::directory;
    if (is_folder && is_kept(path, keep)) {
      continue;
    }
    if (is_folder && leads_to_kept(path, keep)) {
      DIRECTOR_CHECK(clear(root, path, keep));
      if (!fs::is_empty(name, error)) {
        continue;
      }
    }
    fs::remove_all(name, error);
    if (error) {
      return Error(Errc::Io, "cannot remove '" + name.string() + "': " + error.message());
    }
  }
  return ok();
}

bool has_beneath(const Tree& tree, const std::string& folder) {
  const auto beneath = tree.lower_bound(folder + "/");
  return beneath != tree.end() && beneath->first.starts_with(folder + "/");
}

// Of which tree the files in a slot are is beside it, for the next checkout.
fs::path tree_note(const slot& where) { return fs::path(where.meta_dir) / "tree"; }

// No folder on the way is a link, which could lead out of the slot.
bool is_reached_by_folders(const fs::path& root, const fs::path& path) {
  std::error_code error;
  fs::path at = root;
  for (const fs::path& name : path.parent_path()) {
    at /= name;
    if (fs::symlink_status(at, error).type() != fs::file_type::directory) {
      return false;
    }
  }
  return true;
}

// What the last tree had in kept folders and `files` does not is not kept.
void remove_last(const State& state, const slot& where, const Tree& files) {
  std::ifstream note(tree_note(where));
  std::string oid;
  const auto last = note >> oid ? state.trees.find(oid) : state.trees.end();
  if (last == state.trees.end()) {
    return;
  }
  std::error_code error;
  for (const auto& [path, entry] : last->second) {
    if (!files.contains(path) && is_reached_by_folders(where.dir, path)) {
      fs::remove_all(fs::path(where.dir) / path, error);
    }
  }
}

Status write(const State& state, const fs::path& path, const Entry& entry) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  const std::string& bytes = state.blobs.at(entry.blob);
  if (entry.type == file_type::symlink) {
    fs::create_symlink(bytes, path, error);
  } else {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    ::chmod(path.c_str(), entry.type == file_type::executable ? 0755 : 0644);
    if (!file) {
      return Error(Errc::Io, "cannot write '" + path.string() + "'");
    }
  }
  return error ? Status(Error(Errc::Io, "cannot write '" + path.string() + "'")) : ok();
}

class Reader {
 public:
  Reader(State& state, const Tree& base, fs::path root, const std::vector<std::string>& ignore)
      : state_(state), base_(base), root_(std::move(root)), ignore_(ignore) {}

  void read(const std::string& prefix) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(root_ / prefix, error)) {
      const std::string path = entry.path().lexically_relative(root_).string();
      const bool is_folder = entry.symlink_status(error).type() == fs::file_type::directory;
      if (path == ".git" || (!is_tracked(path) && is_ignored(path, is_folder, ignore_))) {
        continue;
      }
      if (!is_folder) {
        file(entry, path);
      } else if (fs::exists(fs::symlink_status(entry.path() / ".git", error))) {
        others_.push_back(path);
      } else {
        read(path);
      }
    }
  }

  [[nodiscard]] const Tree& tree() const { return tree_; }
  /// What no tree can hold.
  [[nodiscard]] const std::vector<std::string>& others() const { return others_; }

 private:
  [[nodiscard]] bool is_tracked(const std::string& path) const {
    return base_.contains(path) || has_beneath(base_, path);
  }

  void file(const fs::directory_entry& entry, const std::string& path) {
    std::error_code error;
    const fs::file_status status = entry.symlink_status(error);
    if (status.type() == fs::file_type::symlink) {
      tree_[path] = {file_type::symlink,
                     state_.add_blob(fs::read_symlink(entry.path(), error).string())};
    } else if (status.type() == fs::file_type::regular) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      const bool runs = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
      tree_[path] = {runs ? file_type::executable : file_type::regular, state_.add_blob(bytes)};
    } else {
      others_.push_back(path);
    }
  }

  State& state_;
  const Tree& base_;
  fs::path root_;
  const std::vector<std::string>& ignore_;
  Tree tree_;
  std::vector<std::string> others_;
};

}  // namespace

Status MemoryVcs::checkout(const slot& where, std::string_view commit, std::string_view tree,
                           const std::vector<std::string>& keep) {
  Store::Access access(*store_);
  DIRECTOR_TRY(const Commit* head, commit_of(access.state(), commit));
  DIRECTOR_TRY(const Tree* files, tree_of(access.state(), tree.empty() ? head->tree : tree));
  std::error_code error;
  fs::create_directories(where.dir, error);
  fs::create_directories(where.meta_dir, error);
  std::vector<std::string> untracked_keep;
  for (const std::string& folder : keep) {
    if (!files->contains(folder) && !has_beneath(*files, folder)) {
      untracked_keep.push_back(folder);
    }
  }
  DIRECTOR_CHECK(clear(where.dir, "", untracked_keep));
  remove_last(access.state(), where, *files);
  std::ofstream(tree_note(where)) << (tree.empty() ? std::string_view(head->tree) : tree) << "\n";
  for (const auto& [path, entry] : *files) {
    DIRECTOR_CHECK(write(access.state(), fs::path(where.dir) / path, entry));
  }
  return ok();
}

Result<snapshot_result> MemoryVcs::snapshot(const slot& where, std::string_view base_tree,
                                            const std::vector<std::string>& ignore) {
  Store::Access access(*store_);
  DIRECTOR_TRY(const Tree* base, tree_of(access.state(), base_tree));
  Reader reader(access.state(), *base, where.dir, ignore);
  reader.read("");
  snapshot_result result;
  result.changes = compare(*base, reader.tree());
  for (const std::string& path : reader.others()) {
    const auto was = base->find(path);
    std::erase_if(result.changes, [&](const change& one) { return one.path == path; });
    result.changes.push_back({was == base->end() ? change_kind::added : change_kind::modified, path,
                              was == base->end() ? file_type::none : was->second.type,
                              file_type::other});
  }
  result.tree = access.state().add_tree(reader.tree());
  DIRECTOR_CHECK(access.save());
  return result;
}

}  // namespace director::vcs_memory
