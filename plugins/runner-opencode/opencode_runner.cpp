#include "opencode_runner.hpp"

#include <algorithm>
#include <utility>

#include "agent_file.hpp"
#include "event_parser.hpp"
#include "json_view.hpp"
#include "json_write.hpp"
#include "outcome.hpp"
#include "passed_variables.hpp"
#include "program.hpp"
#include "server_call.hpp"
#include "server_lease.hpp"
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

namespace {

constexpr std::int64_t kProbeMs = 30'000;

std::string one_line(std::string_view text, std::string_view fallback) {
  std::string out = plugin_support::valid_utf8(plugin_support::trim(text).substr(0, 200));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return out.empty() ? std::string(fallback) : out;
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

void end_with(const Outcome& outcome, const director::agent_events& events) {
  if (outcome.finished) {
    events.finish(outcome.answer);
  } else {
    events.fail(outcome.failure, outcome.why, outcome.retry_after_ms);
  }
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
                                     const std::optional<ModelName>& model,
                                     const std::string& state_dir) const {
  exec_request request;
  request.argv = {options_.command};
  std::move(arguments.begin(), arguments.end(), std::back_inserter(request.argv));
  request.cwd = std::move(cwd);
  request.env_unset = inherited_to_unset();
  // What is set later has the last word.
  request.env_set = passed_variables(own_environment(), options_.pass_env, model, config.config);
  for (const auto& more : {home_.variables(user, config, state_dir), options_.extra_env}) {
    request.env_set.insert(request.env_set.end(), more.begin(), more.end());
  }
  return request;
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
  const AgentFile agent = make_agent({request.role, request.system_prompt, request.may_edit,
                                      request.temperature, request.top_p, request.top_k});
  DIRECTOR_CHECK(home_.prepare());
  DIRECTOR_CHECK(home_.install(agent));
  Asked asked{request, *model, agent.name, user_folders(), {}, {}};
  DIRECTOR_TRY(asked.files, read_user_config(asked.user, repo_dir_));
  asked.auth = read_user_auth(asked.user);
  const auto config =
      make_call_config(asked.files, asked.auth, model, request.temperature.has_value());
  if (!config) {
    events.fail(agent_failure::config, config.error().message());
    return director::ok();
  }
  if (request.top_k.has_value() && !config->openai_compatible) {
    services.log(log_level::warning, "top_k may not reach model '" + std::string(request.model) +
                                         "': only OpenAI-compatible providers are given it");
  }
  if (options_.over_server && run_over_server(asked, events, services)) {
    return director::ok();
  }
  return run_alone(asked, *config, events, services);
}

Result<LeasedServer> OpencodeRunner::lease(const Asked& asked, const CallConfig& config,
                                           director::host& services) const {
  const std::string folder =
      options_.server_for_all ? home_.agent_dir() : std::string(asked.request.workdir);
  const std::string state_dir = home_.state_dir(asked.request.may_edit ? "edit" : "read",
                                                folder + "\n" + config.config + config.auth);
  DIRECTOR_TRY(FirstStart start,
               FirstStart::wait_for(home_, state_dir, options_.command, services));
  DIRECTOR_TRY(LeasedServer leased, lease_server(server_for(asked, config, folder, state_dir),
                                                 options_.server_memory_bytes, services));
  start.worked();
  return leased;
}

director::daemon_request OpencodeRunner::server_for(const Asked& asked, const CallConfig& config,
                                                    const std::string& folder,
                                                    const std::string& state_dir) const {
  const bool may_edit = asked.request.may_edit;
  exec_request like = command(
      {"serve", "--hostname", "127.0.0.1", "--port", "0", "--print-logs", "--log-level", "ERROR"},
      folder, asked.user, config, asked.model, state_dir);
  director::daemon_request request;
  request.argv = std::move(like.argv);
  request.cwd = std::move(like.cwd);
  request.env_set = std::move(like.env_set);
  request.env_unset = std::move(like.env_unset);
  request.every_workspace = options_.server_for_all && may_edit;
  request.every_workspace_read = options_.server_for_all && !may_edit;
  request.start_timeout_ms = options_.server_start_ms;
  return request;
}

bool OpencodeRunner::run_over_server(const Asked& asked, const director::agent_events& events,
                                     director::host& services) const {
  const director::run_request& request = asked.request;
  const auto config = make_call_config(asked.files, asked.auth, asked.model,
                                       request.temperature.has_value(), KeptModels::All);
  if (!config) {
    return false;
  }
  if (const std::string why = MissedServers::why_not(home_.dir(), services.unix_ms());
      !why.empty()) {
    say_run_alone(why, services);
    return false;
  }
  auto server = lease(asked, *config, services);
  if (!server) {
    return settled_without_server(server.error(), events, services);
  }
  server->is_private = request.may_edit && !options_.server_for_all;
  ServerQuestion question{one_line(request.title, asked.agent),
                          asked.agent,
                          asked.model,
                          request.message,
                          request.workdir,
                          {request.model, request.may_edit, request.stall_ms, options_.start_ms},
                          options_.limits};
  if (question.limits.silence_ms == 0) {
    question.limits.silence_ms = request.stall_ms;
  }
  const auto outcome = ServerCall(*server, question, events, services).run();
  if (!outcome) {
    return settled_without_server(outcome.error(), events, services);
  }
  end_with(*outcome, events);
  return true;
}

bool OpencodeRunner::settled_without_server(const Error& error,
                                            const director::agent_events& events,
                                            director::host& services) const {
  if (services.cancelled()) {
    const bool late = services.remaining_ms() == 0;
    events.fail(late ? agent_failure::deadline : agent_failure::cancelled,
                late ? "no end before the call's deadline" : "cancelled");
    return true;
  }
  if (error.code() == Errc::NotFound) {
    events.fail(agent_failure::config, not_installed(options_.command));
    return true;
  }
  // Conflict is said at once, and may be of this call alone.
  if (error.code() != Errc::Conflict && error.code() != Errc::Cancelled) {
    MissedServers::note(home_.dir(), services.unix_ms(), error.message());
  }
  say_run_alone(error.message(), services);
  return false;
}

void OpencodeRunner::say_run_alone(const std::string& why, director::host& services) const {
  services.log(MissedServers::is_news(home_.dir(), why) ? log_level::warning : log_level::debug,
               "runs OpenCode as one process a call, since its server cannot be had: " + why);
}

Status OpencodeRunner::run_alone(const Asked& asked, const CallConfig& config,
                                 const director::agent_events& events,
                                 director::host& services) const {
  const director::run_request& request = asked.request;
  const std::string dir(request.workdir);
  // Calls at work at once would wait for each other's database, and not for ever.
  const std::string state_dir = home_.state_dir(request.may_edit ? "run-edit" : "run-read", dir);
  exec_request call =
      command({"run", "--dir", dir, "--agent", asked.agent, "--model", std::string(request.model),
               "--format", "json", "--title=" + one_line(request.title, asked.agent),
               "--print-logs", "--log-level", "ERROR"},
              dir, asked.user, config, asked.model, state_dir);
  call.stdin_text = std::string(request.message);
  call.stall_timeout_ms = request.stall_ms;
  call.start_timeout_ms = options_.start_ms;
  auto start = FirstStart::wait_for(home_, state_dir, options_.command, services);
  if (!start) {
    events.fail(failure_of(start.error()), start.error().message());
    return director::ok();
  }
  return converse(call, request, *start, events, services);
}

Status OpencodeRunner::converse(const exec_request& request, const director::run_request& asked,
                                FirstStart& start, const director::agent_events& events,
                                director::host& services) const {
  EventParser parser;
  StderrNotes notes;
  const auto ended = services.exec(request, [&](const exec_line& line) {
    if (line.is_stderr) {
      notes.feed(line.text);
      return !notes.fell_back();  // else another agent works on, with other permissions
    }
    if (const auto event = parser.feed(line.text, line.cut)) {
      start.worked();
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
      judge({asked.model, asked.may_edit, request.stall_timeout_ms, request.start_timeout_ms}, seen,
            notes, *ended);
  end_with(outcome, events);
  return director::ok();
}

Result<std::string> OpencodeRunner::probe(director::host& services) {
  const UserFolders user = user_folders();
  DIRECTOR_CHECK(home_.prepare());
  DIRECTOR_TRY(const std::vector<ConfigText> files, read_user_config(user, repo_dir_));
  DIRECTOR_TRY(const CallConfig config,
               make_call_config(files, read_user_auth(user), std::nullopt, false));
  exec_request request =
      command({"--version"}, home_.agent_dir(), user, config, std::nullopt, home_.agent_dir());
  request.timeout_ms = kProbeMs;
  const auto version = output_of(request, services);
  if (!version) {
    return version.error().code() == Errc::NotFound
               ? Error(Errc::NotFound, not_installed(options_.command))
               : version.error();
  }
  DIRECTOR_TRY(FirstStart start,
               FirstStart::wait_for(home_, home_.agent_dir(), options_.command, services));
  request.argv = {options_.command, "models"};
  DIRECTOR_TRY(const std::string listing, output_of(request, services));
  start.worked();

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
