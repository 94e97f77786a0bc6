/// Who shares a daemon, who does not, and what each is said to have used of it; with a launcher
/// that starts nothing.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "director/daemon.hpp"
#include "tests/abi/support.hpp"

namespace director::abi_test {
namespace {

namespace fs = std::filesystem;
using std::chrono::microseconds;
using std::chrono::milliseconds;

/// Says that each command is ready, and ends it when it is told to.
class Pretender final : public ports::ProcessLauncher {
 public:
  [[nodiscard]] Result<ports::Exit> run(const ports::Command& command,
                                        const ports::LineHandler& on_line,
                                        const ports::CancelToken& cancel) override {
    Grip grip(*this);
    {
      const std::lock_guard lock(mutex_);
      started_.push_back(command);
    }
    command.hold->take(&grip);
    on_line({false, false, "ready"});
    while (!cancel.cancelled() && !dies()) {
      std::this_thread::yield();
      if (grip.mark_asked.exchange(false)) {
        before_mark();
        command.hold->marked();
      }
      if (grip.weed_asked.exchange(false)) {
        command.hold->weeded(true);
      }
      tell(*command.hold);
    }
    command.hold->take(nullptr);
    const std::lock_guard lock(mutex_);
    ++ended_;
    ports::Exit exit;
    exit.kind = cancel.cancelled() ? ports::ExitKind::Cancelled : ports::ExitKind::Exited;
    exit.usage.cpu = now_.cpu;
    exit.limit = now_.limit;
    return exit;
  }

  std::function<void()> before_mark = [] {};  ///< by a launcher that is slow

  /// What is seen of any of them from now on.
  void set(milliseconds cpu, std::int64_t memory_bytes) {
    const std::lock_guard lock(mutex_);
    now_ = {cpu, memory_bytes, now_.limit};
  }
  /// And of what it ran into.
  void set_limit(const std::string& limit) {
    const std::lock_guard lock(mutex_);
    now_.limit = limit;
  }
  void set_dying() {
    const std::lock_guard lock(mutex_);
    dying_ = true;
  }
  /// A launcher's own look at one that is watched; returns when that has been.
  void look_by_itself() {
    std::unique_lock lock(mutex_);
    look_asked_ = true;
    changed_.wait(lock, [this] { return !look_asked_; });
  }
  [[nodiscard]] std::vector<ports::Command> started() const {
    const std::lock_guard lock(mutex_);
    return started_;
  }
  [[nodiscard]] int ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

 private:
  struct Grip final : ports::CommandGrip {
    explicit Grip(const Pretender& of) : pretender(of) {}
    void mark() override { mark_asked = true; }
    void weed() override { weed_asked = true; }
    [[nodiscard]] ports::CommandLook look() const override {
      const std::lock_guard lock(pretender.mutex_);
      return pretender.now_;
    }
    const Pretender& pretender;
    std::atomic<bool> mark_asked = false;
    std::atomic<bool> weed_asked = false;
  };

  [[nodiscard]] bool dies() const {
    const std::lock_guard lock(mutex_);
    return dying_;
  }
  void tell(const ports::CommandHold& hold) {
    ports::CommandLook seen;
    {
      const std::lock_guard lock(mutex_);
      if (!look_asked_) {
        return;
      }
      seen = now_;
    }
    if (hold.is_watched()) {
      hold.saw(seen);
    }
    const std::lock_guard lock(mutex_);
    look_asked_ = false;
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ports::Command> started_;
  ports::CommandLook now_{microseconds(0), -1};
  bool look_asked_ = false;
  bool dying_ = false;
  int ended_ = 0;
};

class SharedDaemon : public PluginTest {
 protected:
  SharedDaemon() : others(pretender, clock, log, "0.1-test") {
    scope.agent_workspaces = [this] {
      ++times_asked;
      return workspaces;
    };
    scope.all_workspaces = (folder / "slots").string();
    scope.writable = {(folder / "state").string()};
    add_workspace("agent-1");
  }

  void add_workspace(const std::string& name) {
    fs::create_directories(folder / "slots" / name);
    workspaces.push_back((folder / "slots" / name).string());
  }

  [[nodiscard]] daemon_request for_all() const {
    daemon_request request;
    request.argv = {"server"};
    request.cwd = folder.string();
    request.every_workspace = true;
    request.secret_variable = "PASSWORD";
    request.ready_prefix = "ready";
    return request;
  }

  ports::CallHost& call() {
    calls.push_back(others.open(scope));
    return *calls.back();
  }
  Result<daemon> acquire(const daemon_request& request) {
    return daemon::acquire(call().services(), request);
  }

  Pretender pretender;
  plugin::PluginHost others;
  ports::CallScope scope;
  std::vector<std::string> workspaces;
  int times_asked = 0;
  std::vector<std::unique_ptr<ports::CallHost>> calls;
};

TEST_F(SharedDaemon, IsNotHadBeforeItIsKnownWhatItHasStartedByItself) {
  std::promise<void> had;
  pretender.before_mark = [had = had.get_future().share()] {
    EXPECT_EQ(had.wait_for(milliseconds(200)), std::future_status::timeout)
        << "what it starts for this call would count as its own";
  };
  const Result<daemon> leased = acquire(for_all());
  had.set_value();
  EXPECT_TRUE(leased);
}

TEST_F(SharedDaemon, OfWhoReadsOnlyIsAnotherOneAndHasServedNoFolder) {
  const daemon_request request = for_all();  // it may not have what it asks for
  scope.writable = {};
  scope.reads_only = true;
  Result<daemon> reader = acquire(request);
  ASSERT_TRUE(reader);
  EXPECT_TRUE(pretender.started().at(0).reads_only);
  EXPECT_TRUE(pretender.started().at(0).writable.empty());
  EXPECT_EQ(pretender.started().at(0).readable, std::vector<std::string>{scope.all_workspaces});
  EXPECT_FALSE(others.has_served(folder.string()));
  scope.reads_only = false;
  Result<daemon> writer = acquire(request);
  ASSERT_TRUE(writer);
  EXPECT_TRUE(writer->is_fresh());
  EXPECT_TRUE(others.has_served(folder.string()));
}

TEST_F(SharedDaemon, OfAllWorkspacesMayWriteInEachAndIsOneForAllOfThem) {
  add_workspace("agent-2");
  workspaces.push_back((folder / "slots/agent-3-is-gone").string());
  Result<daemon> first = acquire(for_all());
  Result<daemon> second = acquire(for_all());
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(first->is_fresh());
  EXPECT_FALSE(second->is_fresh());
  ASSERT_EQ(pretender.started().size(), 1U);
  const ports::Command command = pretender.started()[0];
  EXPECT_EQ(command.writable,
            (std::vector<std::string>{scope.writable[0], workspaces[0], workspaces[1]}));
  EXPECT_TRUE(command.readable.empty());
}

TEST_F(SharedDaemon, OfAllWorkspacesThatOnlyReadsMayWriteInNone) {
  daemon_request request = for_all();
  request.every_workspace = false;
  request.every_workspace_read = true;
  ASSERT_TRUE(acquire(request)->keep());
  add_workspace("agent-2");
  EXPECT_FALSE(acquire(request)->is_fresh()) << "it sees what there will be, too";
  const ports::Command command = pretender.started().at(0);
  EXPECT_EQ(command.writable, scope.writable);
  EXPECT_EQ(command.readable, std::vector<std::string>{scope.all_workspaces});
  EXPECT_EQ(times_asked, 0);
}

TEST_F(SharedDaemon, OneWorkspaceMoreTakesANewOneAndTheOldOneEndsWithItsLastCall) {
  Result<daemon> old = acquire(for_all());
  ASSERT_TRUE(old);
  add_workspace("agent-2");
  Result<daemon> wider = acquire(for_all());
  ASSERT_TRUE(wider);
  EXPECT_TRUE(wider->is_fresh());
  EXPECT_EQ(pretender.ended(), 0) << "a call is at work there";
  ASSERT_TRUE(old->keep());
  EXPECT_EQ(pretender.ended(), 1) << "nobody can ask for it any more";
  ASSERT_TRUE(wider->keep());
  EXPECT_FALSE(acquire(for_all())->is_fresh());
  workspaces.pop_back();
  EXPECT_TRUE(acquire(for_all())->is_fresh()) << "the one before was not given back";
  EXPECT_EQ(pretender.started().size(), 3U);
}

TEST_F(SharedDaemon, OneThatIsIdleEndsWhenItLacksAWorkspace) {
  ASSERT_TRUE(acquire(for_all())->keep());
  add_workspace("agent-2");
  Result<daemon> wider = acquire(for_all());
  ASSERT_TRUE(wider);
  EXPECT_EQ(pretender.ended(), 1);
  ASSERT_TRUE(wider->keep());
  workspaces.pop_back();
  EXPECT_FALSE(acquire(for_all())->is_fresh()) << "one that may write in more serves as well";
}

TEST_F(SharedDaemon, AWorkspaceThatWasReplacedIsAnotherOne) {
  ASSERT_TRUE(acquire(for_all())->keep());
  fs::rename(workspaces[0], folder / "away");
  fs::create_directory(workspaces[0]);
  EXPECT_TRUE(acquire(for_all())->is_fresh());
}

TEST_F(SharedDaemon, OneOfAFolderThatWasReplacedDoesNotIdleOn) {
  daemon_request request = for_all();
  request.every_workspace = false;
  request.cwd = workspaces[0];
  ASSERT_TRUE(acquire(request)->keep());
  fs::rename(workspaces[0], folder / "away");
  fs::create_directory(workspaces[0]);
  Result<daemon> anew = acquire(request);
  ASSERT_TRUE(anew);
  EXPECT_TRUE(anew->is_fresh());
  EXPECT_EQ(pretender.ended(), 1);
}

TEST_F(SharedDaemon, WorkspacesAreLookedForOnlyWhereThatIsAskedFor) {
  daemon_request request = for_all();
  request.every_workspace = false;
  Result<daemon> leased = acquire(request);
  ASSERT_TRUE(leased);
  EXPECT_EQ(times_asked, 0);
  EXPECT_EQ(pretender.started().at(0).writable, scope.writable);
  EXPECT_TRUE(pretender.started().at(0).readable.empty());
}

/// Says something that is not it, and only then lets time go by.
class Mumbler final : public ports::ProcessLauncher, public ports::Clock {
 public:
  [[nodiscard]] Result<ports::Exit> run(const ports::Command&, const ports::LineHandler& on_line,
                                        const ports::CancelToken& cancel) override {
    on_line({false, false, "almost"});
    has_said_ = true;
    while (!cancel.cancelled()) {
      std::this_thread::yield();
    }
    return ports::Exit{};
  }
  [[nodiscard]] ports::SteadyTime now() const override {
    return ports::SteadyTime(std::chrono::hours(has_said_ ? 2 : 1));
  }
  [[nodiscard]] ports::WallTime wall() const override { return {}; }

 private:
  std::atomic<bool> has_said_ = false;
};

TEST_F(SharedDaemon, WhatOneSaidThatIsNeverReadyStandsInTheError) {
  Mumbler mumbler;
  plugin::PluginHost host(mumbler, mumbler, log, "0.1-test");
  daemon_request request = for_all();
  request.start_timeout_ms = 1000;
  EXPECT_TRUE(fails_with(daemon::acquire(host.open({})->services(), request), Errc::Timeout,
                         {"did not say 'ready' in time; it said: almost"}));
}

TEST_F(SharedDaemon, ALimitIsTheDoingOfTheCallThatAloneHadItThen) {
  ports::CallHost& first = call();
  Result<daemon> of_first = daemon::acquire(first.services(), for_all());
  ASSERT_TRUE(of_first);
  pretender.set_limit("out of memory");
  ASSERT_TRUE(of_first->keep());
  ports::CallHost& later = call();
  Result<daemon> of_later = daemon::acquire(later.services(), for_all());
  ASSERT_TRUE(of_later);
  EXPECT_FALSE(of_later->is_fresh());
  ASSERT_TRUE(of_later->stop());
  EXPECT_EQ(later.limit(), "") << "it was reached before";
}

TEST_F(SharedDaemon, ALimitOfOneThatEndedIsItsOnlyCalls) {
  ports::CallHost& only = call();
  Result<daemon> alone = daemon::acquire(only.services(), for_all());
  ASSERT_TRUE(alone);
  pretender.set_limit("out of memory");
  ASSERT_TRUE(alone->stop());
  EXPECT_EQ(only.limit(), "out of memory");
}

TEST_F(SharedDaemon, ALimitOfOneThatSeveralCallsHadIsNobodys) {
  ports::CallHost& first = call();
  ports::CallHost& second = call();
  Result<daemon> of_first = daemon::acquire(first.services(), for_all());
  Result<daemon> of_second = daemon::acquire(second.services(), for_all());
  ASSERT_TRUE(of_first && of_second);
  pretender.set_limit("out of memory");
  ASSERT_TRUE(of_first->stop());
  ASSERT_TRUE(of_second->stop());
  EXPECT_EQ(first.limit() + second.limit(), "");
}

TEST_F(SharedDaemon, WhatItUsesIsItsCallsInEqualParts) {
  ports::CallHost& first = call();
  Result<daemon> of_first = daemon::acquire(first.services(), for_all());
  ASSERT_TRUE(of_first);
  pretender.set(milliseconds(100), 50);
  ports::CallHost& second = call();
  Result<daemon> of_second = daemon::acquire(second.services(), for_all());
  ASSERT_TRUE(of_second);
  EXPECT_EQ(first.usage().cpu, milliseconds(100)) << "its start is the first one's";
  EXPECT_EQ(second.usage().cpu, milliseconds(0));
  pretender.set(milliseconds(300), 70);
  ASSERT_TRUE(of_first->keep());
  pretender.set(milliseconds(350), 60);
  EXPECT_EQ(first.usage().cpu, milliseconds(200));
  EXPECT_EQ(second.usage().cpu, milliseconds(150));
  EXPECT_EQ(first.usage().peak_memory_bytes, 70U) << "memory is not cut into parts";
  EXPECT_EQ(second.usage().peak_memory_bytes, 70U);
  ASSERT_TRUE(of_second->keep());
  pretender.set(milliseconds(500), 1000);
  ports::CallHost& third = call();
  pretender.set(milliseconds(600), 40);
  Result<daemon> of_third = daemon::acquire(third.services(), for_all());
  ASSERT_TRUE(of_third);
  pretender.set(milliseconds(610), 40);
  ASSERT_TRUE(of_third->keep());
  EXPECT_EQ(third.usage().cpu, milliseconds(10)) << "what it did between calls is nobody's";
  EXPECT_EQ(third.usage().peak_memory_bytes, 40U);
  EXPECT_EQ(second.usage().cpu, milliseconds(150));
}

TEST_F(SharedDaemon, MemoryBetweenStartAndEndIsSeenWhileACallHasIt) {
  ports::CallHost& one = call();
  Result<daemon> leased = daemon::acquire(one.services(), for_all());
  ASSERT_TRUE(leased);
  pretender.set(milliseconds(10), 900);
  pretender.look_by_itself();
  pretender.set(milliseconds(20), 30);
  ASSERT_TRUE(leased->keep());
  EXPECT_EQ(one.usage().peak_memory_bytes, 900U);
  pretender.set(milliseconds(20), 5000);
  pretender.look_by_itself();
  EXPECT_EQ(one.usage().peak_memory_bytes, 900U);
}

TEST_F(SharedDaemon, WhatOneThatDiesHasUsedCounts) {
  ports::CallHost& one = call();
  Result<daemon> leased = daemon::acquire(one.services(), for_all());
  ASSERT_TRUE(leased);
  pretender.set(milliseconds(70), 10);
  pretender.set_dying();
  while (leased->inspect()->alive) {
    std::this_thread::yield();
  }
  EXPECT_EQ(one.usage().cpu, milliseconds(70)) << "also before it is given back";
  ASSERT_TRUE(leased->stop());
  EXPECT_EQ(one.usage().cpu, milliseconds(70));
}

TEST_F(SharedDaemon, AClockOfTheProcessorThatGoesBackTakesNothingAway) {
  ports::CallHost& one = call();
  Result<daemon> leased = daemon::acquire(one.services(), for_all());
  ASSERT_TRUE(leased);
  pretender.set(milliseconds(70), 10);
  EXPECT_EQ(one.usage().cpu, milliseconds(70));
  pretender.set(milliseconds(50), -1);
  EXPECT_EQ(one.usage().cpu, milliseconds(70));
  pretender.set(milliseconds(80), -1);
  ASSERT_TRUE(leased->keep());
  EXPECT_EQ(one.usage().cpu, milliseconds(80));
}

}  // namespace
}  // namespace director::abi_test
