/// Where people and their tools keep what opens other doors.
#pragma once

#include <string>
#include <vector>

namespace director::cli {

/// Absolute names, normal, each once; whether there is such a thing is another matter.
struct PlacesOfSecrets {
  std::vector<std::string> usual;  ///< below the home folder and /run
  /// What variables name beside those, which may be anything: folders and what lies in such a
  /// folder, and files.
  std::vector<std::string> folders;
  std::vector<std::string> files;
};

/// `environment`: "NAME=value" each. Files of variables that are named in `passed`, where a
/// trailing '*' matches a prefix, are left out. Relative values count for nothing.
[[nodiscard]] PlacesOfSecrets places_of_secrets(const std::vector<std::string>& environment,
                                                const std::vector<std::string>& passed);

}  // namespace director::cli
