#include "opencode_runner.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "agent_file.hpp"
#include "event_parser.hpp"
#include "first_start.hpp"
#include "json_view.hpp"
#include "json_write.hpp"
#include "outcome.hpp"
#include "passed_variables.hpp"
#include "text.hpp"

namespace runner_opencode {

using director::agent_failure;
using director::Errc;
using director::Error;
using director::exec_line;
using director::exec_outcome;
using director::exec_request;
using director::exec_result;
using director::log_level;
using director::Result;
using director::Status;
using plugin_support::as_string;
using plugin_support::member;

namespace {

constexpr std::int64_t kFirstStartMs = 120'000;
constexpr std::int64_t kProbeMs = 30'000;
constexpr std::int64_t kDefaultStartSecs = 180;
constexpr std::int64_t kMsPerSecond = 1000;

std::string one_line(std::string_view text, std::string_view fallback) {
  std::string out = plugin_support::valid_utf8(plugin_support::trim(text).substr(0, 200));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return out.empty() ? std::string(fallback) : out;
}

void report(const Event& event, const director::agent_events& events) {
  if (const auto* text = std::get_if<TextEvent>(&event)) {
    events.text(text->text, text->time_ms);
  } else if (const auto* tool = std::get_if<ToolEvent>(&event)) {
    events.tool({tool->name, tool->input, tool->output, tool->exit_code, tool->time_ms});
  } else {
    events.spent(std::get<UsageEvent>(event).usage);
  }
}

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

std::string not_installed(const std::string& command) {
  return "there is no program '" + command +
         "': install OpenCode (npm install -g opencode-ai), or set plugin.runner-opencode.command "
         "to its path";
}

/// Whether the host would find the program. A path that is not absolute depends on the call's
/// folder and is left to it.
bool may_exist(const std::string& command) {
  const auto executable = [](const std::string& file) { return access(file.c_str(), X_OK) == 0; };
  if (command.find('/') != std::string::npos) {
    return command.front() != '/' || executable(command);
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (executable((folder.empty() ? "." : folder) + "/" + command)) {
      return true;
    }
  }
  return false;
}

/// What a failure before the call itself means for the call.
agent_failure failure_of(const Error& error) {
  switch (error.code()) {
    case Errc::NotFound:
    case Errc::Invalid:
      return agent_failure::config;
    case Errc::Timeout:
      return agent_failure::deadline;
    case Errc::Cancelled:
      return agent_failure::cancelled;
    case Errc::Conflict:
    case Errc::External:
    case Errc::Io:
    case Errc::Internal:
      return agent_failure::transport;
  }
  return agent_failure::transport;
}

/// Runs a command that only prints. Errors: External, with the end of what it said.
Result<std::string> output_of(const exec_request& request, director::host& services) {
  std::string out;
  StderrNotes notes;
  DIRECTOR_TRY(const exec_result ended, services.exec(request, [&](const exec_line& line) {
    if (line.is_stderr) {
      notes.feed(line.text);
    } else {
      out.append(line.text).append("\n");
    }
    return true;
  }));
  const std::string what = "cannot run '" + request.argv[0] + " " + request.argv[1] + "': ";
  switch (ended.outcome) {
    case exec_outcome::exited:
      break;
    case exec_outcome::timed_out:
      return Error(Errc::Timeout, what + "no end within the time limit");
    case exec_outcome::cancelled:
      return Error(Errc::Cancelled, what + "cancelled");
    case exec_outcome::signaled:
    case exec_outcome::stalled:
    case exec_outcome::stopped:
      return Error(Errc::External, what + "it was killed");
  }
  if (ended.exit_code != 0) {
    const bool setup = !notes.misconfigured().empty();
    return Error(setup ? Errc::Invalid : Errc::External,
                 what + "status " + std::to_string(ended.exit_code) + ": " +
                     (setup ? notes.misconfigured() : notes.tail()));
  }
  return out;
}

}  // namespace

Result<OpencodeRunner::Options> OpencodeRunner::read_options(const std::string& config_json) {
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
  const std::int64_t start_secs =
      plugin_support::as_integer(member(*config, "start_secs")).value_or(kDefaultStartSecs);
  if (start_secs < 0) {
    return Error(Errc::Invalid, "plugin.runner-opencode.start_secs must be 0 or more");
  }
  options.start_ms = start_secs * kMsPerSecond;
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

Result<std::unique_ptr<OpencodeRunner>> OpencodeRunner::create(const director::instance_info& info,
                                                               director::host& /*services*/) {
  DIRECTOR_TRY(Options options, read_options(info.config_json));
  if (!may_exist(options.command)) {
    return Error(Errc::NotFound, not_installed(options.command));
  }
  return std::unique_ptr<OpencodeRunner>(
      new OpencodeRunner(std::move(options), info.repo_dir, Home(info.cache_dir)));
}

exec_request OpencodeRunner::command(std::vector<std::string> arguments, std::string cwd,
                                     const UserFolders& user, const CallConfig& config,
                                     const std::optional<ModelName>& model) const {
  exec_request request;
  request.argv = {options_.command};
  std::move(arguments.begin(), arguments.end(), std::back_inserter(request.argv));
  request.cwd = std::move(cwd);
  request.env_unset = inherited_to_unset();
  // What is set later has the last word.
  request.env_set = passed_variables(own_environment(), options_.pass_env, model, config.config);
  for (const auto& more : {home_.variables(user, config), options_.extra_env}) {
    request.env_set.insert(request.env_set.end(), more.begin(), more.end());
  }
  return request;
}

Status OpencodeRunner::first_start(const exec_request& like, director::host& services) const {
  return start_alone(home_, options_.command, [&]() -> Status {
    exec_request request = like;
    request.argv = {options_.command, "session", "list", "--format", "json"};
    request.stdin_text.clear();
    request.stall_timeout_ms = 0;
    request.start_timeout_ms = 0;
    request.timeout_ms = kFirstStartMs;
    DIRECTOR_TRY(const std::string listing, output_of(request, services));
    (void)listing;
    return director::ok();
  });
}

Status OpencodeRunner::run(const director::run_request& request,
                           const director::agent_events& events, director::host& services) {
  const std::optional<ModelName> model = split_model(request.model);
  if (!model) {
    events.fail(agent_failure::config,
                "model '" + std::string(request.model) + "' is not of the form provider/model");
    return director::ok();
  }
  if (plugin_support::trim(request.message).empty()) {
    return Error(Errc::Invalid,
                 "cannot run role '" + std::string(request.role) + "': the message is empty");
  }
  const UserFolders user = user_folders();
  const AgentFile agent = make_agent({request.role, request.system_prompt, request.may_edit,
                                      request.temperature, request.top_p, request.top_k});
  DIRECTOR_CHECK(home_.prepare());
  DIRECTOR_CHECK(home_.install(agent));
  DIRECTOR_TRY(const std::vector<ConfigText> files, read_user_config(user, repo_dir_));
  const auto config =
      make_call_config(files, read_user_auth(user), model, request.temperature.has_value());
  if (!config) {
    events.fail(agent_failure::config, config.error().message());
    return director::ok();
  }
  if (request.top_k.has_value() && !config->openai_compatible) {
    services.log(log_level::warning, "top_k may not reach model '" + std::string(request.model) +
                                         "': only OpenAI-compatible providers are given it");
  }
  const std::string dir(request.workdir);
  exec_request call =
      command({"run", "--dir", dir, "--agent", agent.name, "--model", std::string(request.model),
               "--format", "json", "--title=" + one_line(request.title, agent.name), "--print-logs",
               "--log-level", "ERROR"},
              dir, user, *config, model);
  call.stdin_text = std::string(request.message);
  call.stall_timeout_ms = request.stall_ms;
  call.start_timeout_ms = options_.start_ms;
  if (const Status started = first_start(call, services); !started) {
    const bool missing = started.error().code() == Errc::NotFound;
    events.fail(failure_of(started.error()),
                missing ? not_installed(options_.command) : started.error().message());
    return director::ok();
  }
  return converse(call, request, events, services);
}

Status OpencodeRunner::converse(const exec_request& request, const director::run_request& asked,
                                const director::agent_events& events,
                                director::host& services) const {
  EventParser parser;
  StderrNotes notes;
  const auto ended = services.exec(request, [&](const exec_line& line) {
    if (line.is_stderr) {
      notes.feed(line.text);
      return !notes.fell_back();  // else another agent works on, with other permissions
    }
    if (const auto event = parser.feed(line.text, line.cut)) {
      report(*event, events);
    }
    return true;
  });
  if (!ended) {
    const bool missing = ended.error().code() == Errc::NotFound;
    events.fail(failure_of(ended.error()),
                missing ? not_installed(options_.command) : ended.error().message());
    return director::ok();
  }
  const Transcript& seen = parser.transcript();
  if (seen.ignored != 0) {
    services.log(log_level::debug, "opencode wrote " + std::to_string(seen.ignored) +
                                       " lines that are no known event");
  }
  const Outcome outcome =
      judge({asked.model, asked.may_edit, asked.stall_ms, options_.start_ms}, seen, notes, *ended);
  if (outcome.finished) {
    events.finish(outcome.answer);
  } else {
    events.fail(outcome.failure, outcome.why, outcome.retry_after_ms);
  }
  return director::ok();
}

Result<std::string> OpencodeRunner::probe(director::host& services) {
  const UserFolders user = user_folders();
  DIRECTOR_CHECK(home_.prepare());
  DIRECTOR_TRY(const std::vector<ConfigText> files, read_user_config(user, repo_dir_));
  DIRECTOR_TRY(const CallConfig config,
               make_call_config(files, read_user_auth(user), std::nullopt, false));
  exec_request request = command({"--version"}, home_.agent_dir(), user, config, std::nullopt);
  request.timeout_ms = kProbeMs;
  const auto version = output_of(request, services);
  if (!version) {
    return version.error().code() == Errc::NotFound
               ? Error(Errc::NotFound, not_installed(options_.command))
               : version.error();
  }
  DIRECTOR_CHECK(first_start(request, services));
  request.argv = {options_.command, "models"};
  DIRECTOR_TRY(const std::string listing, output_of(request, services));

  rapidjson::Document answer(rapidjson::kObjectType);
  auto& allocator = answer.GetAllocator();
  rapidjson::Value models(rapidjson::kArrayType);
  std::string_view rest = listing;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (split_model(plugin_support::trim(line))) {
      models.PushBack(plugin_support::make_string(plugin_support::trim(line), allocator),
                      allocator);
    }
  }
  plugin_support::set_member(answer, "tool", rapidjson::Value("opencode"), allocator);
  plugin_support::set_member(answer, "version",
                             plugin_support::make_string(plugin_support::trim(*version), allocator),
                             allocator);
  plugin_support::set_member(answer, "models", std::move(models), allocator);
  return plugin_support::to_json(answer);
}

}  // namespace runner_opencode
