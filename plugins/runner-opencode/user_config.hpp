/// The user's own OpenCode configuration, reduced to what a call needs of it: its providers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "director/result.hpp"

namespace runner_opencode {

/// A configuration file as read: JSON with comments and trailing commas.
struct ConfigText {
  std::string path;  ///< absolute; relative {file:...} references start in its folder
  std::string text;
};

/// What OpenCode is to be given. Contents are JSON.
struct CallConfig {
  std::string config;
  std::string auth;                ///< empty: none
  bool needs_catalogue = true;     ///< the provider is not wholly defined by the user's files
  bool openai_compatible = false;  ///< other parameters of an agent reach the endpoint
};

struct ModelName {
  std::string provider;
  std::string model;
};

/// "provider/model"; the model may hold further slashes.
[[nodiscard]] std::optional<ModelName> split_model(std::string_view model);

/// How much of the model's provider goes into the configuration.
enum class KeptModels : std::uint8_t { One, All };

/// Pure. `files` in ascending precedence. `model` absent: every provider is kept (for a listing).
/// `force_temperature`: a temperature is to be sent even if the model's entry does not say that it
/// takes one. Errors: Invalid, naming the file.
[[nodiscard]] director::Result<CallConfig> make_call_config(const std::vector<ConfigText>& files,
                                                            const std::string& auth_json,
                                                            const std::optional<ModelName>& model,
                                                            bool force_temperature,
                                                            KeptModels kept = KeptModels::One);

/// Where the user's own settings are, from the environment of this process.
struct UserFolders {
  std::string home;
  std::string config;  ///< .../opencode
  std::string data;    ///< .../opencode
  std::string cache;   ///< .../opencode
};
[[nodiscard]] UserFolders user_folders();

/// The files that OpenCode would read for `repo_dir`, those that exist: the user's global ones, the
/// file that OPENCODE_CONFIG names, the repository's. Errors: Io.
[[nodiscard]] director::Result<std::vector<ConfigText>> read_user_config(
    const UserFolders& folders, const std::string& repo_dir);

/// The user's stored credentials as JSON; empty if there are none.
[[nodiscard]] std::string read_user_auth(const UserFolders& folders);

}  // namespace runner_opencode
