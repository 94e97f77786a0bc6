/// The agents' prompts, where the repository or this installation has them.
#pragma once

#include <array>
#include <filesystem>

#include "core/engine/services.hpp"
#include "core/ports/file_store.hpp"
#include "director/result.hpp"

namespace director::cli {

inline constexpr std::array<const char*, 6> kAgents{"brainstorm",  "planner",  "explorer",
                                                    "test-author", "executor", "reviewer"};

/// Where a repository keeps its own prompts.
[[nodiscard]] std::filesystem::path own_agents(const std::filesystem::path& repository);

/// The repository's own prompts where it has them, else the installed ones. Errors: NotFound, Io.
[[nodiscard]] Result<engine::RolePrompts> read_prompts(ports::FileStore& files,
                                                       const std::filesystem::path& repository);

}  // namespace director::cli
