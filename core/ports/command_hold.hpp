/// Reaching a command that another thread runs.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

namespace director::ports {

/// A command as it runs, with all that it started.
struct CommandLook {
  std::chrono::microseconds cpu{0};  ///< used since its start
  std::int64_t memory_bytes = -1;    ///< resident now; -1: not known
  std::string limit{};               ///< that it has run into so far, as in Exit; empty: none
};

/// What a launcher can do to a command while it runs. None of it blocks.
class CommandGrip {
 public:
  virtual ~CommandGrip() = default;
  /// Asks to spare from now on what the command has started so far; CommandHold::marked() answers.
  virtual void mark() = 0;
  /// Asks for the end of all that the command has started since; CommandHold::weeded() answers.
  virtual void weed() = 0;
  [[nodiscard]] virtual CommandLook look() const = 0;
};

/// See Command::hold. Outlives the command; for one command at a time. Safe from any thread.
class CommandHold {
 public:
  using OnLook = std::function<void(const CommandLook&)>;

  /// `on_look` hears of the command from time to time while somebody watches it, on the thread that
  /// runs it.
  explicit CommandHold(OnLook on_look = {}) : on_look_(std::move(on_look)) {}

  void mark() {
    const std::lock_guard lock(mutex_);
    if (grip_ != nullptr) {
      grip_->mark();
    }
  }

  /// Waits for what mark() has asked for: before that, what the command starts might be spared,
  /// too. False: there is no answer after `patience`. True also if the command is over.
  [[nodiscard]] bool wait_marked(std::chrono::milliseconds patience) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return marked_ || grip_ == nullptr; });
  }

  /// Kills what the command has started since mark(), but not the command itself. False: some of it
  /// is left after `patience`. True also if the command is over and nothing has outlived it.
  [[nodiscard]] bool weed(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    if (grip_ == nullptr) {
      return !lost_;
    }
    answered_ = false;
    grip_->weed();
    changed_.wait_for(lock, patience, [this] { return answered_ || grip_ == nullptr; });
    return grip_ == nullptr ? !lost_ : answered_ && clean_;
  }

  /// Nothing is known of it if it does not run.
  [[nodiscard]] CommandLook look() const {
    const std::lock_guard lock(mutex_);
    return grip_ == nullptr ? CommandLook{} : grip_->look();
  }

  void watch(bool on) { watched_ = on && on_look_; }

  /// For launchers: the command runs, or (nullptr) it is over with all that it started.
  void take(CommandGrip* grip) {
    const std::lock_guard lock(mutex_);
    grip_ = grip;
    lost_ = lost_ && grip == nullptr;
    changed_.notify_all();
  }
  /// For launchers: the command is over, and some of what it started could not be ended.
  void lose() {
    const std::lock_guard lock(mutex_);
    grip_ = nullptr;
    lost_ = true;
    changed_.notify_all();
  }
  /// For launchers: whether saw() is of any use.
  [[nodiscard]] bool is_watched() const { return watched_; }
  void saw(const CommandLook& look) const { on_look_(look); }
  /// For launchers: the answer to a mark().
  void marked() {
    const std::lock_guard lock(mutex_);
    marked_ = true;
    changed_.notify_all();
  }
  /// For launchers: the answer to a weed(). `clean`: nothing is left of it.
  void weeded(bool clean) {
    const std::lock_guard lock(mutex_);
    answered_ = true;
    clean_ = clean;
    changed_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  const OnLook on_look_;
  std::atomic<bool> watched_ = false;
  CommandGrip* grip_ = nullptr;
  bool lost_ = false;
  bool marked_ = false;
  bool answered_ = false;
  bool clean_ = false;
};

}  // namespace director::ports
