// Candidates that land together: what must not come through that way, and what it saves.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>

#include "recorded.hpp"
#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::Fault;
using ::director::testing::FaultSide;
using ::director::testing::IsOk;
using run::NodeStatus;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

/// A job whose nodes are all done at the same moment: "first" lands, "lane" goes next and alone,
/// and meanwhile the others queue behind it in the order of their names. They are the batch.
class Crowd : public World {
 public:
  explicit Crowd(std::vector<plan::Node> members) {
    std::vector<plan::Node> nodes{node("first"), node("lane")};
    for (plan::Node& member : members) {
      members_.push_back(member.id.value);
      nodes.push_back(std::move(member));
    }
    everybody_ = members_.size() + 2;
    obedient({"first", "lane"});
    obedient(members_);
    adopt(std::move(nodes));
    runner.on_call = [this](const AgentCall& call) { come_together(call); };
    gate.on_check = [this](const gate_request& request, bool) { line_up(request); };
    on_event = [this](const run::RunEvent& event) { saw(event); };
  }

  Result<run::RunState> run_all(int max_attempts = 2) {
    return run({.parallel = static_cast<int>(everybody_), .max_attempts = max_attempts});
  }

  /// Whenever the tests of a node end on what all members come to.
  std::function<void(const std::string& node, int nth)> on_batch_check;
  std::vector<std::string> tested_together;  ///< nodes, in the order in which their tests ended

 private:
  void come_together(const AgentCall& call) {
    std::unique_lock lock(mutex_);
    called_.insert(call.key);
    changed_.notify_all();
    wait(lock, [&] { return called_.size() >= everybody_; });
  }

  /// Each is held in its first gating until it is its turn to be outrun.
  void line_up(const gate_request& request) {
    const std::string id(request.node);
    const FileMap there = repository.slot(std::string(request.workdir));
    std::unique_lock lock(mutex_);
    if (!batch_seen_ && !members_.empty() && has_all(there)) {
      tested_together.push_back(id);
      const int nth = static_cast<int>(tested_together.size());
      lock.unlock();
      if (on_batch_check) {
        on_batch_check(id, nth);
      }
      return;
    }
    if (there.count(id + ".txt") == 0) {
      return;
    }
    gated_.insert(id);
    changed_.notify_all();
    const auto me = std::find(members_.begin(), members_.end(), id);
    const bool on_old_tip = there.count("first.txt") == 0;
    if (id == "first") {
      wait(lock, [&] { return gated_.size() >= everybody_; });
    } else if (id == "lane") {
      wait(lock, [&] { return facts_.count(on_old_tip ? "first" : members_.back()) != 0; });
    } else if (on_old_tip) {
      const std::string before = me == members_.begin() ? "lane" : *std::prev(me);
      wait(lock, [&] { return facts_.count(before) != 0; });
    }
  }

  [[nodiscard]] bool has_all(const FileMap& there) const {
    return std::all_of(members_.begin(), members_.end(), [&](const std::string& member) {
      return there.count(member + ".txt") != 0;
    });
  }

  void saw(const run::RunEvent& event) {
    const std::lock_guard lock(mutex_);
    if (const auto* landed = std::get_if<run::Landed>(&event)) {
      facts_.insert(landed->node.value);
      const std::string& id = landed->node.value;
      batch_seen_ = batch_seen_ || (id != "first" && id != "lane");
    } else if (const auto* refused = std::get_if<run::LandRefused>(&event)) {
      facts_.insert(refused->node.value);
    } else if (std::holds_alternative<run::BatchRefused>(event)) {
      batch_seen_ = true;
    }
    changed_.notify_all();
  }

  template <typename Holds>
  void wait(std::unique_lock<std::mutex>& lock, const Holds& holds) {
    constexpr std::chrono::minutes kPatience{1};
    EXPECT_TRUE(changed_.wait_for(lock, kPatience, holds)) << "the nodes do not line up";
  }

  std::vector<std::string> members_;
  std::size_t everybody_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> called_;
  std::set<std::string> gated_;
  std::set<std::string> facts_;  ///< who landed or was refused
  bool batch_seen_ = false;
};

TEST(BatchLanding, ThoseThatPassLandAtOnceEachAsACommitOfItsOwn) {
  Crowd world({node("m1"), node("m2"), node("m3"), node("m4")});
  const Result<run::RunState> end = world.run_all();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_THAT(recorded<run::BatchRefused>(world), IsEmpty());
  EXPECT_THAT(recorded<run::Integrated>(world), SizeIs(6 + 1)) << "none but the lane's again";
  const auto landed = recorded<run::Landed>(world);
  ASSERT_THAT(landed, SizeIs(6));
  std::vector<std::string> order;
  for (const run::Landed& one : landed) {
    order.push_back(one.node.value);
    EXPECT_EQ(state_of(*end, one.node.value).commit, one.commit);
  }
  EXPECT_EQ(order, (std::vector<std::string>{"first", "lane", "m1", "m2", "m3", "m4"}));
  EXPECT_THAT(world.landings(), SizeIs(6));
  for (const auto& [id, times] : world.landings()) {
    EXPECT_EQ(times, 1) << id;
    EXPECT_EQ(world.repository.files_at(kRef)[id + ".txt"], "made by " + id);
  }
  EXPECT_EQ(end->tip.value, landed.back().commit.value);
}

// How often each passes by chance was seen when it was gated alone.
TEST(BatchLanding, TestsOfEachAndOfWhatLandedRunOnce) {
  Crowd world({node("m1"), node("m2"), node("m3")});
  world.settings.limits.flake_runs = 3;
  ASSERT_THAT(world.run_all(), IsOk());
  EXPECT_THAT(world.tested_together, UnorderedElementsAre("m1", "m2", "m3", "first", "lane"));
}

TEST(BatchLanding, TwoThatFailTogetherDoNotBothLandAndTheThirdDoes) {
  Crowd world({node("m1", {}, "+m1.txt ^m1.txt,m2.txt"), node("m2"), node("m3")});
  const Result<run::RunState> end = world.run_all(1);
  ASSERT_THAT(end, IsOk());
  const auto refused = recorded<run::BatchRefused>(world);
  ASSERT_FALSE(refused.empty());
  EXPECT_EQ(refused[0].node.value, "m1");
  EXPECT_THAT(refused[0].why, HasSubstr("the tests of node 'm1' do not pass with all of them"));
  EXPECT_EQ(state_of(*end, "m1").status, NodeStatus::Done) << "it came first";
  EXPECT_EQ(state_of(*end, "m2").status, NodeStatus::Escalated);
  EXPECT_THAT(state_of(*end, "m2").error, HasSubstr("it breaks what landed before"));
  EXPECT_EQ(state_of(*end, "m3").status, NodeStatus::Done);
  EXPECT_EQ(world.landings().count("m2"), 0U);
}

TEST(BatchLanding, WhatBreaksALandedNodeDoesNotLandInACrowd) {
  std::vector<plan::Node> members{node("m1"), node("m2"), node("m3")};
  Crowd world(members);
  world.gate.judge_as = nullptr;
  // The tests of "first" mind what "m2" writes.
  world.gate.judge_as = [&](const gate_request& request) {
    const FileMap files = world.repository.slot(std::string(request.workdir));
    const bool is_there = files.count(std::string(request.node) + ".txt") != 0;
    const bool is_broken = request.node == "first" && files.count("m2.txt") != 0;
    return is_there && !is_broken ? verdict::pass("exit 0") : verdict::fail("exit 1");
  };
  const Result<run::RunState> end = world.run_all(1);
  ASSERT_THAT(end, IsOk());
  EXPECT_THAT(recorded<run::BatchRefused>(world), Not(IsEmpty()));
  EXPECT_EQ(state_of(*end, "m1").status, NodeStatus::Done);
  EXPECT_EQ(state_of(*end, "m2").status, NodeStatus::Escalated);
  EXPECT_EQ(state_of(*end, "m3").status, NodeStatus::Done);
}

/// "m1" and "m2" write one file, each its own way; "m3" goes with either.
class Rivals : public Crowd {
 public:
  Rivals() : Crowd({rival("m1"), rival("m2"), node("m3")}) {
    for (const std::string id : {"m1", "m2"}) {
      runner.script["executor-" + id] = {
          Turn{.files = {{id + ".txt", "x"}, {"shared.txt", "by " + id}}}};
    }
  }

 private:
  static plan::Node rival(const std::string& id) {
    plan::Node made = node(id);
    made.files.emplace_back("shared.txt");
    return made;
  }
};

TEST(BatchLanding, WhoConflictsIsLeftOutAndToldSoWhenItIsItsTurn) {
  Rivals world;
  const Result<run::RunState> end = world.run_all();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_THAT(recorded<run::BatchRefused>(world), IsEmpty());
  EXPECT_EQ(state_of(*end, "m2").attempts, 2);
  EXPECT_THAT(world.runner.calls("executor-m2").at(1).message, HasSubstr("conflicts"));
  EXPECT_EQ(world.repository.files_at(kRef)["shared.txt"], "by m2");
}

TEST(BatchLanding, BranchThatMovesWhileItIsTestedIsNotPutBack) {
  Crowd world({node("m1"), node("m2"), node("m3")});
  world.on_batch_check = [&](const std::string&, int nth) {
    if (nth == 5) {  // the last
      world.repository.commit_on(kRef, {{"other", "pushed by somebody"}});
    }
  };
  const Result<run::RunState> end = world.run_all();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_THAT(recorded<run::BatchRefused>(world), SizeIs(1));
  EXPECT_THAT(world.repository.files_at(kRef), Contains(Key("other")));
  EXPECT_THAT(world.landings(), SizeIs(5));
}

/// The next call of the vcs moves the branch. Nobody else calls it then, so this is no race.
void strike_at_the_end(World& world, int nth, Fault& fault) {
  constexpr int kLast = 5;  // three members, and two that landed
  if (nth == kLast) {
    world.repository.fault = &fault;
  }
}

TEST(BatchLanding, MoveThatSucceedsAndSaysThatItFailedIsALanding) {
  Crowd world({node("m1"), node("m2"), node("m3")});
  Fault fault(1, FaultSide::After);
  world.on_batch_check = [&](const std::string&, int nth) { strike_at_the_end(world, nth, fault); };
  const Result<run::RunState> end = world.run_all();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(fault.where(), "vcs.update_ref");
  EXPECT_EQ(end->outcome, "done");
  EXPECT_THAT(recorded<run::BatchRefused>(world), IsEmpty());
  EXPECT_THAT(world.landings(), SizeIs(5));
}

TEST(BatchLanding, MoveThatFailsIsTriedAloneAndNothingLandsTwice) {
  Crowd world({node("m1"), node("m2"), node("m3")});
  Fault fault(1, FaultSide::Before);
  world.on_batch_check = [&](const std::string&, int nth) { strike_at_the_end(world, nth, fault); };
  const Result<run::RunState> end = world.run_all();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(fault.where(), "vcs.update_ref");
  EXPECT_EQ(end->outcome, "done");
  EXPECT_THAT(recorded<run::BatchRefused>(world), SizeIs(1));
  for (const auto& [id, times] : world.landings()) {
    EXPECT_EQ(times, 1) << id;
  }
}

// The vcs does not say whether the branch moved, nor where it is: that is for the next run to see.
TEST(BatchLanding, WhereNobodyKnowsWhetherItMovedNothingLandsTwice) {
  for (const FaultSide side : {FaultSide::Before, FaultSide::After}) {
    Crowd world({node("m1"), node("m2"), node("m3")});
    Fault fault(1, side, 2);
    world.on_batch_check = [&](const std::string&, int nth) {
      strike_at_the_end(world, nth, fault);
    };
    const Result<run::RunState> first = world.run_all();
    ASSERT_THAT(first, IsOk());
    EXPECT_EQ(fault.where(), "vcs.update_ref");
    for (const std::string id : {"m1", "m2", "m3"}) {
      EXPECT_EQ(state_of(*first, id).status, NodeStatus::Error) << id;
    }
    const Result<run::RunState> end = world.run({.retry = true});
    ASSERT_THAT(end, IsOk());
    EXPECT_EQ(end->outcome, "done");
    EXPECT_THAT(world.landings(), SizeIs(5));
    for (const auto& [id, times] : world.landings()) {
      EXPECT_EQ(times, 1) << id;
    }
    EXPECT_THAT(world.runner.calls(""), SizeIs(5)) << "nothing is paid again";
  }
}

// Nor may it be told to who was left out that the branch is where it may never have been.
TEST(BatchLanding, WhereNobodyKnowsWhetherItMovedTheNextRunTakesTheBranchAsItIs) {
  Rivals world;
  Fault fault(1, FaultSide::Before, 1'000'000);
  std::atomic<int> together = 0;
  world.gate.on_check = [&, line_up = world.gate.on_check](const gate_request& request,
                                                           bool passes) {
    line_up(request, passes);
    const FileMap there = world.repository.slot(std::string(request.workdir));
    constexpr int kLast = 4;  // two members, and two that landed
    if (there.count("m1.txt") + there.count("m3.txt") == 2 && ++together == kLast) {
      world.repository.fault = &fault;
    }
  };
  ASSERT_THAT(world.run_all(), IsOk());
  EXPECT_EQ(fault.where(), "vcs.update_ref");
  world.repository.fault = nullptr;
  world.gate.on_check = nullptr;
  const Result<run::RunState> end = world.run({.retry = true});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_THAT(world.landings(), SizeIs(5));
}

constexpr int kMostCalls = 2000;

class BatchFault : public ::testing::TestWithParam<FaultSide> {};

// From the moment that what they come to together is tested.
TEST_P(BatchFault, AnyPortCallMayFailOnceAndEachLandsOnce) {
  int nth = 1;
  for (; nth < kMostCalls; ++nth) {
    Crowd world({node("m1"), node("m2"), node("m3")});
    Fault fault(0, GetParam());
    world.inject(&fault);
    world.on_batch_check = [&](const std::string&, int check) {
      if (check == 1) {
        fault.arm(nth);
      }
    };
    (void)world.run_all();
    world.inject(nullptr);
    if (!fault.fired()) {
      break;
    }
    SCOPED_TRACE("call " + std::to_string(nth) + ": " + fault.where());
    world.gate.on_check = nullptr;
    Result<run::RunState> end = world.run({.retry = true});
    for (int again = 0; again < 2 && end && end->outcome != "done"; ++again) {
      end = world.run({.retry = true});
    }
    ASSERT_THAT(end, IsOk());
    ASSERT_EQ(end->outcome, "done");
    ASSERT_THAT(world.landings(), SizeIs(5));
    for (const auto& [id, times] : world.landings()) {
      ASSERT_EQ(times, 1) << id;
    }
  }
  EXPECT_GT(nth, 30) << "the faults did not reach the ports";
  EXPECT_LT(nth, kMostCalls);
}

INSTANTIATE_TEST_SUITE_P(Sides, BatchFault, ::testing::Values(FaultSide::Before, FaultSide::After),
                         [](const auto& each) {
                           return each.param == FaultSide::Before ? "BeforeItsEffect"
                                                                  : "AfterItsEffect";
                         });

TEST(BatchLanding, KilledAtAnyPortCallTheNextRunLandsEachOnce) {
  for (const bool power_loss : {false, true}) {
    int nth = 1;
    for (; nth < kMostCalls; ++nth) {
      Crowd world({node("m1"), node("m2"), node("m3")});
      const std::unique_ptr<Fault> kill = Fault::kill_at(0);
      world.inject(kill.get());
      world.on_batch_check = [&](const std::string&, int check) {
        if (check == 1) {
          kill->arm(nth);
        }
      };
      (void)world.run_all();
      world.inject(nullptr);
      if (!kill->fired()) {
        break;
      }
      SCOPED_TRACE("call " + std::to_string(nth) + ": " + kill->where());
      if (power_loss) {
        world.files.lose_power();
      }
      world.gate.on_check = nullptr;
      const Result<run::RunState> end = world.run();
      ASSERT_THAT(end, IsOk());
      ASSERT_EQ(end->outcome, "done") << "a kill leaves nothing that needs --retry";
      ASSERT_THAT(world.landings(), SizeIs(5));
      for (const auto& [id, times] : world.landings()) {
        ASSERT_EQ(times, 1) << id;
      }
    }
    EXPECT_GT(nth, 30) << "the kills did not reach the ports";
    EXPECT_LT(nth, kMostCalls);
  }
}

TEST(BatchLanding, InterruptedInItsTestsItGoesOnInTheNextRunWithoutPayingAgain) {
  Crowd world({node("m1"), node("m2"), node("m3")});
  world.on_batch_check = [&](const std::string&, int) { world.interrupt.cancel(); };
  const Result<run::RunState> end = world.run_all();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "interrupted");
  EXPECT_THAT(recorded<run::BatchRefused>(world), IsEmpty()) << "nothing is wrong with it";
  world.interrupt = {};
  world.on_batch_check = nullptr;
  const Result<run::RunState> second = world.run({.parallel = 3});
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->outcome, "done");
  EXPECT_THAT(world.runner.calls(""), SizeIs(5));
}

}  // namespace
}  // namespace director::engine::testing
