#include "core/plugin/trust.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace director::plugin {
namespace {

namespace fs = std::filesystem;

Error refused(const fs::path& file, const std::string& why) {
  return Error(Errc::Invalid, "refused '" + file.string() + "': " + why);
}

/// The group that some systems give each user alone.
bool is_private_group(gid_t group, uid_t user) {
  std::array<char, 4096> user_buffer{};
  struct passwd user_entry {};
  struct passwd* found_user = nullptr;
  std::array<char, 4096> group_buffer{};
  struct group group_entry {};
  struct group* found_group = nullptr;
  if (::getpwuid_r(user, &user_entry, user_buffer.data(), user_buffer.size(), &found_user) != 0 ||
      ::getgrgid_r(group, &group_entry, group_buffer.data(), group_buffer.size(), &found_group) !=
          0 ||
      found_user == nullptr || found_group == nullptr) {
    return false;
  }
  return found_user->pw_gid == group &&
         std::strcmp(found_user->pw_name, found_group->gr_name) == 0 &&
         (found_group->gr_mem == nullptr || found_group->gr_mem[0] == nullptr);
}

Status check_node(const fs::path& file, const fs::path& node, bool sticky_will_do, uid_t user) {
  struct stat info {};
  if (::stat(node.c_str(), &info) != 0) {
    return refused(file, "cannot look at '" + node.string() + "'");
  }
  const std::string name = (S_ISDIR(info.st_mode) ? "its folder '" : "'") + node.string() + "'";
  if (info.st_uid != 0 && info.st_uid != user) {
    return refused(file, name + " belongs to another user");
  }
  if (sticky_will_do && (info.st_mode & S_ISVTX) != 0) {
    return ok();
  }
  if ((info.st_mode & S_IWOTH) != 0) {
    return refused(file, name + " is writable by others; run: chmod o-w '" + node.string() + "'");
  }
  if ((info.st_mode & S_IWGRP) != 0 && info.st_gid != 0 && !is_private_group(info.st_gid, user)) {
    return refused(file,
                   name + " is writable by its group; run: chmod g-w '" + node.string() + "'");
  }
  return ok();
}

/// `folder` is canonical.
Status check_folders(const fs::path& file, const fs::path& folder, uid_t user) {
  fs::path node = folder;
  for (bool own = true;; own = false) {
    DIRECTOR_CHECK(check_node(file, node, !own, user));
    if (node == node.root_path()) {
      return ok();
    }
    node = node.parent_path();
  }
}

bool is_within(const fs::path& path, const fs::path& folder) {
  const fs::path relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

Status check_place(const fs::path& file, const fs::path& place, bool found_by_search,
                   const TrustRules& rules) {
  std::error_code error;
  if (!rules.repository.empty() &&
      is_within(place, fs::weakly_canonical(rules.repository, error))) {
    return refused(file,
                   "it is inside the repository, where agents' work ends up; install it "
                   "somewhere else");
  }
  if (found_by_search && !rules.working_dir.empty() &&
      place == fs::weakly_canonical(rules.working_dir, error)) {
    return refused(file,
                   "plugins are never taken from the current folder; name the file in "
                   "plugins.path if it is meant");
  }
  return ok();
}

}  // namespace

Status check_trust(const fs::path& file, bool found_by_search, const TrustRules& rules) {
  std::error_code error;
  const fs::path canonical = fs::canonical(file, error);
  const fs::path named_in = fs::canonical(fs::absolute(file).parent_path(), error);
  if (error || canonical.empty()) {
    return Error(Errc::NotFound, "cannot find plugin '" + file.string() + "'");
  }
  if (!fs::is_regular_file(canonical, error)) {
    return refused(file, "it is not a file");
  }
  for (const fs::path& folder : {named_in, canonical.parent_path()}) {
    DIRECTOR_CHECK(check_place(file, folder, found_by_search, rules));
    DIRECTOR_CHECK(check_folders(file, folder, rules.user));
  }
  return check_node(file, canonical, false, rules.user);
}

}  // namespace director::plugin
