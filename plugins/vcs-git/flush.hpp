/// Making objects survive a power loss, and no others: what a ref is about to need.
#pragma once

#include <string>
#include <vector>

#include "object_store.hpp"
#include "types.hpp"

namespace director::vcs_git {

/// Every object that commit `to` needs and commit `from` does not, commits and folders included; it
/// may name some that `from` needs as well. Costs what differs. Errors: Conflict where `from` is
/// not found among the ancestors of `to`, by all of their lines and within a thousand commits.
[[nodiscard]] Result<std::vector<Oid>> objects_between(const ObjectStore& store, const Oid& from,
                                                       const Oid& to);

/// Flushes those of `objects` that are files of their own in `objects_dir`, names included. Others
/// are in packs, which whoever makes them flushes. Errors: Io.
[[nodiscard]] Status flush_loose(const std::string& objects_dir, const std::vector<Oid>& objects);

}  // namespace director::vcs_git
