#include "scripted_gate.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "json_view.hpp"
#include "text.hpp"

namespace gate_scripted {

using director::Errc;
using director::Error;
using director::exec_outcome;
using director::Result;
using director::verdict;

namespace {

namespace fs = std::filesystem;

bool has_all(std::string_view text, const std::vector<std::string>& parts) {
  return std::all_of(parts.begin(), parts.end(),
                     [&](const std::string& part) { return plugin_support::contains(text, part); });
}

/// A link is not followed: what it leads to is not in the checkout.
bool is_as_wanted(const fs::path& workdir, const Wanted& wanted) {
  const fs::path path = workdir / wanted.path;
  std::error_code error;
  const bool is_there = fs::symlink_status(path, error).type() == fs::file_type::regular;
  if (!is_there || wanted.absent) {
    return !is_there && wanted.absent;
  }
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const bool lacks_all =
      std::none_of(wanted.lacks.begin(), wanted.lacks.end(),
                   [&](const std::string& part) { return plugin_support::contains(bytes, part); });
  return bytes == wanted.exact.value_or(bytes) && has_all(bytes, wanted.has) && lacks_all;
}

bool meets(const director::gate_request& request, const Rule& rule) {
  const auto is_changed = [&](const std::string& path) {
    return std::any_of(request.changes.begin(), request.changes.end(),
                       [&](const director::change& one) { return one.path == path; });
  };
  return rule.scope.value_or(request.scope) == request.scope &&
         (rule.gate.empty() || rule.gate == request.name) &&
         (rule.node.empty() || rule.node == request.node) &&
         has_all(request.command, rule.command) &&
         std::all_of(rule.changed.begin(), rule.changed.end(), is_changed) &&
         std::all_of(rule.files.begin(), rule.files.end(), [&](const Wanted& wanted) {
           return is_as_wanted(fs::path(request.workdir), wanted);
         });
}

/// The host's sleep, so that deadlines and cancelling are the host's. Nothing: it slept.
std::optional<verdict> sleep(std::int64_t ms, std::string_view workdir, director::host& services) {
  std::string fraction = std::to_string(ms % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  director::exec_request command;
  command.argv = {"sleep", std::to_string(ms / 1000) + "." + fraction};
  command.cwd = std::string(workdir);
  const auto ended = services.exec(command, {});
  if (!ended) {
    return verdict::error("cannot sleep: " + ended.error().message());
  }
  if (ended->outcome == exec_outcome::timed_out) {
    return verdict::fail("timed out after " + std::to_string(ended->wall_ms / 1000) + " s");
  }
  if (ended->outcome != exec_outcome::exited || ended->exit_code != 0) {
    return verdict::error(ended->outcome == exec_outcome::cancelled ? "cancelled" : "cannot sleep");
  }
  return std::nullopt;
}

}  // namespace

Result<std::shared_ptr<Judge>> Judge::open(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) {
    return Error(Errc::Io, "cannot read the script '" + path + "'");
  }
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  static std::mutex registry_mutex;
  static std::map<std::string, std::shared_ptr<Judge>> registry;
  const std::lock_guard guard(registry_mutex);
  std::shared_ptr<Judge>& known = registry[path];
  if (known == nullptr || known->text_ != text) {
    DIRECTOR_TRY(Script script, parse_script(text, path));
    known = std::make_shared<Judge>(std::move(script), std::move(text));
  }
  return known;
}

const Rule* Judge::next(const director::gate_request& request) {
  const std::lock_guard guard(mutex_);
  const Rule* found = nullptr;
  for (std::size_t i = 0; i < script_.rules.size(); ++i) {
    const Rule& rule = script_.rules[i];
    // Counted even if an earlier rule answers, so that a count means the same wherever it stands.
    const bool met = meets(request, rule);
    met_[i] += met ? 1 : 0;
    if (met && found == nullptr && (rule.nth == 0 || rule.nth == met_[i])) {
      found = &rule;
    }
  }
  return found;
}

Result<std::unique_ptr<ScriptedGate>> ScriptedGate::create(const director::instance_info& info,
                                                           director::host& /*services*/) {
  auto config = plugin_support::parse_json(info.config_json.empty() ? "{}" : info.config_json);
  if (!config) {
    return Error(Errc::Invalid,
                 "cannot read the configuration of gate-scripted: " + config.error().message());
  }
  const auto path = plugin_support::as_string(plugin_support::member(*config, "script"));
  if (!path) {
    return Error(Errc::Invalid, "plugin.gate-scripted.script is missing");
  }
  DIRECTOR_TRY(std::shared_ptr<Judge> judge, Judge::open(std::string(*path)));
  return std::make_unique<ScriptedGate>(std::move(judge));
}

verdict ScriptedGate::check(const director::gate_request& request, director::host& services) {
  std::error_code error;
  if (!fs::is_directory(fs::path(request.workdir), error)) {
    return verdict::error(
        plugin_support::valid_utf8("there is no checkout '" + std::string(request.workdir) + "'"));
  }
  const Rule* rule = judge_->next(request);
  if (rule == nullptr) {
    return verdict::error(plugin_support::valid_utf8(
        "no rule of the script answers gate '" + std::string(request.name) + "', node '" +
        std::string(request.node) + "', command '" + std::string(request.command.substr(0, 200)) +
        "'"));
  }
  if (rule->sleep_ms > 0) {
    if (std::optional<verdict> ended = sleep(rule->sleep_ms, request.workdir, services)) {
      return std::move(*ended);
    }
  }
  return services.cancelled() ? verdict::error("cancelled") : rule->says;
}

}  // namespace gate_scripted
