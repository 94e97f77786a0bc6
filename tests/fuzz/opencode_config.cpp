// The user's OpenCode configuration, as files that a NUL separates, the last of them the stored
// credentials; and an agent's file, with the whole as its system prompt and its first line as role.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent_file.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "user_config.hpp"

namespace {

using namespace director;
using namespace runner_opencode;

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find('\0');
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

/// Nothing of the user's files but where models are, and what director sets itself.
void check_config(const Json& config, const std::optional<ModelName>& model) {
  static const std::vector<std::string> kKnown{
      "provider", "enabled_providers", "disabled_providers", "share",        "autoupdate",
      "snapshot", "formatter",         "default_agent",      "experimental", "lsp"};
  for (const auto& [key, value] : config.members()) {
    DIRECTOR_ASSERT(std::find(kKnown.begin(), kKnown.end(), key) != kKnown.end(),
                    "a setting that could loosen a role");
  }
  DIRECTOR_ASSERT(config.get_string("default_agent").value_or("") == kLockedAgent,
                  "the agent for unknown names may do something");
  DIRECTOR_ASSERT(!config.get_bool("snapshot").value_or(true), "snapshots are on");
  const std::optional<Json> providers = config.find("provider");
  if (!model || !providers) {
    return;
  }
  DIRECTOR_ASSERT(providers->size() == 1 && providers->find(model->provider),
                  "a provider that the call does not need");
  const std::optional<Json> models = providers->find(model->provider)->find("models");
  DIRECTOR_ASSERT(
      !models || (models->size() <= 1 && (models->size() == 0 || models->find(model->model))),
      "a model that the call does not need");
}

void check_merge(const std::vector<std::string>& parts) {
  std::vector<ConfigText> files;
  for (std::size_t i = 0; i + 1 < parts.size() || i == 0; ++i) {
    files.push_back({"/home/user/" + std::to_string(i) + "/opencode.json", parts[i]});
  }
  const std::string auth = parts.size() > 1 ? parts.back() : "";
  for (const std::optional<ModelName>& model :
       {std::optional<ModelName>(), std::optional(ModelName{"scripted", "cheap"})}) {
    for (const bool force : {false, true}) {
      const Result<CallConfig> made = make_call_config(files, auth, model, force);
      if (!made) {
        DIRECTOR_ASSERT(made.error().code() == Errc::Invalid, "an error of another kind");
        DIRECTOR_ASSERT(made.error().message().find("/home/user/") != std::string::npos,
                        "an error that does not name the file");
        continue;
      }
      // A key may stand twice in what people write; the kernel's reader refuses that.
      const Result<Json> config = parse_json(made->config);
      DIRECTOR_ASSERT(text::is_utf8(made->config), "a configuration that is not UTF-8");
      if (config) {
        check_config(*config, model);
      }
      const Result<Json> credentials = parse_json(made->auth);
      if (model && credentials) {
        for (const auto& [name, value] : credentials->members()) {
          DIRECTOR_ASSERT(name.starts_with(model->provider) || model->provider.starts_with(name) ||
                              value.get_string("type").value_or("") == "wellknown",
                          "credentials that the call does not need");
        }
      }
    }
  }
}

/// No role and no prompt changes what the front matter says.
void check_agent(std::string_view role, std::string_view prompt) {
  for (const bool may_edit : {false, true}) {
    const AgentFile plain = make_agent({"executor", "", may_edit, {}, {}, {}});
    const AgentFile agent = make_agent({role, prompt, may_edit, {}, {}, {}});
    const std::string_view front =
        std::string_view(plain.content).substr(0, plain.content.find("\n---\n") + 5);
    DIRECTOR_ASSERT(agent.content.starts_with(front), "a role or a prompt in the front matter");
    DIRECTOR_ASSERT(agent.content.find(prompt) != std::string::npos, "a prompt that was changed");
    DIRECTOR_ASSERT(agent.name.starts_with("director-") && agent.name.size() < 100 &&
                        agent.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") ==
                            std::string::npos,
                    "a name that is no plain file name");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_merge(parts_of(text));
  check_agent(text.substr(0, text.find('\n')), text);
  return 0;
}
