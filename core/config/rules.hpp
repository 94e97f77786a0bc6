/// What load() checks once all sources are in. Only core/config/*.cpp include this.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/entries.hpp"
#include "core/config/settings.hpp"

namespace director::config {

struct Draft {
  Settings settings;
  std::map<std::string, Origin> origins;            ///< by dotted key
  std::map<std::string, std::string> plugin_items;  ///< by dotted key, as TOML
  std::set<std::string> gate_names;                 ///< of [gates], those that are skipped as well
  std::set<std::string> wrong;                      ///< dotted keys with an unfit value
  bool unreadable = false;                          ///< a source could not be read at all
  std::vector<Complaint> complaints;
  std::vector<std::string> warnings;
};

[[nodiscard]] const std::vector<std::string>& table_names();

/// ", did you mean 'limits.max_attempts'?" or nothing.
[[nodiscard]] std::string suggestion(const std::vector<std::string>& path);

/// A warning for DIRECTOR_LIMITS_MAX_ATTEMPTS, which lacks an underscore.
[[nodiscard]] std::optional<std::string> misspelt_variable(std::string_view name);

/// Adds complaints and warnings about what does not fit together. `file` is where a missing key
/// would be added.
void check_together(Draft& draft, const std::string& file);

}  // namespace director::config
