#include <optional>
#include <utility>

#include "core/plugin/exec/backends.hpp"
#include "core/plugin/exec/conversation.hpp"
#include "core/plugin/instance.hpp"

namespace director::plugin::exec {
namespace {

/// Passes events on as they come; the last one only when the call is known to have ended well.
class Relay {
 public:
  explicit Relay(const agent_events& to) : to_(to) {}

  Heard take(Message& message) {
    if (const auto* text = std::get_if<AgentText>(&message)) {
      to_.text(text->text);
    } else if (const auto* call = std::get_if<AgentTool>(&message)) {
      to_.tool({call->name, call->input, call->output, call->exit_code, 0});
    } else if (const auto* step = std::get_if<usage>(&message)) {
      to_.spent(*step);
    } else if (const auto* retry = std::get_if<AgentRetry>(&message)) {
      to_.retry(retry->why, retry->after_ms);
    } else if (auto* finish = std::get_if<AgentFinish>(&message)) {
      finish_ = std::move(*finish);
      return Heard::Answer;
    } else if (auto* fail = std::get_if<AgentFail>(&message)) {
      fail_ = std::move(*fail);
      return Heard::Answer;
    } else {
      return Heard::Refused;
    }
    return Heard::More;
  }

  /// `id`: of the plugin, for what went wrong.
  void end(std::string_view id) const {
    if (fail_) {
      to_.fail(fail_->failure, said_by(id, fail_->text), fail_->retry_after_ms);
    } else if (finish_) {
      to_.finish(finish_->text);
    }
  }

  /// Whether that was an end of the agent's call, and not a failure of its runner.
  [[nodiscard]] bool end_for(const Error& error) const {
    if (error.code() == Errc::Timeout) {
      to_.fail(agent_failure::deadline, error.message());
    } else if (error.code() == Errc::Cancelled) {
      to_.fail(agent_failure::cancelled, error.message());
    } else {
      return false;
    }
    return true;
  }

 private:
  const agent_events& to_;
  std::optional<AgentFinish> finish_;
  std::optional<AgentFail> fail_;
};

class ExecRunner final : public director::runner {
 public:
  explicit ExecRunner(Making making) : making_(std::move(making)) {}

  [[nodiscard]] Status run(const run_request& request, const agent_events& events,
                           director::host& services) override {
    Task task;
    task.lines = run_line({making_.info, services.remaining_ms()}, request) + "\n";
    task.cwd = request.workdir;
    task.stall_ms = request.stall_ms;
    task.workdir = request.workdir;
    task.may_exec = true;
    Relay relay(events);
    Conversation conversation(making_.plugin, making_.limits, services, std::move(task),
                              [&relay](Message& message) { return relay.take(message); });
    Status held = conversation.hold();
    if (held) {
      relay.end(making_.plugin.descriptor.id);
      return held;
    }
    return relay.end_for(held.error()) ? ok() : held;
  }

  [[nodiscard]] Result<std::string> probe(director::host& services) override {
    Task task;
    task.lines = probe_line({making_.info, services.remaining_ms()}) + "\n";
    task.cwd = making_.info.cache_dir + "/agent";  // the only folder of its own that it may write
    Tool answer;
    Conversation conversation(making_.plugin, making_.limits, services, std::move(task),
                              take_answer(answer));
    DIRECTOR_CHECK(conversation.hold());
    return std::move(answer.json);
  }

 private:
  Making making_;
};

}  // namespace

std::unique_ptr<director::runner> make_runner(const Making& making) {
  return std::make_unique<ExecRunner>(making);
}

}  // namespace director::plugin::exec
