#include "scripted_runner.hpp"

#include <algorithm>
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

struct Said {
  std::string text;
  bool bytes = false;
};

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
    say(DIRECTOR_AGENT_FINISH, answer_);
    return director::ok();
  }

 private:
  /// Bytes of the script go out as they are: agent_events would mend them.
  void say(director_agent_event_kind kind, const Said& said) {
    if (!said.bytes) {
      kind == DIRECTOR_AGENT_FINISH ? events_.finish(said.text)
                                    : events_.text(said.text, services_.unix_ms());
      return;
    }
    director_agent_event event{};
    event.struct_size = sizeof event;
    event.kind = kind;
    event.text = director::borrow(said.text);
    event.time_ms = kind == DIRECTOR_AGENT_TEXT ? services_.unix_ms() : 0;
    event.tool_exit = -1;
    event.cost_usd = -1;
    events_.raw()->event(events_.raw()->context, &event);
  }

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
    answer_ = {step.message ? std::string(request_.message) : step.text, step.bytes};
    say(DIRECTOR_AGENT_TEXT, answer_);
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
  Said answer_;
  std::int64_t last_exit_ = -1;
  bool ended_ = false;
};

bool has_all(std::string_view text, const std::vector<std::string>& parts) {
  return std::all_of(parts.begin(), parts.end(),
                     [&](const std::string& part) { return plugin_support::contains(text, part); });
}

bool has_none(std::string_view text, const std::vector<std::string>& parts) {
  return std::none_of(parts.begin(), parts.end(), [&](const std::string& part) {
    return plugin_support::contains(text, part);
  });
}

/// One line of the log.
std::string log_line(const director::run_request& request, const std::string& rule) {
  rapidjson::Document line(rapidjson::kObjectType);
  auto& allocator = line.GetAllocator();
  const auto set = [&](std::string_view name, std::string_view text) {
    plugin_support::set_member(
        line, name, plugin_support::make_string(plugin_support::valid_utf8(text), allocator),
        allocator);
  };
  set("rule", rule);
  set("role", request.role);
  set("model", request.model);
  set("message", request.message);
  set("system_prompt", request.system_prompt);
  set("workdir", request.workdir);
  rapidjson::Value sampling(rapidjson::kObjectType);
  const auto sample = [&](std::string_view name, const auto& value) {
    if (value) {
      plugin_support::set_member(sampling, name, rapidjson::Value(*value), allocator);
    }
  };
  sample("temperature", request.temperature);
  sample("top_p", request.top_p);
  sample("top_k", request.top_k);
  plugin_support::set_member(line, "parameters", std::move(sampling), allocator);
  return plugin_support::to_json(line) + "\n";
}

/// Whole lines, whatever other calls are under way.
Status append(const std::string& path, const std::string& line) {
  static std::mutex mutex;
  const std::lock_guard guard(mutex);
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file << line;
  return file.flush() ? director::ok() : Status(Error(Errc::Io, "cannot write '" + path + "'"));
}

}  // namespace

Result<std::shared_ptr<Stage>> Stage::open(const std::string& path, const std::string& log) {
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
    known->replay(log);
  }
  return known;
}

/// A job is several processes, one after the other, and an agent does not begin anew with each.
void Stage::replay(const std::string& log) {
  std::ifstream file(log, std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    const auto call = plugin_support::parse_json(line);
    if (call) {
      director::run_request request;
      const auto text = [&](const char* name) {
        return plugin_support::as_string(plugin_support::member(*call, name)).value_or("");
      };
      request.role = text("role");
      request.model = text("model");
      request.message = text("message");
      (void)next(request);
    }
  }
}

const Rule* Stage::next(const director::run_request& request) {
  const std::lock_guard guard(mutex_);
  const Rule* found = nullptr;
  for (std::size_t i = 0; i < script_.rules.size(); ++i) {
    const Rule& rule = script_.rules[i];
    const bool met = (rule.role.empty() || rule.role == request.role) &&
                     (rule.model.empty() || rule.model == request.model) &&
                     has_all(request.message, rule.contains) &&
                     has_none(request.message, rule.lacks);
    // Counted even if an earlier rule answers, so that a count means the same wherever it stands.
    met_[i] += met ? 1 : 0;
    if (met && found == nullptr && (rule.nth == 0 || rule.nth == met_[i]) &&
        (rule.first == 0 || met_[i] <= rule.first)) {
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
  const std::string log(
      plugin_support::as_string(plugin_support::member(*config, "log")).value_or(""));
  DIRECTOR_TRY(std::shared_ptr<Stage> stage, Stage::open(std::string(*path), log));
  return std::make_unique<ScriptedRunner>(std::move(stage), log);
}

Status ScriptedRunner::run(const director::run_request& request,
                           const director::agent_events& events, director::host& services) {
  const Rule* rule = stage_->next(request);
  if (!log_.empty()) {
    DIRECTOR_CHECK(append(log_, log_line(request, rule == nullptr ? "" : rule->name)));
  }
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
