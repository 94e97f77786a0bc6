#include "cli/repository.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <system_error>

#include "core/engine/kept.hpp"
#include "core/platform/paths.hpp"

namespace director::cli {

namespace fs = std::filesystem;

namespace {

/// How the file begins that is `.git` where the folder is elsewhere.
constexpr std::string_view kGitDir = "gitdir: ";

std::string first_line(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string line;
  std::getline(in, line);
  return line;
}

/// As git looks for it: upwards, and past what only has the name.
fs::path checkout_of(const fs::path& repository) {
  for (fs::path folder = repository; folder != folder.root_path(); folder = folder.parent_path()) {
    std::error_code error;
    if (fs::exists(folder / ".git" / "HEAD", error) ||
        first_line(folder / ".git").starts_with(kGitDir)) {
      return folder;
    }
  }
  return repository;
}

}  // namespace

Result<fs::path> find_repository(const std::string& path) {
  std::error_code error;
  const fs::path start = fs::canonical(path, error);
  if (error || !fs::is_directory(start, error)) {
    return Error(Errc::NotFound, "cannot use repository '" + path + "': there is no such folder");
  }
  for (fs::path folder = start;; folder = folder.parent_path()) {
    if (fs::exists(folder / ".git", error) || fs::exists(folder / ".director", error)) {
      return folder;
    }
    if (folder == folder.root_path()) {
      return start;
    }
  }
}

Result<engine::Folders> folders_of(const fs::path& repository) {
  DIRECTOR_TRY(const platform::UserFolders user, platform::user_folders());
  DIRECTOR_TRY(const fs::path cache, platform::repository_cache(user.cache, repository));
  return engine::Folders{repository, repository / ".director", cache};
}

GitFolders git_folders_of(const fs::path& repository) {
  const fs::path checkout = checkout_of(repository);
  GitFolders git{checkout, checkout / ".git", checkout / ".git"};
  if (const std::string line = first_line(git.own); line.starts_with(kGitDir)) {
    git.own = checkout / line.substr(kGitDir.size());
    const std::string common = first_line(git.own / "commondir");
    git.shared = common.empty() ? git.own : git.own / common;
  }
  return git;
}

Status make_state_folder(ports::FileStore& files, const engine::Folders& folders) {
  const fs::path ignore = folders.state / ".gitignore";
  std::error_code error;
  if (fs::exists(ignore, error)) {
    return ok();
  }
  return files.write(ignore, "*\n!.gitignore\n!config.toml\n!profiles/\n!profiles/*.toml\n");
}

Status archive_job(ports::FileStore& files, const engine::Folders& folders,
                   const std::string& job) {
  static constexpr std::array<const char*, 9> kFiles{
      "recon.md",      "spec.md", "plan_stage.json", "plan.json", "state.json", "costs.jsonl",
      "metrics.jsonl", "logs",    "journal.jsonl"};
  // An earlier job of this name stays as it is, and so do the parts of one.
  const auto is_taken = [&](const fs::path& history) {
    std::error_code error;
    return fs::exists(history / kFiles.back(), error) ||
           std::any_of(kFiles.begin(), kFiles.end(), [&](const char* name) {
             return fs::exists(history / name, error) && fs::exists(folders.state / name, error);
           });
  };
  const fs::path plain = folders.state / "history" / engine::ref_part(job);
  fs::path history = plain;
  for (int i = 2; is_taken(history); ++i) {
    history = plain.string() + "-" + std::to_string(i);
  }
  for (const char* name : kFiles) {
    Status moved = files.move(folders.state / name, history / name);
    if (!moved && moved.error().code() != Errc::NotFound) {
      return moved;
    }
  }
  return ok();
}

}  // namespace director::cli
