#include "core/config/keys.hpp"

#include <functional>
#include <utility>

#include "core/base/text.hpp"
#include "core/config/key_kinds.hpp"
#include "core/plan/names.hpp"

namespace director::config {
namespace {

constexpr double kMostDollars = 1e6;

Problem no_nul(const std::string& text) {
  return text.find('\0') == std::string::npos ? Problem() : Problem("has a NUL character");
}

Problem plugin_id(const std::string& id) {
  return is_plugin_id(id) ? Problem()
                          : Problem(
                                "expected a plugin's id of small letters, digits and '-', "
                                "found " +
                                plan::shown(id));
}

Problem relative_path(std::string& path) {
  if (path.ends_with('/')) {
    path.pop_back();
  }
  if (const auto problem = plan::path_problem(path)) {
    return plan::shown(path) + " " + *problem;
  }
  return std::nullopt;
}

Problem absolute_path(std::string& path) {
  return path.starts_with('/')
             ? no_nul(path)
             : Problem(plan::shown(path) + " is not absolute: give the whole path");
}

Problem hidden_path(std::string& path) {
  return path.starts_with('/') || path.starts_with("~/")
             ? no_nul(path)
             : Problem(plan::shown(path) + " is not absolute: begin it with '/' or '~/'");
}

Problem gate_name(std::string& name) {
  return name.empty() ? Problem("has an empty name: remove it") : no_nul(name);
}

Problem variable_name(std::string& name) {
  if (name.empty() || name == "*" || name.find('=') != std::string::npos) {
    return "expected names of variables, found " + plan::shown(name);
  }
  return no_nul(name);
}

Problem ignore_pattern(std::string& pattern) {
  if (text::trim(pattern).empty()) {
    return "has an empty pattern: remove it";
  }
  return no_nul(pattern);
}

Key tier(Role role) {
  return {"tiers", std::string(to_string(role)),
          [role](const Entry& entry, Settings& settings) -> Problem {
            const std::optional<std::string> text = string_of(entry);
            if (!text) {
              return wrong_type("\"provider/model\"", entry);
            }
            std::optional<Tier> parsed = parse_tier(*text);
            if (!parsed) {
              return "expected \"provider/model\" or \"runner:provider/model\", found " +
                     plan::shown(*text);
            }
            settings.tiers[role] = *std::move(parsed);
            return std::nullopt;
          },
          [role](const Settings& settings) -> std::optional<Scalar> {
            const auto found = settings.tiers.find(role);
            return found == settings.tiers.end() ? std::nullopt
                                                 : std::optional<Scalar>(found->second.text);
          }};
}

Sampling& sampling_of(Settings& settings, Role role) { return settings.sampling[role]; }
const Sampling& sampling_of(const Settings& settings, Role role) {
  return settings.sampling.at(role);
}

void add_sampling(Role role, std::vector<Key>& keys) {
  const std::string table = "sampling." + std::string(to_string(role));
  const auto guarded = [role](Key key) {
    auto show = std::move(key.show);
    key.show = [role, show = std::move(show)](const Settings& settings) -> std::optional<Scalar> {
      return settings.sampling.contains(role) ? show(settings) : std::nullopt;
    };
    return key;
  };
  keys.push_back(guarded(number(
      table, "temperature", [role](auto& s) -> auto& { return sampling_of(s, role).temperature; },
      0, 2)));
  keys.push_back(guarded(number(
      table, "top_p", [role](auto& s) -> auto& { return sampling_of(s, role).top_p; }, 0, 1)));
  keys.push_back(guarded(whole(
      table, "top_k", [role](auto& s) -> auto& { return sampling_of(s, role).top_k; }, 1,
      1'000'000)));
}

/// The fields of one of the parts of Settings, by their members.
template <typename Part>
auto fields_of(Part Settings::*part) {
  return [part](auto member) {
    return [ part, member ](auto& s) -> auto& { return s.*part.*member; };
  };
}

void add_limits(std::vector<Key>& keys) {
  constexpr std::int64_t kWeek = std::int64_t{7} * 24 * 3600;
  const auto field = fields_of(&Settings::limits);
  const std::string t = "limits";
  keys.push_back(whole(t, "node_timeout_secs", field(&Limits::node_timeout), 1, kWeek));
  keys.push_back(number(t, "cost_ceiling_usd", field(&Limits::cost_ceiling_usd), 0, kMostDollars));
  keys.push_back(
      number(t, "node_cost_ceiling_usd", field(&Limits::node_cost_ceiling_usd), 0, kMostDollars));
  keys.push_back(number(t, "call_reserve_usd", field(&Limits::call_reserve_usd), 0, kMostDollars));
  keys.push_back(whole(t, "max_attempts", field(&Limits::max_attempts), 1, 100));
  keys.push_back(whole(t, "flake_runs", field(&Limits::flake_runs), 1, 100));
  keys.push_back(whole(t, "rechecks", field(&Limits::rechecks), 0, 1'000'000));
  keys.push_back(whole(t, "infra_retries", field(&Limits::infra_retries), 0, 100));
  keys.push_back(whole(t, "landing_rounds", field(&Limits::landing_rounds), 1, 100));
  keys.push_back(whole(t, "stall_secs", field(&Limits::stall), 0, kWeek));
  keys.push_back(whole(t, "max_steps", field(&Limits::max_steps), 0, 1'000'000));
  keys.push_back(whole(t, "max_repeats", field(&Limits::max_repeats), 0, 1'000'000));
  keys.push_back(flag(t, "keep_attempt", field(&Limits::keep_attempt)));
  keys.push_back(flag(t, "require_pricing", field(&Limits::require_pricing)));
  keys.push_back(whole(t, "memory_mb", field(&Limits::memory_mb), 0, 1 << 30));
  keys.push_back(whole(t, "processes", field(&Limits::processes), 0, 4'000'000));
  keys.push_back(whole(t, "log_mb", field(&Limits::log_mb), 1, 65536));
  keys.push_back(number(t, "cpus", field(&Limits::cpus), 0, 65536));
}

void add_review(std::vector<Key>& keys) {
  const auto field = fields_of(&Settings::review);
  keys.push_back(flag("review", "stage_two", field(&Review::stage_two)));
  keys.push_back(whole("review", "stage_two_file_threshold",
                       field(&Review::stage_two_file_threshold), 0, 1'000'000));
  keys.push_back(flag("review", "stage_one_llm", field(&Review::stage_one_llm)));
  keys.push_back(
      choice<OnReviewError>("review", "on_error", field(&Review::on_error), "\"block\" or \"pass\"",
                            {{"block", OnReviewError::Block}, {"pass", OnReviewError::Pass}}));
}

void add_sandbox(std::vector<Key>& keys) {
  const auto field = fields_of(&Settings::sandbox);
  const std::string t = "sandbox";
  keys.push_back(choice<SandboxMode>(t, "mode", field(&Sandbox::mode),
                                     "\"auto\", \"required\" or \"off\"",
                                     {{"auto", SandboxMode::Auto},
                                      {"required", SandboxMode::Required},
                                      {"off", SandboxMode::Off}}));
  keys.push_back(choice<SandboxChoice>(t, "backend", field(&Sandbox::backend),
                                       "\"auto\", \"bubblewrap\" or \"landlock\"",
                                       {{"auto", SandboxChoice::Auto},
                                        {"bubblewrap", SandboxChoice::Bubblewrap},
                                        {"landlock", SandboxChoice::Landlock}}));
  keys.push_back(flag(t, "agent_network", field(&Sandbox::agent_network)));
  keys.push_back(flag(t, "setup_network", field(&Sandbox::setup_network)));
  keys.push_back(flag(t, "gate_network", field(&Sandbox::gate_network)));
  keys.push_back(flag(t, "layers", field(&Sandbox::layers)));
  keys.push_back(strings(t, "network_gates", field(&Sandbox::network_gates), gate_name));
  keys.push_back(strings(t, "writable", field(&Sandbox::writable), absolute_path));
  keys.push_back(strings(t, "hide", field(&Sandbox::hide), hidden_path));
  keys.push_back(strings(t, "pass_env", field(&Sandbox::pass_env), variable_name));
  keys.push_back(strings(t, "secrets", field(&Sandbox::secrets), variable_name));
}

void add_plugins(std::vector<Key>& keys) {
  const auto field = fields_of(&Settings::plugins);
  const std::string t = "plugins";
  keys.push_back(string(t, "runner", field(&Plugins::runner), plugin_id));
  keys.push_back(string(t, "vcs", field(&Plugins::vcs), plugin_id));
  keys.push_back(string(t, "gate", field(&Plugins::gate), plugin_id));
  keys.push_back(string(t, "reviewer", field(&Plugins::reviewer), plugin_id));
  keys.push_back(string(t, "launcher", field(&Plugins::launcher), [](const std::string& id) {
    return id.empty() ? Problem() : plugin_id(id);
  }));
  keys.push_back(strings(t, "sinks", field(&Plugins::sinks), plugin_id));
  keys.push_back(strings(t, "path", field(&Plugins::path), absolute_path));
}

void add_workspace(std::vector<Key>& keys) {
  const auto field = [](auto member) {
    return [member](auto& s) -> auto& { return s.workspace.*member; };
  };
  const std::string t = "workspace";
  keys.push_back(string(t, "setup", field(&Workspace::setup), no_nul));
  keys.push_back(strings(t, "setup_inputs", field(&Workspace::setup_inputs), relative_path));
  keys.push_back(strings(t, "keep", field(&Workspace::keep), relative_path));
  keys.push_back(whole(t, "kept_days", field(&Workspace::kept_days), 0, 36'500));
  keys.push_back(whole(t, "pool_size", field(&Workspace::pool_size), 0, 1024));
  keys.push_back(whole(t, "disk_quota_mb", field(&Workspace::disk_quota_mb), 0, 1'000'000'000));
}

std::vector<Key> make_keys() {
  std::vector<Key> keys;
  for (const Role role : kRoles) {
    keys.push_back(tier(role));
    add_sampling(role, keys);
  }
  add_limits(keys);
  add_review(keys);
  add_plugins(keys);
  add_sandbox(keys);
  keys.push_back(strings(
      "repository", "ignore", [](auto& s) -> auto& { return s.ignore; }, ignore_pattern));
  add_workspace(keys);
  return keys;
}

}  // namespace

const std::vector<std::string>& price_names() {
  static const std::vector<std::string> kNames{"input", "output", "cache_read", "cache_write"};
  return kNames;
}

std::optional<std::string> apply_price(const Entry& entry, const std::string& name, Price& price) {
  std::optional<double>& field = name == "input"        ? price.input
                                 : name == "output"     ? price.output
                                 : name == "cache_read" ? price.cache_read
                                                        : price.cache_write;
  double value = 0;
  if (auto problem = read_number(entry, 0, kMostDollars, value)) {
    return problem;
  }
  field = value;
  return std::nullopt;
}

const std::vector<Key>& fixed_keys() {
  static const std::vector<Key> kKeys = make_keys();
  return kKeys;
}

}  // namespace director::config
