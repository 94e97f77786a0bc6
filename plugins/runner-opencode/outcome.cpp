#include "outcome.hpp"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <optional>
#include <utility>

#include "text.hpp"

namespace runner_opencode {

using director::agent_failure;
using director::exec_outcome;
using plugin_support::contains;

namespace {

constexpr std::size_t kTailBytes = 2000;

std::string without_colours(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b' && i + 1 < line.size() && line[i + 1] == '[') {
      i = std::min(line.find_first_of("mKHJ", i), line.size());
    } else if (static_cast<unsigned char>(line[i]) >= 0x20 || line[i] == '\t') {
      out += line[i];
    }
  }
  return plugin_support::valid_utf8(plugin_support::trim(out));
}

/// The beginning of what another program said.
std::string beginning(std::string_view text) {
  return plugin_support::valid_utf8(text.substr(0, kTailBytes));
}

bool has_any(const std::string& text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return contains(text, part); });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

Outcome failed(agent_failure failure, std::string why, std::int64_t retry_after_ms = 0) {
  return {false, {}, failure, std::move(why), retry_after_ms};
}

std::string with_tail(const std::string& why, const StderrNotes& notes) {
  return notes.tail().empty() ? why : why + "; it last said: " + notes.tail();
}

agent_failure failure_of_status(const ReportedError& error) {
  switch (error.status) {
    case 401:
    case 403:
      return agent_failure::auth;
    case 402:
    case 429:
      return agent_failure::rate_limit;
    case 404:
      return agent_failure::config;
    case 408:
    case 409:
    case 425:
      return agent_failure::transport;
    default:
      return error.status >= 500 ? agent_failure::transport : agent_failure::model;
  }
}

/// Errors that no HTTP answer stands behind: dropped connections, errors inside a stream, the
/// tool's own.
agent_failure failure_of_text(const ReportedError& error) {
  const std::string text = lower(error.message);
  if (has_any(text, {"rejected permission", "rule which prevents"})) {
    return agent_failure::refused;
  }
  if (error.name == "ProviderAuthError" ||
      has_any(text, {"unauthorized", "invalid api key", "invalid_api_key"})) {
    return agent_failure::auth;
  }
  if (has_any(text, {"model not found", "failed to initialize provider"})) {
    return agent_failure::config;
  }
  if (has_any(text, {"rate limit", "rate_limit", "too many requests", "quota", "429"})) {
    return agent_failure::rate_limit;
  }
  return agent_failure::transport;
}

bool is_models_own(const ReportedError& error) {
  return error.name == "ContextOverflowError" || error.name == "ContentFilterError" ||
         error.name == "MessageOutputLengthError" || error.name == "StructuredOutputError";
}

std::string advice(agent_failure failure, const Call& call) {
  const std::string provider(call.model.substr(0, call.model.find('/')));
  if (failure == agent_failure::auth) {
    return "; check the credentials of provider '" + provider + "' (opencode auth login)";
  }
  if (failure == agent_failure::config) {
    return "; check the tier's model and provider '" + provider + "' in opencode.json";
  }
  return {};
}

Outcome judge_error(const Call& call, const ReportedError& error, const StderrNotes& notes) {
  const std::string model = "model '" + std::string(call.model) + "': ";
  const bool opaque = error.status == 0 && contains(error.message, "Check server logs");
  if (opaque && !notes.misconfigured().empty()) {
    return failed(agent_failure::config,
                  model + notes.misconfigured() + advice(agent_failure::config, call));
  }
  if (opaque) {
    return failed(agent_failure::transport, with_tail("opencode failed inside", notes));
  }
  agent_failure failure = agent_failure::model;
  if (error.status != 0 && !is_models_own(error)) {
    failure = failure_of_status(error);
    if (error.status == 400 && contains(error.body, "model_not_found")) {
      failure = agent_failure::config;
    }
  } else if (!is_models_own(error)) {
    failure = failure_of_text(error);
  }
  std::string why = model + beginning(error.message);
  if (error.status != 0) {
    why += " (HTTP " + std::to_string(error.status) + (error.url.empty() ? "" : " from ") +
           beginning(error.url) + ")";
  } else if (!error.url.empty()) {
    why += " (" + beginning(error.url) + ")";
  }
  return failed(failure, why + advice(failure, call), error.retry_after_ms);
}

Outcome judge_success(const Call& call, const Transcript& seen) {
  if (!call.may_edit && seen.answer_cut) {
    return failed(agent_failure::model, "the answer is longer than what is kept of one");
  }
  if (!call.may_edit && plugin_support::trim(seen.answer).empty()) {
    return failed(agent_failure::model,
                  "model '" + std::string(call.model) + "' ended without an answer");
  }
  return {true, seen.answer, {}, {}, 0};
}

Outcome judge_silence(const Call& call, const Transcript& seen, const StderrNotes& notes) {
  constexpr std::int64_t kMsPerSecond = 1000;
  // For the host a silence at the start is one, too: the lesser of both limits ended it.
  const bool at_start = seen.events == 0 && call.start_ms > 0 &&
                        (call.stall_ms == 0 || call.start_ms < call.stall_ms);
  if (at_start) {
    return failed(agent_failure::transport,
                  with_tail("opencode gave no first event within " +
                                std::to_string(call.start_ms / kMsPerSecond) +
                                " s (a hang at start-up; for a model that is slow to its first "
                                "word raise plugin.runner-opencode.start_secs)",
                            notes));
  }
  return failed(agent_failure::transport,
                with_tail("opencode gave no sign of life for " +
                              std::to_string(call.stall_ms / kMsPerSecond) + " s",
                          notes));
}

/// The host ended the command before it ended by itself.
std::optional<Outcome> judge_interruption(const Call& call, const Transcript& seen,
                                          const StderrNotes& notes,
                                          const director::exec_result& ended) {
  const bool reported = seen.error.has_value() && is_decided(seen);
  switch (ended.outcome) {
    case exec_outcome::cancelled:
      return failed(agent_failure::cancelled, "cancelled");
    case exec_outcome::timed_out:
      return reported ? judge_error(call, *seen.error, notes)
                      : failed(agent_failure::deadline,
                               "no end within " + std::to_string(ended.wall_ms / 1000) + " s");
    case exec_outcome::stalled:
      return reported ? judge_error(call, *seen.error, notes) : judge_silence(call, seen, notes);
    case exec_outcome::exited:
    case exec_outcome::signaled:
    case exec_outcome::stopped:
      return std::nullopt;
  }
  return std::nullopt;
}

Outcome judge_early_end(const Call& call, const Transcript& seen, const StderrNotes& notes,
                        const director::exec_result& ended) {
  if (seen.rejected || !notes.rejected().empty()) {
    return failed(agent_failure::refused, notes.rejected().empty()
                                              ? "a tool asked for a permission that the role lacks"
                                              : notes.rejected());
  }
  if (!seen.working && (seen.last_reason == "length" || seen.last_reason == "content-filter")) {
    return failed(agent_failure::model,
                  "model '" + std::string(call.model) + "' stopped early: " + seen.last_reason);
  }
  if (seen.events == 0 && !notes.misconfigured().empty()) {
    return failed(agent_failure::config, notes.misconfigured());
  }
  const std::string how = ended.outcome == exec_outcome::signaled
                              ? "was killed by signal " + std::to_string(ended.signal)
                              : "ended with status " + std::to_string(ended.exit_code);
  return failed(agent_failure::transport,
                with_tail("opencode " + how + " before the model had finished", notes));
}

}  // namespace

void StderrNotes::feed(std::string_view line) {
  const std::string text = without_colours(line);
  if (text.empty()) {
    return;
  }
  // The tool's own warnings begin with "!"; log lines may quote anything.
  if (text.starts_with("!")) {
    fell_back_ = fell_back_ || contains(text, "Falling back to default agent");
    if (contains(text, "permission requested: ") && text.ends_with("auto-rejecting")) {
      rejected_ = beginning(plugin_support::trim(std::string_view(text).substr(1)));
    }
  }
  if (misconfigured_.empty() &&
      has_any(text, {"Model not found", "ProviderModelNotFoundError", "ProviderInitError",
                     "Configuration is invalid", "is not valid JSON"})) {
    misconfigured_ = beginning(text);
  }
  tail_ += (tail_.empty() ? "" : "\n") + text;
  if (tail_.size() > kTailBytes) {
    tail_ = plugin_support::valid_utf8(std::string_view(tail_).substr(tail_.size() - kTailBytes));
  }
}

bool is_decided(const Transcript& seen) {
  return !seen.working && !seen.may_go_on && (seen.error.has_value() || seen.last_reason == "stop");
}

Outcome judge(const Call& call, const Transcript& seen, const StderrNotes& notes,
              const director::exec_result& ended) {
  if (notes.fell_back()) {
    return failed(agent_failure::config, "opencode did not find the role's agent: " + notes.tail());
  }
  // A finished call counts even if the process then hung or was killed: opencode sometimes waits
  // for ever after its last event.
  const bool ended_well = ended.outcome == exec_outcome::exited && ended.exit_code == 0;
  if (seen.last_reason == "stop" && !seen.working && !seen.error.has_value() &&
      (ended_well || !seen.may_go_on)) {
    return judge_success(call, seen);
  }
  if (auto interrupted = judge_interruption(call, seen, notes, ended)) {
    return *std::move(interrupted);
  }
  if (seen.error.has_value() && (ended.outcome == exec_outcome::exited || is_decided(seen))) {
    return judge_error(call, *seen.error, notes);
  }
  return judge_early_end(call, seen, notes, ended);
}

}  // namespace runner_opencode
