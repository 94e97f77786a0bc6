/// Fails the nth call of a port, or all from the nth on, so that a test can try every n.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "director/result.hpp"

namespace director::testing {

/// Where a call fails: before it did anything, or after it did everything but before it said so.
enum class FaultSide { Before, After };

/// Shared by the fakes of one test. Safe from any thread.
class Fault {
 public:
  Fault() = default;
  /// `times` calls fail one after the other, the nth first.
  Fault(int nth, FaultSide side, int times = 1) : nth_(nth), times_(times), side_(side) {}
  /// The process is killed at its nth call: that call and every later one do nothing.
  [[nodiscard]] static std::unique_ptr<Fault> kill_at(int nth) {
    auto fault = std::make_unique<Fault>(nth, FaultSide::Before);
    fault->for_ever_ = true;
    return fault;
  }

  /// The first call of a port fails, whichever that is in this run: "read" is one, as is "sync".
  [[nodiscard]] static std::unique_ptr<Fault> first_of(std::string port, FaultSide side) {
    auto fault = std::make_unique<Fault>(0, side);
    fault->port_ = std::move(port);
    return fault;
  }

  /// From the next call on, as kill_at() does; for a moment that only the running test knows.
  void kill_next() {
    const std::lock_guard lock(mutex_);
    nth_ = calls_ + 1;
    for_ever_ = true;
  }

  /// The nth call from now on fails; for a moment that only the running test knows.
  void arm(int nth) {
    const std::lock_guard lock(mutex_);
    nth_ = calls_ + nth;
  }

  /// Counts a call; true if this is the one that fails; side() says on which side of it.
  [[nodiscard]] bool strikes(const std::string& what) {
    const std::lock_guard lock(mutex_);
    ++calls_;
    if (!port_.empty() && what.substr(0, what.find(' ')) == port_) {
      nth_ = calls_;
      port_.clear();
    }
    if (calls_ == nth_) {
      fired_ = true;
      where_ = what;
    }
    return calls_ >= nth_ && nth_ > 0 && (for_ever_ || calls_ < nth_ + times_);
  }
  [[nodiscard]] FaultSide side() const { return side_; }
  [[nodiscard]] bool fired() const {
    const std::lock_guard lock(mutex_);
    return fired_;
  }
  /// The call that failed.
  [[nodiscard]] std::string where() const {
    const std::lock_guard lock(mutex_);
    return where_;
  }
  [[nodiscard]] static Error error(const std::string& what) {
    return Error(Errc::Io, "injected fault in " + what);
  }

 private:
  mutable std::mutex mutex_;
  int nth_ = 0;  ///< 0: never
  int times_ = 1;
  FaultSide side_ = FaultSide::Before;
  int calls_ = 0;
  bool for_ever_ = false;
  std::string port_;  ///< whose first call is to be the nth; empty: that is known
  bool fired_ = false;
  std::string where_;
};

/// What `body` returns; or, if the fault strikes, its error, before `body` ran or after it did.
template <typename Body>
auto with_fault(Fault* fault, const std::string& what, Body body) -> decltype(body()) {
  if (fault == nullptr || !fault->strikes(what)) {
    return body();
  }
  if (fault->side() == FaultSide::After) {
    (void)body();
  }
  return Fault::error(what);
}

}  // namespace director::testing
