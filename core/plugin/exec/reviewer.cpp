#include <utility>

#include "core/plugin/exec/backends.hpp"
#include "core/plugin/exec/conversation.hpp"

namespace director::plugin::exec {
namespace {

class ExecReviewer final : public director::reviewer {
 public:
  explicit ExecReviewer(Making making) : making_(std::move(making)) {}

  [[nodiscard]] Result<review> examine(const review_request& request,
                                       director::host& services) override {
    Task task;
    task.lines = review_line({making_.info, services.remaining_ms()}, request) + "\n";
    // Not the checkout: what lies there must not be found by a program that is not confined.
    task.cwd = making_.info.cache_dir;
    task.workdir = request.workdir;
    task.role = request.role;
    task.may_ask = true;
    review answer;
    Conversation conversation(making_.plugin, making_.limits, services, std::move(task),
                              take_answer(answer));
    DIRECTOR_CHECK(conversation.hold());
    return answer;
  }

 private:
  Making making_;
};

}  // namespace

std::unique_ptr<director::reviewer> make_reviewer(const Making& making) {
  return std::make_unique<ExecReviewer>(making);
}

}  // namespace director::plugin::exec
