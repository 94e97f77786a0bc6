/// What the repository tells agents, read from a tree.
#pragma once

#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/engine/prompts.hpp"
#include "director/vcs.hpp"

namespace director::engine {

/// AGENTS.md, or CLAUDE.md where there is none, of the root and of every folder above `paths`.
[[nodiscard]] std::vector<Guidance> read_guidance(director::vcs& vcs, const Oid& tree,
                                                  const std::vector<std::string>& paths);

}  // namespace director::engine
