#include "passed_variables.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace runner_opencode {

namespace {

/// Providers whose variables are not named after them; both are as in OpenCode's catalogue.
struct Family {
  std::string_view provider;  ///< with all whose names go on after it
  std::string_view variables;
};
constexpr std::array<Family, 8> kFamilies{{{"amazon-bedrock", "AWS_*"},
                                           {"google", "GOOGLE_*"},
                                           {"google-vertex", "VERTEX_*"},
                                           {"azure", "AZURE_*"},
                                           {"cloudflare", "CLOUDFLARE_*"},
                                           {"github", "GITHUB_TOKEN"},
                                           {"gitlab", "GITLAB_TOKEN"},
                                           {"huggingface", "HF_TOKEN"}}};

/// "some-provider" -> "SOME_PROVIDER_*".
std::string named_after(std::string_view provider) {
  std::string pattern;
  for (const char c : provider) {
    const auto byte = static_cast<unsigned char>(c);
    pattern += std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return pattern + "_*";
}

std::vector<std::string> wanted(const std::vector<std::string>& pass_env,
                                const std::optional<ModelName>& model) {
  std::vector<std::string> patterns = pass_env;
  if (model) {
    patterns.push_back(named_after(model->provider));
  }
  for (const Family& family : kFamilies) {
    if (!model || model->provider.starts_with(family.provider)) {
      patterns.emplace_back(family.variables);
    }
  }
  return patterns;
}

}  // namespace

const std::vector<std::string>& default_pass_env() {
  static const std::vector<std::string> kDefault{"*_API_KEY"};
  return kDefault;
}

bool is_name_pattern(std::string_view text) {
  return !text.empty() && text != "*" && text.find('=') == std::string_view::npos &&
         std::count(text.begin(), text.end(), '*') <= 1;
}

bool matches_name(std::string_view name, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) {
    return name == pattern;
  }
  const std::string_view end = pattern.substr(star + 1);
  return name.size() >= star + end.size() && name.starts_with(pattern.substr(0, star)) &&
         name.ends_with(end);
}

std::vector<std::string> passed_variables(const std::vector<std::string>& environment,
                                          const std::vector<std::string>& pass_env,
                                          const std::optional<ModelName>& model,
                                          std::string_view config) {
  const std::vector<std::string> patterns = wanted(pass_env, model);
  std::vector<std::string> passed;
  for (const std::string& entry : environment) {
    const std::string name = entry.substr(0, entry.find('='));
    const bool is_own = name.starts_with("OPENCODE") && name != "OPENCODE_API_KEY";
    const bool is_wanted =
        std::any_of(patterns.begin(), patterns.end(),
                    [&name](const std::string& pattern) { return matches_name(name, pattern); });
    const bool is_named = config.find("{env:" + name + "}") != std::string_view::npos;
    if (!name.empty() && name.size() < entry.size() && !name.starts_with("DIRECTOR_") && !is_own &&
        (is_wanted || is_named)) {
      passed.push_back(entry);
    }
  }
  return passed;
}

std::vector<std::string> own_environment() {
  std::vector<std::string> all;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    all.emplace_back(*entry);
  }
  return all;
}

}  // namespace runner_opencode
