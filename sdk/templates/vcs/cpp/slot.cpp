#include "slot.hpp"

#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;
using director::Errc;
using director::Error;
using director::file_type;
using director::Result;
using director::Status;

namespace {

bool has_beneath(const tree& files, const std::string& folder) {
  const auto first = files.lower_bound(folder + "/");
  return first != files.end() && first->first.starts_with(folder + "/");
}

Status clear(const fs::path& root, const std::string& prefix,
             const std::vector<std::string>& keep) {
  std::error_code error;
  std::vector<fs::path> names;
  for (const auto& one : fs::directory_iterator(root / prefix, error)) {
    names.push_back(one.path());
  }
  for (const fs::path& name : names) {
    const std::string path = name.lexically_relative(root).string();
    const bool is_folder = fs::symlink_status(name, error).type() == fs::file_type::directory;
    const bool is_kept = std::find(keep.begin(), keep.end(), path) != keep.end();
    const bool leads_to_kept =
        std::any_of(keep.begin(), keep.end(),
                    [&](const std::string& folder) { return folder.starts_with(path + "/"); });
    if (is_folder && is_kept) {
      continue;
    }
    if (is_folder && leads_to_kept) {
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
  return director::ok();
}

// Whether no folder on the way is a link, which could lead out of the slot.
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

Status write_entry(const store& from, const fs::path& path, const entry& one) {
  DIRECTOR_TRY(const std::string bytes, from.blob(one.blob));
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (one.type == file_type::symlink) {
    fs::create_symlink(bytes, path, error);
  } else {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << bytes;
    file.close();
    ::chmod(path.c_str(), one.type == file_type::executable ? 0755 : 0644);
    error = file ? error : std::make_error_code(std::errc::io_error);
  }
  return error ? Status(Error(Errc::Io, "cannot write '" + path.string() + "'")) : director::ok();
}

// Patterns with and without a slash in them or at their end; no "!" and no "**".
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

Status read_folder(const store& into, const fs::path& root, const std::string& prefix,
                   const tree& base, const std::vector<std::string>& ignore, slot_content& out) {
  std::error_code unreadable;
  for (const auto& one : fs::directory_iterator(root / prefix, unreadable)) {
    std::error_code error;
    const std::string path = one.path().lexically_relative(root).string();
    const fs::file_status status = one.symlink_status(error);
    const bool is_folder = status.type() == fs::file_type::directory;
    const bool is_tracked = base.contains(path) || has_beneath(base, path);
    if (path == ".git" || (!is_tracked && is_ignored(path, is_folder, ignore))) {
      continue;
    }
    if (is_folder && fs::exists(fs::symlink_status(one.path() / ".git", error))) {
      out.others.push_back(path);  // a repository in the repository
    } else if (is_folder) {
      DIRECTOR_CHECK(read_folder(into, root, path, base, ignore, out));
    } else if (status.type() == fs::file_type::symlink) {
      DIRECTOR_TRY(std::string id, into.add("blob", fs::read_symlink(one.path(), error).string()));
      out.files[path] = {file_type::symlink, std::move(id)};
    } else if (status.type() == fs::file_type::regular) {
      DIRECTOR_TRY(const std::string bytes, read_bytes(one.path().string()));
      DIRECTOR_TRY(std::string id, into.add("blob", bytes));
      const bool runs = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
      out.files[path] = {runs ? file_type::executable : file_type::regular, std::move(id)};
    } else {
      out.others.push_back(path);
    }
  }
  return unreadable ? Status(Error(Errc::Io, "cannot read '" + (root / prefix).string() +
                                                 "': " + unreadable.message()))
                    : director::ok();
}

}  // namespace

Status write_slot(const store& from, const std::string& folder, const tree& files, const tree& last,
                  const std::vector<std::string>& keep) {
  std::error_code error;
  fs::create_directories(folder, error);
  // A folder that has files of the tree is the tree's: what else is in there goes.
  std::vector<std::string> untracked;
  for (const std::string& one : keep) {
    if (!files.contains(one) && !has_beneath(files, one)) {
      untracked.push_back(one);
    }
  }
  DIRECTOR_CHECK(clear(folder, "", untracked));
  for (const auto& [path, one] : last) {
    if (!files.contains(path) && is_reached_by_folders(folder, path)) {
      fs::remove_all(fs::path(folder) / path, error);
    }
  }
  for (const auto& [path, one] : files) {
    DIRECTOR_CHECK(write_entry(from, fs::path(folder) / path, one));
  }
  return director::ok();
}

Result<slot_content> read_slot(const store& into, const std::string& folder, const tree& base,
                               const std::vector<std::string>& ignore) {
  slot_content content;
  DIRECTOR_CHECK(read_folder(into, folder, "", base, ignore, content));
  return content;
}
