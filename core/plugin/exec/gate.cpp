#include <utility>

#include "core/plugin/exec/backends.hpp"
#include "core/plugin/exec/conversation.hpp"
#include "core/plugin/instance.hpp"

namespace director::plugin::exec {
namespace {

class ExecGate final : public director::gate {
 public:
  explicit ExecGate(Making making) : making_(std::move(making)) {}

  [[nodiscard]] verdict check(const gate_request& request, director::host& services) override {
    Task task;
    task.lines = check_line({making_.info, services.remaining_ms()}, request) + "\n";
    task.cwd = request.workdir;
    task.workdir = request.workdir;
    task.command = request.command;
    task.may_exec = true;
    Verdict answer;
    Conversation conversation(making_.plugin, making_.limits, services, std::move(task),
                              take_answer(answer));
    if (const Status held = conversation.hold(); !held) {
      return verdict::error(held.error().message(), conversation.output());
    }
    if (!answer.has_detail) {
      answer.said.detail = conversation.output();
    }
    if (answer.said.outcome == DIRECTOR_GATE_PASS && conversation.was_cut_short()) {
      return verdict::error("plugin '" + making_.plugin.descriptor.id +
                                "' says pass although the call's time was over before its command "
                                "was, which counts for nothing",
                            conversation.output());
    }
    if (answer.said.outcome == DIRECTOR_GATE_ERROR) {
      answer.said.summary = said_by(making_.plugin.descriptor.id, answer.said.summary);
    }
    return std::move(answer.said);
  }

 private:
  Making making_;
};

}  // namespace

std::unique_ptr<director::gate> make_gate(const Making& making) {
  return std::make_unique<ExecGate>(making);
}

}  // namespace director::plugin::exec
