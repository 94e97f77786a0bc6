#include "options.hpp"

#include <optional>
#include <string_view>

#include "json_view.hpp"
#include "passed_variables.hpp"

namespace runner_opencode {

using director::Errc;
using director::Error;
using director::Result;
using plugin_support::as_string;
using plugin_support::member;

namespace {

constexpr std::int64_t kMsPerSecond = 1000;
constexpr std::int64_t kBytesPerMegabyte = std::int64_t{1} << 20U;

/// nullopt: it is not there.
std::optional<std::vector<std::string>> texts_of(const rapidjson::Value* array) {
  if (array == nullptr || !array->IsArray()) {
    return std::nullopt;
  }
  std::vector<std::string> all;
  for (const auto& entry : array->GetArray()) {
    all.emplace_back(as_string(&entry).value_or(std::string_view()));
  }
  return all;
}

Result<std::int64_t> number(const rapidjson::Value& config, std::string_view name,
                            std::int64_t fallback) {
  constexpr std::int64_t kMost = 1'000'000'000;
  const std::int64_t value = plugin_support::as_integer(member(config, name)).value_or(fallback);
  if (value < 0 || value > kMost) {
    return Error(Errc::Invalid, "plugin.runner-opencode." + std::string(name) +
                                    " must be 0 or more, and less than 1000000000");
  }
  return value;
}

Result<bool> choice(const rapidjson::Value& config, std::string_view name, std::string_view first,
                    std::string_view second) {
  const std::string_view value = as_string(member(config, name)).value_or(first);
  if (value != first && value != second) {
    return Error(Errc::Invalid, "plugin.runner-opencode." + std::string(name) + " is '" +
                                    std::string(value) + "', not '" + std::string(first) +
                                    "' or '" + std::string(second) + "'");
  }
  return value == second;
}

director::Status read_limits(const rapidjson::Value& config, Options& options) {
  struct Limit {
    std::string_view name;
    std::int64_t fallback;
    std::int64_t* value;
    std::int64_t unit;
  };
  for (const Limit& limit :
       {Limit{"start_secs", 180, &options.start_ms, kMsPerSecond},
        Limit{"server_start_secs", 90, &options.server_start_ms, kMsPerSecond},
        Limit{"busy_secs", 60, &options.limits.busy_ms, kMsPerSecond},
        Limit{"silence_secs", 0, &options.limits.silence_ms, kMsPerSecond},
        Limit{"tool_secs", 1200, &options.limits.tool_ms, kMsPerSecond},
        Limit{"server_memory_mb", 1500, &options.server_memory_bytes, kBytesPerMegabyte}}) {
    DIRECTOR_TRY(const std::int64_t value, number(config, limit.name, limit.fallback));
    *limit.value = value * limit.unit;
  }
  options.limits.start_ms = options.start_ms;
  return director::ok();
}

}  // namespace

Result<Options> read_options(const std::string& config_json) {
  const std::string& text = config_json.empty() ? "{}" : config_json;
  auto config = plugin_support::parse_json(text);
  if (!config || !config->IsObject()) {
    return Error(Errc::Invalid, "cannot read the configuration of runner-opencode: " +
                                    (config ? "not an object" : config.error().message()));
  }
  Options options;
  options.command = as_string(member(*config, "command")).value_or("opencode");
  if (options.command.empty()) {
    return Error(Errc::Invalid, "plugin.runner-opencode.command is empty");
  }
  DIRECTOR_TRY(const bool is_run, choice(*config, "transport", "server", "run"));
  options.over_server = !is_run;
  DIRECTOR_TRY(options.server_for_all, choice(*config, "isolation", "slot", "job"));
  DIRECTOR_CHECK(read_limits(*config, options));
  options.pass_env = texts_of(member(*config, "pass_env")).value_or(default_pass_env());
  for (const std::string& name : options.pass_env) {
    if (!is_name_pattern(name)) {
      return Error(Errc::Invalid, "plugin.runner-opencode.pass_env: '" + name +
                                      "' is not the name of a variable, with at most one '*'");
    }
  }
  options.extra_env = texts_of(member(*config, "extra_env")).value_or(std::vector<std::string>());
  for (const std::string& variable : options.extra_env) {
    if (variable.find('=') == std::string::npos || variable.starts_with('=')) {
      return Error(Errc::Invalid,
                   "plugin.runner-opencode.extra_env: '" + variable + "' is not NAME=value");
    }
  }
  return options;
}

}  // namespace runner_opencode
