/// Which library files may be loaded at all.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "director/result.hpp"

namespace director::plugin {

struct TrustRules {
  uid_t user = 0;                     ///< the effective user; root is always trusted
  std::filesystem::path repository;   ///< nothing in here, wherever it was named; empty: none
  std::filesystem::path working_dir;  ///< nothing directly in here when found by a search
};

/// Loading a library is running its code, so nobody but root and the user may be able to change
/// what is loaded:
///
/// - The file, and every folder from the root to it, belongs to root or the user.
/// - None of them is writable by others or by a group, save the user's own private group.
/// - A sticky folder (/tmp) above is fine, since others cannot replace what is the user's in it;
///   it is not fine as the library's own folder.
/// - All of this holds for the folder that the file was named in and, symbolic links followed, for
///   the file itself.
///
/// And, as agents write there: the file is not in the repository, and not in the current folder
/// unless its path was given explicitly. Errors: NotFound; Invalid with the culprit and what to do.
[[nodiscard]] Status check_trust(const std::filesystem::path& file, bool found_by_search,
                                 const TrustRules& rules);

}  // namespace director::plugin
