#include "cli/bench_profiles.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "cli/settings_files.hpp"
#include "core/base/text.hpp"
#include "core/engine/bench.hpp"
#include "core/plan/names.hpp"

namespace director::cli {
namespace {

/// What is wrong with a profile's name; empty: nothing.
std::string name_problem(const std::string& name) {
  if (plan::id_problem(name)) {
    return "does not fit a branch and a folder: use only letters, digits, '.', '_' and '-'";
  }
  for (const std::string_view suffix : {".toml", ".json", ".jsonl"}) {
    if (text::to_lower(name).ends_with(suffix)) {
      return "must not end with '" + std::string(suffix) +
             "': name a file of .director/profiles "
             "without its ending";
    }
  }
  if (name == kBenchPlanFolder) {
    return "is taken by the bench's own plan: rename the profile";
  }
  return "";
}

Error as_error(const std::string& what, const std::vector<std::string>& problems) {
  return Error(Errc::Invalid, what + ":\n" + text::join(problems, "\n"));
}

}  // namespace

Result<std::vector<std::string>> parse_profile_names(const std::string& list) {
  std::vector<std::string> names;
  std::vector<std::string> problems;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string name(text::trim(std::string_view(list).substr(begin, end - begin)));
    begin = end + 1;
    if (name.empty()) {
      problems.emplace_back("a name is empty: write them as a,b,c");
    } else if (const std::string problem = name_problem(name); !problem.empty()) {
      problems.push_back("profile " + plan::shown(name) + " " + problem);
    } else if (std::find(names.begin(), names.end(), name) != names.end()) {
      problems.push_back("profile " + plan::shown(name) + " stands there twice");
    } else {
      names.push_back(name);
    }
  }
  if (!problems.empty()) {
    return as_error("cannot use the list of profiles", problems);
  }
  return names;
}

std::string default_plan_profile(const std::vector<std::string>& names) {
  const bool listed =
      std::find(names.begin(), names.end(), engine::kBaselineProfile) != names.end();
  return listed ? std::string(engine::kBaselineProfile) : names.front();
}

Result<ProfileSettings> load_profiles(ports::FileStore& files,
                                      const std::filesystem::path& repository,
                                      const CommonOptions& common,
                                      const std::vector<std::string>& names,
                                      std::vector<std::string>& warnings) {
  ProfileSettings profiles;
  std::vector<std::string> problems;
  std::string vcs;
  for (const std::string& name : names) {
    if (profiles.contains(name)) {
      continue;
    }
    CommonOptions own = common;
    own.profile = name;
    Result<config::Loaded> loaded = load_settings(files, repository, own);
    if (!loaded) {
      problems.push_back(loaded.error().message());
      continue;
    }
    for (const std::string& warning : loaded->warnings) {
      if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end()) {
        warnings.push_back(warning);
      }
    }
    const std::string& own_vcs = loaded->settings.plugins.vcs;
    if (!vcs.empty() && own_vcs != vcs) {
      problems.push_back("profile '" + name + "' has plugins.vcs = \"" + own_vcs +
                         "\", another \"" + vcs + "\"; a bench needs one for all");
    }
    vcs = vcs.empty() ? own_vcs : vcs;
    profiles.emplace(name, std::move(loaded->settings));
  }
  if (!problems.empty()) {
    return as_error("cannot use the profiles; nothing was started", problems);
  }
  return profiles;
}

}  // namespace director::cli
