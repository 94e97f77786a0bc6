#include "sdk/kit/cancelling.hpp"

#include <chrono>
#include <future>
#include <thread>

namespace director::kit {
namespace {

using std::chrono::milliseconds;

/// A second in small steps: on a busy machine, where the call gets little time, they take longer.
constexpr milliseconds kStep{2};
constexpr int kSteps = 500;
constexpr int kTries = 3;

bool ends_soon(const std::future<Status>& done) {
  for (int i = 0; i < kSteps; ++i) {
    if (done.wait_for(kStep) == std::future_status::ready) {
      return true;
    }
  }
  return false;
}

}  // namespace

Status ends_when_cancelled(
    const std::function<std::function<Status()>(const ports::CancelToken&)>& call,
    const std::function<bool()>& is_waiting) {
  for (int i = 0; i < kTries; ++i) {
    const ports::CancelToken token;
    std::packaged_task<Status()> task(call(token));
    std::future<Status> done = task.get_future();
    std::thread(std::move(task)).detach();
    while (!is_waiting() && done.wait_for(milliseconds(1)) != std::future_status::ready) {
    }
    token.cancel();
    if (ends_soon(done)) {
      return done.get();
    }
  }
  return Error(Errc::Timeout, "a second after it was cancelled the call goes on, " +
                                  std::to_string(kTries) + " times of " + std::to_string(kTries));
}

}  // namespace director::kit
