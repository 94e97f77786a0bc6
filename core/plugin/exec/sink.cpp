#include <utility>

#include "core/plugin/exec/backends.hpp"
#include "core/plugin/exec/conversation.hpp"

namespace director::plugin::exec {
namespace {

constexpr std::size_t kMostRecords = 256;
constexpr std::size_t kMostBytes = std::size_t{1} << 20U;
constexpr std::int64_t kLongestWaitMs = 2000;

class ExecSink final : public director::sink {
 public:
  explicit ExecSink(Making making) : making_(std::move(making)) {}

  [[nodiscard]] Status emit(const record& entry, director::host& services) override {
    DIRECTOR_CHECK(still_used());
    if (count_ == 0) {
      first_at_ms_ = services.unix_ms();
    }
    waiting_ += record_line(entry) + "\n";
    ++count_;
    const std::int64_t waited_ms = services.unix_ms() - first_at_ms_;
    const bool is_due = count_ >= kMostRecords || waiting_.size() >= kMostBytes ||
                        waited_ms >= kLongestWaitMs || waited_ms < 0;
    return is_due ? hand_over(services) : ok();
  }

  [[nodiscard]] Status flush(director::host& services) override {
    DIRECTOR_CHECK(still_used());
    return count_ == 0 ? ok() : hand_over(services);
  }

 private:
  [[nodiscard]] Status still_used() const {
    return gave_up_ ? Status(Error(Errc::External, "plugin '" + making_.plugin.descriptor.id +
                                                       "' is not used any more, since it hung"))
                    : ok();
  }

  [[nodiscard]] Status hand_over(director::host& services) {
    Task task;
    task.lines = keep_line({making_.info, services.remaining_ms()}, count_) + "\n" + waiting_;
    task.says_all = true;
    task.cwd = making_.info.cache_dir;
    task.is_bounded = true;
    waiting_.clear();
    count_ = 0;
    Conversation conversation(
        making_.plugin, making_.limits, services, std::move(task), [](Message& message) {
          return std::holds_alternative<Kept>(message) ? Heard::Answer : Heard::Refused;
        });
    Status held = conversation.hold();
    // Whoever emits holds the books: they must not wait for the same program again and again.
    gave_up_ = !held && conversation.was_late();
    return held;
  }

  Making making_;
  std::string waiting_;  ///< lines
  std::size_t count_ = 0;
  std::int64_t first_at_ms_ = 0;
  bool gave_up_ = false;
};

}  // namespace

std::unique_ptr<director::sink> make_sink(const Making& making) {
  return std::make_unique<ExecSink>(making);
}

}  // namespace director::plugin::exec
