#include "user_config.hpp"

#include <filesystem>
#include <utility>

#include "agent_file.hpp"
#include "json_view.hpp"
#include "json_write.hpp"
#include "text.hpp"

namespace runner_opencode {

using director::Errc;
using director::Error;
using director::Result;
using plugin_support::as_string;
using plugin_support::contains;
using plugin_support::make_string;
using plugin_support::member;
using plugin_support::set_member;

namespace {

using Allocator = rapidjson::Document::AllocatorType;
using rapidjson::Value;

constexpr unsigned kJsonc = rapidjson::kParseCommentsFlag | rapidjson::kParseTrailingCommasFlag;

/// Objects merge, everything else is replaced. An explicit stack: depth is the file's choice.
void merge_into(Value& target, const Value& source, Allocator& allocator) {
  std::vector<std::pair<Value*, const Value*>> todo{{&target, &source}};
  while (!todo.empty()) {
    const auto [into, from] = todo.back();
    todo.pop_back();
    for (const auto& entry : from->GetObject()) {
      const auto found = into->FindMember(entry.name);
      if (found == into->MemberEnd()) {
        into->AddMember(Value(entry.name, allocator), Value(entry.value, allocator), allocator);
      } else if (found->value.IsObject() && entry.value.IsObject()) {
        todo.emplace_back(&found->value, &entry.value);
      } else {
        found->value.CopyFrom(entry.value, allocator);
      }
    }
  }
}

/// "{file:key.txt}" -> "{file:/folder/key.txt}".
std::string absolute_references(std::string_view text, const std::filesystem::path& folder) {
  constexpr std::string_view kOpening = "{file:";
  std::string out;
  while (true) {
    const std::size_t start = text.find(kOpening);
    const std::size_t end = start == std::string_view::npos ? start : text.find('}', start);
    if (end == std::string_view::npos) {
      return out.append(text);
    }
    const std::string_view path =
        text.substr(start + kOpening.size(), end - start - kOpening.size());
    out.append(text.substr(0, start)).append(kOpening);
    const bool anchored = path.starts_with('/') || path.starts_with('~');
    out += anchored ? std::string(path) : (folder / path).lexically_normal().string();
    out += '}';
    text.remove_prefix(end + 1);
  }
}

void anchor_references(Value& root, const std::filesystem::path& folder, Allocator& allocator) {
  std::vector<Value*> todo{&root};
  while (!todo.empty()) {
    Value& value = *todo.back();
    todo.pop_back();
    if (value.IsObject()) {
      for (auto& entry : value.GetObject()) {
        todo.push_back(&entry.value);
      }
    } else if (value.IsArray()) {
      for (auto& entry : value.GetArray()) {
        todo.push_back(&entry);
      }
    } else if (const auto text = as_string(&value); text && contains(*text, "{file:")) {
      value = make_string(absolute_references(*text, folder), allocator);
    }
  }
}

/// Only these say where models are; everything else could loosen what a role may do.
Result<rapidjson::Document> merge_providers(const std::vector<ConfigText>& files) {
  rapidjson::Document merged(rapidjson::kObjectType);
  Allocator& allocator = merged.GetAllocator();
  for (const ConfigText& file : files) {
    auto parsed = plugin_support::parse_json<kJsonc>(file.text);
    if (!parsed || !parsed->IsObject()) {
      return Error(Errc::Invalid, "cannot read OpenCode's configuration '" + file.path + "': " +
                                      (parsed ? "not a JSON object" : parsed.error().message()));
    }
    Value kept(rapidjson::kObjectType);
    for (const char* name : {"provider", "enabled_providers", "disabled_providers"}) {
      if (const Value* value = member(*parsed, name)) {
        kept.AddMember(Value(name, allocator), Value(*value, allocator), allocator);
      }
    }
    anchor_references(kept, std::filesystem::path(file.path).parent_path(), allocator);
    merge_into(merged, kept, allocator);
  }
  return merged;
}

bool is_local(std::string_view url) {
  for (const std::string_view host : {"//127.", "//localhost", "//[::1]", "//0.0.0.0"}) {
    if (contains(url, host)) {
      return true;
    }
  }
  return false;
}

/// True if the catalogue could add nothing: neither how to reach the provider, nor the model's
/// limits, nor what it costs (a local endpoint costs nothing).
bool wholly_defined(const Value& provider, const std::string& model_name) {
  const Value* url = member(provider, "options", "baseURL");
  const Value* model = member(provider, "models", model_name);
  if (!as_string(url) || !as_string(member(provider, "npm")) || model == nullptr) {
    return false;
  }
  const bool limits =
      member(*model, "limit", "context") != nullptr && member(*model, "limit", "output") != nullptr;
  return limits && (member(*model, "cost", "input") != nullptr || is_local(*as_string(url)));
}

/// Keeps the one provider, and of its models the one or all.
void reduce_to(Value& merged, const ModelName& name, KeptModels models, Allocator& allocator) {
  const Value* provider = member(merged, "provider", name.provider);
  if (provider == nullptr || !provider->IsObject()) {
    merged.RemoveMember("provider");
    return;
  }
  Value kept(*provider, allocator);
  const Value* model = member(kept, "models", name.model);
  if (models == KeptModels::One && model != nullptr) {
    Value one(rapidjson::kObjectType);
    set_member(one, name.model, Value(*model, allocator), allocator);
    set_member(kept, "models", std::move(one), allocator);
  } else if (models == KeptModels::One) {
    kept.RemoveMember("models");
  }
  Value providers(rapidjson::kObjectType);
  set_member(providers, name.provider, std::move(kept), allocator);
  set_member(merged, "provider", std::move(providers), allocator);
}

void allow_temperature(Value& merged, const ModelName& name, Allocator& allocator) {
  const Value* models = member(merged, "provider", name.provider, "models");
  if (models == nullptr || !models->IsObject()) {
    return;
  }
  for (auto& known : const_cast<Value*>(models)->GetObject()) {
    if (known.value.IsObject() && member(known.value, "temperature") == nullptr) {
      set_member(known.value, "temperature", Value(true), allocator);
    }
  }
}

void add_safety(Value& config, Allocator& allocator) {
  const auto set = [&](std::string_view name, Value value) {
    set_member(config, name, std::move(value), allocator);
  };
  set("share", Value("disabled"));
  set("autoupdate", Value(false));
  set("snapshot", Value(false));
  set("lsp", Value(false));
  set("formatter", Value(false));
  set("default_agent", make_string(kLockedAgent, allocator));
  Value experimental(rapidjson::kObjectType);
  experimental.AddMember("continue_loop_on_deny", true, allocator);
  set("experimental", std::move(experimental));
}

/// The credentials of one provider, of its relatives by name ("x" and "x-plan"), and those that
/// fetch an organisation's configuration. A call's tools can read its environment.
std::string reduce_auth(const std::string& auth_json, const std::optional<ModelName>& model) {
  auto parsed = plugin_support::parse_json(auth_json);
  if (!parsed || !parsed->IsObject()) {
    return {};
  }
  rapidjson::Document kept(rapidjson::kObjectType);
  for (const auto& entry : parsed->GetObject()) {
    const std::string_view name = *as_string(&entry.name);
    const bool wanted = !model || name.starts_with(model->provider) ||
                        model->provider.starts_with(name) ||
                        as_string(member(entry.value, "type")) == "wellknown";
    if (wanted) {
      set_member(kept, name, Value(entry.value, kept.GetAllocator()), kept.GetAllocator());
    }
  }
  return kept.MemberCount() == 0 ? std::string() : plugin_support::to_json(kept);
}

}  // namespace

std::optional<ModelName> split_model(std::string_view model) {
  const std::size_t slash = model.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == model.size()) {
    return std::nullopt;
  }
  return ModelName{std::string(model.substr(0, slash)), std::string(model.substr(slash + 1))};
}

Result<CallConfig> make_call_config(const std::vector<ConfigText>& files,
                                    const std::string& auth_json,
                                    const std::optional<ModelName>& model, bool force_temperature,
                                    KeptModels kept) {
  DIRECTOR_TRY(rapidjson::Document merged, merge_providers(files));
  CallConfig made;
  if (model) {
    reduce_to(merged, *model, kept, merged.GetAllocator());
    if (const Value* provider = member(merged, "provider", model->provider)) {
      made.needs_catalogue = !wholly_defined(*provider, model->model);
      made.openai_compatible = as_string(member(*provider, "npm")) == "@ai-sdk/openai-compatible";
    }
    if (force_temperature) {
      allow_temperature(merged, *model, merged.GetAllocator());
    }
  }
  add_safety(merged, merged.GetAllocator());
  made.config = plugin_support::to_json(merged);
  made.auth = reduce_auth(auth_json, model);
  return made;
}

}  // namespace runner_opencode
