/// Objects that a power cut has left without their bytes.
#pragma once

#include <cstddef>
#include <string>

namespace director::vcs_git {

/// Removes files of loose objects that are empty, which no object is: libgit2 takes them for
/// written ones, and would never write them again. Looks at every loose object. How many went.
std::size_t remove_empty_objects(const std::string& objects_dir);

}  // namespace director::vcs_git
