#include "core/plugin/call_watch.hpp"

#include <utility>

#include "core/plugin/call_host.hpp"

namespace director::plugin {
namespace {

struct CallState {
  bool over = false;  ///< cancelled, or out of time
  bool has_deadline = false;
};

CallState state_of(const director_host* host) {
  const auto* cancel = host == nullptr ? nullptr
                                       : static_cast<const director_cancel_service*>(
                                             host->get_service(host, DIRECTOR_SERVICE_CANCEL));
  return cancel == nullptr
             ? CallState{}
             : CallState{cancel->cancelled(host) != 0, cancel->remaining_ms(host) >= 0};
}

std::string seconds(std::chrono::milliseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

CallWatch::CallWatch(const ports::Clock& clock, ports::CancelToken interrupt, Patience patience)
    : clock_(clock), interrupt_(std::move(interrupt)), patience_(patience) {}

std::optional<CallWatch::Late> CallWatch::look() {
  const ports::SteadyTime now = clock_.now();
  std::map<std::uint64_t, Seen> still;
  std::optional<Late> late;
  for_each_call([&](const CallUnderWay& call) {
    const auto before = seen_.find(call.number);
    Seen seen = before == seen_.end() ? Seen{now, {}} : before->second;
    if (call.host != nullptr && is_serving(*call.host)) {
      seen = {now, {}};
    } else if (!late) {
      late = judge(call, seen, now);
    }
    still.emplace(call.number, seen);
  });
  seen_ = std::move(still);
  return late;
}

std::optional<CallWatch::Late> CallWatch::judge(const CallUnderWay& call, Seen& seen,
                                                ports::SteadyTime now) const {
  const CallState state = state_of(call.host);
  const bool interrupted = interrupt_.cancelled();
  const std::chrono::milliseconds most = call.is_vcs ? patience_.vcs : patience_.call;
  if (!interrupted && !state.over) {
    seen.over.reset();
    if (!state.has_deadline && now - seen.since >= most) {
      return Late{*call.plugin, "has not come back from a call for " + seconds(most), false};
    }
    return std::nullopt;
  }
  if (!seen.over) {
    seen.over = now;
  }
  // Whose host says nothing of the end of it, as that of a vcs, cannot know.
  const std::chrono::milliseconds late = state.over ? patience_.late : patience_.call;
  if (now - *seen.over < late) {
    return std::nullopt;
  }
  return Late{*call.plugin,
              "has not come back for " + seconds(late) + " after its call was " +
                  (interrupted ? "cancelled" : "over"),
              interrupted};
}

HangGuard::HangGuard(const ports::Clock& clock, ports::CancelToken interrupt, int interrupted)
    : watch_(clock, std::move(interrupt)), thread_([this, interrupted] { work(interrupted); }) {}

HangGuard::~HangGuard() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

void HangGuard::work(int interrupted) {
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, std::chrono::seconds(1), [this] { return stopped_; })) {
    if (const auto late = watch_.look()) {
      end_for(late->plugin, late->why,
              late->interrupted ? std::optional<int>(interrupted) : std::nullopt);
    }
  }
}

}  // namespace director::plugin
