#include "call_limits.hpp"

#include <algorithm>
#include <utility>

namespace runner_opencode {

using director::agent_failure;

namespace {

std::string seconds(std::int64_t milliseconds) {
  constexpr std::int64_t kMsPerSecond = 1000;
  return std::to_string(milliseconds / kMsPerSecond) + " s";
}

bool is_over(std::int64_t limit_ms, std::int64_t since_ms, std::int64_t now_ms) {
  return limit_ms > 0 && now_ms - since_ms >= limit_ms;
}

}  // namespace

void CallWatch::saw_retry(std::int64_t now_ms, std::int64_t until_ms, std::string why) {
  saw_life(now_ms);
  retry_at_ms_ = until_ms;
  retry_why_ = std::move(why);
}

std::optional<LimitReached> CallWatch::check_tools(const CallProgress& progress,
                                                   std::int64_t now_ms) {
  std::erase_if(tools_since_ms_, [&progress](const auto& tool) {
    return !progress.running_tools.contains(tool.first);
  });
  for (const auto& [id, name] : progress.running_tools) {
    last_life_ms_ = now_ms;  // the silence of whoever waits for a tool is no silence
    const std::int64_t since_ms = tools_since_ms_.emplace(id, now_ms).first->second;
    if (is_over(limits_.tool_ms, since_ms, now_ms)) {
      return LimitReached{agent_failure::deadline, "the tool '" + name + "' ran longer than " +
                                                       seconds(limits_.tool_ms) +
                                                       " (plugin.runner-opencode.tool_secs)"};
    }
  }
  return std::nullopt;
}

std::optional<LimitReached> CallWatch::check(const CallProgress& progress, std::int64_t now_ms) {
  if (auto reached = check_tools(progress, now_ms)) {
    return reached;
  }
  if (!progress.was_busy) {
    return is_over(limits_.busy_ms, begun_ms_, now_ms)
               ? std::optional(
                     LimitReached{agent_failure::transport,
                                  "opencode's server did not take up the message within " +
                                      seconds(limits_.busy_ms)})
               : std::nullopt;
  }
  const bool at_start = !spoke_ && limits_.start_ms > 0;
  const std::int64_t patience = at_start ? limits_.start_ms : limits_.silence_ms;
  if (progress.waits_to_retry) {
    // A wait that the endpoint asked for has no upper bound; the kernel waits better than a
    // session.
    if (limits_.silence_ms > 0 && retry_at_ms_ - last_life_ms_ >= limits_.silence_ms) {
      return LimitReached{agent_failure::rate_limit,
                          "opencode would wait " + seconds(retry_at_ms_ - last_life_ms_) +
                              " before it tries again: " + retry_why_,
                          retry_at_ms_ - now_ms};
    }
    return is_over(patience, std::max(last_life_ms_, retry_at_ms_), now_ms)
               ? std::optional(LimitReached{agent_failure::transport,
                                            "opencode did not try again after: " + retry_why_})
               : std::nullopt;
  }
  if (!is_over(patience, last_life_ms_, now_ms)) {
    return std::nullopt;
  }
  if (at_start) {
    return LimitReached{agent_failure::transport,
                        "opencode gave no first event within " + seconds(patience) +
                            " (for a model that is slow to its first word raise "
                            "plugin.runner-opencode.start_secs)"};
  }
  return LimitReached{agent_failure::transport,
                      "opencode gave no sign of life for " + seconds(patience)};
}

}  // namespace runner_opencode
