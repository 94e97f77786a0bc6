/// The profiles that a bench compares: their names and settings.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "core/config/settings.hpp"
#include "core/ports/file_store.hpp"
#include "core/ports/log.hpp"
#include "director/result.hpp"

namespace director::cli {

using ProfileSettings = std::map<std::string, config::Settings>;

/// The folder of a bench's plan in .director/bench; no profile has this name.
inline constexpr const char* kBenchPlanFolder = "plan";

/// "a,b,c" as names, each fit for a folder and a branch. Errors: Invalid, every problem at once.
[[nodiscard]] Result<std::vector<std::string>> parse_profile_names(const std::string& list);

/// Who plans unless the person says so: the baseline where it takes part, else the first.
[[nodiscard]] std::string default_plan_profile(const std::vector<std::string>& names);

/// Reads the profiles `names` (duplicates are fine); each stands alone. Their warnings go to
/// `warnings`. Errors: Invalid, every bad profile at once.
[[nodiscard]] Result<ProfileSettings> load_profiles(ports::FileStore& files,
                                                    const std::filesystem::path& repository,
                                                    const CommonOptions& common,
                                                    const std::vector<std::string>& names,
                                                    std::vector<std::string>& warnings);

}  // namespace director::cli
