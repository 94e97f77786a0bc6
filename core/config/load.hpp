/// From configuration texts to Settings. Pure: the caller reads files and environment.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/config/settings.hpp"
#include "director/result.hpp"

namespace director::config {

struct SourceFile {
  std::string path;  ///< as messages show it
  std::string text;
};

/// Later members override earlier ones. A profile stands alone: with one, `user` and `repository`
/// are not read.
struct Sources {
  std::optional<SourceFile> user;
  std::optional<SourceFile> repository;
  std::optional<SourceFile> profile;
  /// Variables with their values, all that there are. DIRECTOR_<TABLE>__<KEY> sets <table>.<key>:
  /// two underscores part the names, letters become small, and in a plugin's id '_' becomes '-', so
  /// DIRECTOR_PLUGIN__RUNNER_OPENCODE__COMMAND sets plugin.runner-opencode.command. Variables
  /// without two underscores behind DIRECTOR_<TABLE> (DIRECTOR_PLUGIN_PATH) mean something else.
  std::vector<std::pair<std::string, std::string>> environment;
  /// "limits.max_attempts=2". Here and in variables a value is TOML or else a plain string.
  std::vector<std::string> overrides;
};

/// One effective value, for `director config`.
struct Item {
  std::string key;    ///< "limits.max_attempts"
  std::string value;  ///< as TOML
  Origin origin;
};

struct Loaded {
  Settings settings;
  std::vector<Item> items;            ///< sorted by key; defaults too
  std::vector<std::string> warnings;  ///< each a line
};

/// Errors: Invalid with every problem at once, a line each: `path:line:column: <message>`, or with
/// the variable's name or `--set <key>` in front. [plugin.<id>] tables are only collected;
/// check_plugin_config() judges them.
[[nodiscard]] Result<Loaded> load(const Sources& sources);

/// "path:line:column", or only what there is of it.
[[nodiscard]] std::string to_string(const Origin& origin);

}  // namespace director::config
