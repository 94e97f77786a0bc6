#include "scripted_runner.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "json_view.hpp"
#include "json_write.hpp"
#include "text.hpp"

namespace runner_scripted {

using director::agent_failure;
using director::Errc;
using director::Error;
using director::exec_outcome;
using director::Result;
using director::Status;

namespace {

namespace fs = std::filesystem;

/// Plays one call. `ended`: a terminal event was reported.
class Player {
 public:
  Player(const director::run_request& request, const director::agent_events& events,
         director::host& services)
      : request_(request), events_(events), services_(services) {}

  Status play(const Rule& rule) {
    for (const Step& step : rule.steps) {
      DIRECTOR_CHECK(std::visit([this](const auto& one) { return perform(one); }, step));
      if (ended_) {
        return director::ok();
      }
    }
    events_.finish(answer_);
    return director::ok();
  }

 private:
  void fail(agent_failure failure, std::string_view why, std::int64_t retry_after_ms = 0) {
    events_.fail(failure, why, retry_after_ms);
    ended_ = true;
  }

  bool may_edit() {
    if (!request_.may_edit) {
      fail(agent_failure::refused, "the role may only read");
    }
    return request_.may_edit;
  }

  Status perform(const Write& step) {
    if (!may_edit()) {
      return director::ok();
    }
    for (const auto& [name, text] : step.files) {
      const fs::path path = fs::path(request_.workdir) / name;
      std::error_code failure;
      fs::create_directories(path.parent_path(), failure);
      std::ofstream file(path, std::ios::binary | std::ios::trunc);
      file << text;
      file.close();
      if (!file) {
        return Error(Errc::Io, "cannot write '" + path.string() + "'");
      }
      report("write", "filePath", name, "written", -1);
    }
    return director::ok();
  }

  Status perform(const Delete& step) {
    if (!may_edit()) {
      return director::ok();
    }
    for (const std::string& name : step.paths) {
      const fs::path path = fs::path(request_.workdir) / name;
      std::error_code failure;
      fs::remove_all(path, failure);
      if (failure) {
        return Error(Errc::Io, "cannot delete '" + path.string() + "': " + failure.message());
      }
      report("bash", "command", "rm -r -- '" + name + "'", "", 0);
    }
    return director::ok();
  }

  Status perform(const Run& step) {
    if (!may_edit()) {
      return director::ok();
    }
    std::string output;
    DIRECTOR_TRY(const director::exec_result result,
                 execute({"/bin/sh", "-c", step.command}, &output));
    if (ended_) {
      return director::ok();
    }
    const int exit_code = result.outcome == exec_outcome::exited ? result.exit_code : -1;
    last_exit_ = exit_code;
    report("bash", "command", step.command, output, exit_code);
    if (exit_code != step.exits.value_or(exit_code)) {
      return Error(Errc::External, "'" + step.command + "' exited with " +
                                       std::to_string(exit_code) + ": " + output);
    }
    return director::ok();
  }

  Status perform(const Sleep& step) {
    std::string fraction = std::to_string(step.ms % 1000);
    fraction.insert(0, 3 - fraction.size(), '0');
    DIRECTOR_TRY(const director::exec_result result,
                 execute({"sleep", std::to_string(step.ms / 1000) + "." + fraction}, nullptr));
    (void)result;
    return director::ok();
  }

  Status perform(const Say& step) {
    answer_ = step.message ? std::string(request_.message) : step.text;
    events_.text(answer_, services_.unix_ms());
    return director::ok();
  }

  Status perform(const Tool& step) {
    events_.tool({step.name, step.input, step.output, -1, services_.unix_ms()});
    return director::ok();
  }

  Status perform(const Retry& step) {
    events_.retry(step.why, step.after_ms);
    return director::ok();
  }

  Status perform(const Fail& step) {
    if (step.if_exit && *step.if_exit != last_exit_) {
      return director::ok();
    }
    fail(step.failure, step.why, step.retry_after_ms);
    return director::ok();
  }

  Status perform(const director::usage& step) {
    events_.spent(step);
    return director::ok();
  }

  Result<director::exec_result> execute(std::vector<std::string> argv, std::string* output) {
    director::exec_request command;
    command.argv = std::move(argv);
    command.cwd = std::string(request_.workdir);
    command.stall_timeout_ms = request_.stall_ms;
    DIRECTOR_TRY(const director::exec_result result,
                 services_.exec(command, [&](const director::exec_line& line) {
                   if (output != nullptr) {
                     output->append(line.text).append("\n");
                   }
                   return true;
                 }));
    if (result.outcome == exec_outcome::timed_out) {
      fail(agent_failure::deadline, "the deadline passed");
    } else if (result.outcome == exec_outcome::stalled) {
      fail(agent_failure::transport, "no sign of life");
    } else if (result.outcome == exec_outcome::cancelled) {
      fail(agent_failure::cancelled, "cancelled");
    }
    return result;
  }

  void report(std::string_view tool, std::string_view key, std::string_view value,
              std::string_view output, int exit_code) {
    rapidjson::Document input(rapidjson::kObjectType);
    plugin_support::set_member(input, key, plugin_support::make_string(value, input.GetAllocator()),
                               input.GetAllocator());
    const std::string json = plugin_support::to_json(input);
    const std::string readable = plugin_support::valid_utf8(output);
    events_.tool({tool, json, readable, exit_code, services_.unix_ms()});
  }

  const director::run_request& request_;
  const director::agent_events& events_;
  director::host& services_;
  std::string answer_;
  std::int64_t last_exit_ = -1;
  bool ended_ = false;
};

}  // namespace

Result<std::shared_ptr<Stage>> Stage::open(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) {
    return Error(Errc::Io, "cannot read the script '" + path + "'");
  }
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  static std::mutex registry_mutex;
  static std::map<std::string, std::shared_ptr<Stage>> registry;
  const std::lock_guard guard(registry_mutex);
  std::shared_ptr<Stage>& known = registry[path];
  if (known == nullptr || known->text_ != text) {
    DIRECTOR_TRY(Script script, parse_script(text, path));
    known = std::make_shared<Stage>(std::move(script), std::move(text));
  }
  return known;
}

const Rule* Stage::next(const director::run_request& request) {
  const std::lock_guard guard(mutex_);
  const Rule* found = nullptr;
  for (std::size_t i = 0; i < script_.rules.size(); ++i) {
    const Rule& rule = script_.rules[i];
    const bool met = (rule.role.empty() || rule.role == request.role) &&
                     (rule.model.empty() || rule.model == request.model) &&
                     plugin_support::contains(request.message, rule.contains);
    // Counted even if an earlier rule answers, so that a count means the same wherever it stands.
    met_[i] += met ? 1 : 0;
    if (met && found == nullptr && (rule.nth == 0 || rule.nth == met_[i])) {
      found = &rule;
    }
  }
  return found;
}

Result<std::unique_ptr<ScriptedRunner>> ScriptedRunner::create(const director::instance_info& info,
                                                               director::host& /*services*/) {
  auto config = plugin_support::parse_json(info.config_json.empty() ? "{}" : info.config_json);
  if (!config) {
    return Error(Errc::Invalid,
                 "cannot read the configuration of runner-scripted: " + config.error().message());
  }
  const auto path = plugin_support::as_string(plugin_support::member(*config, "script"));
  if (!path) {
    return Error(Errc::Invalid, "plugin.runner-scripted.script is missing");
  }
  DIRECTOR_TRY(std::shared_ptr<Stage> stage, Stage::open(std::string(*path)));
  return std::make_unique<ScriptedRunner>(std::move(stage));
}

Status ScriptedRunner::run(const director::run_request& request,
                           const director::agent_events& events, director::host& services) {
  const Rule* rule = stage_->next(request);
  if (rule == nullptr) {
    return Error(Errc::NotFound, "no rule of the script answers role '" +
                                     std::string(request.role) + "', model '" +
                                     std::string(request.model) + "', message '" +
                                     std::string(request.message.substr(0, 200)) + "'");
  }
  return Player(request, events, services).play(*rule);
}

Result<std::string> ScriptedRunner::probe(director::host& /*services*/) {
  return std::string(R"({"tool":"runner-scripted","version":"0.1.0","models":[]})");
}

}  // namespace runner_scripted
