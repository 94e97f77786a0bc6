#include "cli/places_of_secrets.hpp"

#include <algorithm>
#include <string_view>

#include "core/base/nesting.hpp"
#include "core/platform/environment.hpp"
#include "core/platform/paths.hpp"

namespace director::cli {
namespace {

constexpr std::string_view kUsual[] = {
    // keys and logins of the machine's own tools
    "~/.ssh", "~/.gnupg", "~/.netrc", "~/.pgpass", "~/.my.cnf", "~/.password-store", "~/.config/op",
    "~/.1password", "~/.Xauthority", "~/.config/sops/age", "~/.config/rclone",
    "~/.local/share/keyrings", "~/.vault-token", "~/.terraform.d/credentials.tfrc.json",
    // git and its hosts; who reaches the socket of git's cache is told what is in there
    "~/.git-credentials", "~/.config/git/credentials", "~/.git-credential-cache",
    "~/.cache/git/credential", "~/.config/gh", "~/.config/glab-cli", "~/.config/hub",
    // clouds and clusters
    "~/.aws", "~/.azure", "~/.config/gcloud", "~/.oci", "~/.kube", "~/.docker/config.json",
    // registries of packages
    "~/.npmrc", "~/.yarnrc.yml", "~/.pypirc", "~/.cargo/credentials", "~/.cargo/credentials.toml",
    "~/.gem/credentials", "~/.bundle/config", "~/.m2/settings.xml", "~/.composer/auth.json",
    "~/.config/composer/auth.json", "~/.nuget/NuGet/NuGet.Config",
    // agent tools and models; of OpenCode its sessions, too
    "~/.local/share/opencode", "~/.config/opencode/opencode.json",
    "~/.config/opencode/opencode.jsonc", "~/.config/opencode/config.json", "~/.codex/auth.json",
    "~/.claude.json", "~/.claude/.claude.json", "~/.claude/.credentials.json",
    "~/.gemini/oauth_creds.json", "~/.config/github-copilot", "~/.cache/huggingface/token",
    // browsers, and what was typed
    "~/.mozilla", "~/.config/google-chrome", "~/.config/chromium", "~/.bash_history",
    "~/.zsh_history", "~/.python_history", "~/.psql_history",
    "~/.local/state/opencode/prompt-history.jsonl",
    // what the machine hands to services
    "/run/secrets", "/run/credentials"};

/// A variable that names a folder, and the folder that it names where it is not set.
struct Moved {
  std::string_view variable;
  std::string_view usual;
};
constexpr Moved kMoved[] = {{"XDG_CONFIG_HOME", "~/.config"},
                            {"XDG_DATA_HOME", "~/.local/share"},
                            {"XDG_STATE_HOME", "~/.local/state"},
                            {"XDG_CACHE_HOME", "~/.cache"},
                            {"AZURE_CONFIG_DIR", "~/.azure"},
                            {"BUNDLE_USER_HOME", "~/.bundle"},
                            {"CARGO_HOME", "~/.cargo"},
                            {"CLAUDE_CONFIG_DIR", "~/.claude"},
                            {"CLOUDSDK_CONFIG", "~/.config/gcloud"},
                            {"CODEX_HOME", "~/.codex"},
                            {"COMPOSER_HOME", "~/.composer"},
                            {"CREDENTIALS_DIRECTORY", "/run/credentials"},
                            {"DOCKER_CONFIG", "~/.docker"},
                            {"GH_CONFIG_DIR", "~/.config/gh"},
                            {"GLAB_CONFIG_DIR", "~/.config/glab-cli"},
                            {"GNUPGHOME", "~/.gnupg"},
                            {"HF_HOME", "~/.cache/huggingface"},
                            {"PASSWORD_STORE_DIR", "~/.password-store"}};

/// Variables that name a file, KUBECONFIG several.
constexpr std::string_view kFiles[] = {"AWS_CONFIG_FILE",
                                       "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                       "AWS_SHARED_CREDENTIALS_FILE",
                                       "AWS_WEB_IDENTITY_TOKEN_FILE",
                                       "AZURE_FEDERATED_TOKEN_FILE",
                                       "BOTO_CONFIG",
                                       "BUNDLE_USER_CONFIG",
                                       "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",
                                       "GOOGLE_APPLICATION_CREDENTIALS",
                                       "HF_TOKEN_PATH",
                                       "HISTFILE",
                                       "KUBECONFIG",
                                       "NETRC",
                                       "NPM_CONFIG_USERCONFIG",
                                       "OCI_CLI_CONFIG_FILE",
                                       "OPENCODE_CONFIG",
                                       "PGPASSFILE",
                                       "RCLONE_CONFIG",
                                       "REGISTRY_AUTH_FILE",
                                       "SOPS_AGE_KEY_FILE",
                                       "SSH_AUTH_SOCK",
                                       "TF_CLI_CONFIG_FILE",
                                       "XAUTHORITY",
                                       "npm_config_userconfig"};

void add_absolute(std::vector<std::string>& paths, std::string_view path) {
  if (path.starts_with('/')) {
    paths.push_back(platform::resolve_path(path, "/").string());
  }
}

void keep_each_once(std::vector<std::string>& paths) {
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
}

}  // namespace

PlacesOfSecrets places_of_secrets(const std::vector<std::string>& environment,
                                  const std::vector<std::string>& passed) {
  PlacesOfSecrets places;
  for (const std::string_view usual : kUsual) {
    places.usual.push_back(platform::resolve_path(usual, "/").string());
    for (const Moved& moved : kMoved) {
      const std::string_view folder = platform::variable(environment, moved.variable);
      if (!folder.empty() && lies_within(usual, moved.usual)) {
        add_absolute(places.folders,
                     std::string(folder) + std::string(usual.substr(moved.usual.size())));
      }
    }
  }
  for (const std::string_view name : kFiles) {
    if (platform::matches_any(name, passed)) {
      continue;
    }
    std::string_view rest = platform::variable(environment, name);
    while (!rest.empty()) {
      const std::string_view file = name == "KUBECONFIG" ? rest.substr(0, rest.find(':')) : rest;
      rest.remove_prefix(std::min(rest.size(), file.size() + 1));
      add_absolute(places.files, file);
    }
  }
  for (std::vector<std::string>* paths : {&places.usual, &places.folders, &places.files}) {
    keep_each_once(*paths);
  }
  std::erase_if(places.folders, [&places](const std::string& path) {
    return std::binary_search(places.usual.begin(), places.usual.end(), path);
  });
  return places;
}

}  // namespace director::cli
