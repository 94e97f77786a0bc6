#include "cli/containment.hpp"

#include <utility>

#include "core/base/text.hpp"
#include "core/platform/cgroup_files.hpp"

namespace director::cli {
namespace {

Result<std::unique_ptr<platform::Cgroups>> open_groups(const platform::ResourceLimits& limits) {
  DIRECTOR_TRY(const std::string own, platform::own_cgroup());
  return platform::Cgroups::open(own, limits);
}

/// The keys that ask for something.
std::string asked_for(const platform::ResourceLimits& limits) {
  std::vector<std::string> keys;
  if (limits.memory_mb > 0) {
    keys.emplace_back("limits.memory_mb");
  }
  if (limits.processes > 0) {
    keys.emplace_back("limits.processes");
  }
  if (limits.cpus > 0) {
    keys.emplace_back("limits.cpus");
  }
  return text::join(keys, ", ");
}

}  // namespace

Containment contain(const config::Limits& limits) {
  const platform::ResourceLimits wanted{limits.memory_mb, limits.processes, limits.cpus};
  Containment made;
  Result<std::unique_ptr<platform::Cgroups>> groups = open_groups(wanted);
  if (groups) {
    made.groups = std::move(groups).value();
    made.not_enforced = made.groups->missing();
    return made;
  }
  made.why_not = groups.error().message();
  if (wanted.any()) {
    made.not_enforced.push_back(asked_for(wanted) + ": " + made.why_not);
  }
  return made;
}

Finding containment_finding(const Containment& containment) {
  if (!containment.not_enforced.empty()) {
    return {Level::Warning, "limits", "not enforced: " + text::join(containment.not_enforced, "; "),
            "or take them out of [limits]"};
  }
  if (containment.groups == nullptr) {
    return {Level::Note, "limits",
            "no limits on memory, processes and processors: " + containment.why_not, ""};
  }
  const platform::ResourceLimits& limits = containment.groups->limits();
  return {Level::Ok, "limits",
          "each command has a control group of its own" +
              (limits.any() ? ", held to " + asked_for(limits) : std::string()),
          ""};
}

}  // namespace director::cli
