#include "director/plugin.hpp"

#include "git_vcs.hpp"

DIRECTOR_PLUGIN(director::vcs_git::GitVcs, "vcs-git", "1.0")
