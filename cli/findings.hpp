/// What `director doctor` finds, and the judgements that need nothing but data. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/settings.hpp"
#include "director/vcs.hpp"

namespace director::cli {

enum class Level : std::uint8_t {
  Ok,
  Note,     ///< worth knowing, nothing to mend
  Warning,  ///< works, but not as well as it could
  Problem   ///< a job cannot be done
};

/// "ok", "note", "warning", "problem"
[[nodiscard]] std::string_view to_string(Level level);

struct Finding {
  Level level = Level::Ok;
  std::string topic;  ///< "repository"
  std::string text;
  std::string fix;  ///< how to mend it; empty where there is nothing to mend
};

/// Lines for a terminal.
[[nodiscard]] std::string finding_text(const Finding& finding);
/// "2 warnings, 1 problem"
[[nodiscard]] std::string summary_text(const std::vector<Finding>& findings);
[[nodiscard]] std::string findings_json(const std::vector<Finding>& findings);
[[nodiscard]] bool has_problem(const std::vector<Finding>& findings);

/// What a runner's probe says: the tool's version, and which tiers' models it does not know.
/// `tiers`: those of this runner.
[[nodiscard]] std::vector<Finding> judge_probe(std::string_view probe_json,
                                               const std::string& runner,
                                               const std::map<config::Role, config::Tier>& tiers);

struct RepositoryFacts {
  director::checkout_state checkout;
  std::vector<std::string> branches;  ///< refs under refs/heads/director/
  std::string job_branch;             ///< of the present job, short; empty: there is none
};
[[nodiscard]] std::vector<Finding> judge_repository(const RepositoryFacts& facts);

/// `bytes`: free for this user.
[[nodiscard]] Finding judge_space(const std::string& what, const std::string& path,
                                  std::uintmax_t bytes);

}  // namespace director::cli
