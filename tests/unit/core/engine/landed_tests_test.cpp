// The job branch stays green for what landed: attacks by nodes that pass and break others.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::IsOk;
using run::NodeStatus;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;

/// "a" is broken by "b", whose own tests do not mind.
std::vector<plan::Node> broken_by_b(std::vector<std::string> b_needs = {}) {
  return {node("a", {}, "+a.txt ^a.txt,b.txt"), node("b", std::move(b_needs), "+b.txt")};
}

/// The same, where "a" may write b's file.
std::vector<plan::Node> broken_in_a_shared_file() {
  std::vector<plan::Node> nodes = broken_by_b();
  nodes[0].files.push_back("b.txt");
  return nodes;
}

TEST(LandedTests, OfWhatLandedMeanwhileAreRunAgain) {
  World world;
  world.adopt(broken_by_b());
  world.obedient({"a", "b"});
  const Result<run::RunState> end = world.run({.parallel = 2, .max_attempts = 1});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "incomplete");
  EXPECT_EQ(world.landings().size(), 1U) << "nor in the attempt after that";
  ASSERT_THAT(world.run({.max_attempts = 1, .retry = true}), IsOk());
  EXPECT_EQ(world.landings().size(), 1U);
}

TEST(LandedTests, OfWhatANodeNeedsAreRunAgainAndTheAgentIsToldWhatItBroke) {
  World world;
  world.adopt(broken_by_b({"a"}));
  world.obedient({"a", "b"});
  const Result<run::RunState> end = world.run({.max_attempts = 2});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Done);
  EXPECT_EQ(state_of(*end, "b").status, NodeStatus::Escalated);
  EXPECT_THAT(world.repository.files_at(kRef), Not(Contains(Key("b.txt"))));
  const auto calls = world.runner.calls("executor-b");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_THAT(calls[1].message, HasSubstr("it breaks what landed before: the tests of node 'a'"));
  EXPECT_THAT(calls[1].message, HasSubstr("expected ^a.txt,b.txt"));
}

TEST(LandedTests, OfWhatSharesAFileAreRunAgain) {
  World world;
  world.adopt(broken_in_a_shared_file());
  world.obedient({"a", "b"});
  const Result<run::RunState> end = world.run({.max_attempts = 1});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Done);
  EXPECT_EQ(state_of(*end, "b").status, NodeStatus::Escalated);
}

TEST(LandedTests, OfARunThatWasKilledAreRunAgainInTheNext) {
  World world;
  world.adopt(broken_in_a_shared_file());
  world.obedient({"a", "b"});
  world.on_event = [&](const run::RunEvent& event) {
    if (std::holds_alternative<run::Landed>(event)) {
      world.interrupt.cancel();
    }
  };
  ASSERT_THAT(world.run({.max_attempts = 1}), IsOk());
  ASSERT_EQ(world.landings().size(), 1U);
  world.on_event = nullptr;
  world.interrupt = {};
  const Result<run::RunState> end = world.run({.max_attempts = 1});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "b").status, NodeStatus::Escalated);
}

TEST(LandedTests, AreAllRunAtTheEndHoweverFarTheNodes) {
  World world;
  world.adopt(broken_by_b());
  world.obedient({"a", "b"});
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(world.landings().size(), 2U) << "nothing says that they are neighbours";
  EXPECT_EQ(end->outcome, "incomplete");
  EXPECT_EQ(end->integration_ok, false);
  EXPECT_THAT(end->integration_detail,
              HasSubstr("tests of node 'a', which landed: exit 1\nexpected ^a.txt,b.txt"));
}

TEST(LandedTests, AreNotRunWithACandidateWhereTheConfigurationSaysSo) {
  World world;
  world.settings.limits.rechecks = 0;
  world.adopt(broken_by_b({"a"}));
  world.obedient({"a", "b"});
  const Result<run::RunState> end = world.run({.max_attempts = 1});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(world.landings().size(), 2U);
  EXPECT_EQ(end->outcome, "incomplete") << "at the end they are";
}

TEST(LandedTests, AreStillThoseThatWereFrozenAtTheEnd) {
  World world;
  world.adopt({node("a"), node("b", {"a"})});
  world.obedient({"a", "b"});
  world.on_event = [&](const run::RunEvent& event) {
    if (const auto* landed = std::get_if<run::Landed>(&event);
        landed != nullptr && landed->node == NodeId("a")) {
      world.repository.commit_on(kRef, {{"tests/a.test", "true"}});
    }
  };
  const Result<run::RunState> end = world.run({.max_attempts = 1});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "b").status, NodeStatus::Done);
  EXPECT_EQ(end->outcome, "incomplete");
  EXPECT_THAT(end->integration_detail,
              HasSubstr("node 'a', which landed: frozen test 'tests/a.test' on the job branch"));
}

// Anybody can write a commit's trailers.
TEST(LandedTests, OfACommitThatOnlyClaimsToHaveLandedAreRun) {
  World world;
  world.adopt({node("a")});
  const std::string trailers =
      std::string("Director-Job: ") + kJob + "\nDirector-Node: a\nDirector-Attempt: 1\n";
  world.repository.commit_on(kRef, {{"other.txt", "wrong"}}, "Node a\n\n" + trailers);
  for (int runs = 0; runs < 2; ++runs) {
    const Result<run::RunState> end = world.run();
    ASSERT_THAT(end, IsOk());
    EXPECT_EQ(end->outcome, "incomplete");
    EXPECT_THAT(end->integration_detail, HasSubstr("tests of node 'a', which landed: exit 1"));
  }
}

// Whoever is outrun has to be gated on the new tip: what else it would be tested with is not run.
TEST(LandedTests, AreNotRunWithACandidateThatWasOutrunAndAllOfThemAfterwards) {
  World world;
  world.adopt({node("a"), node("b", {"a"})});
  world.obedient({"a", "b"});
  std::vector<std::string> on_b;  // whose tests ran with b's file there
  world.gate.on_check = [&](const gate_request& request, bool passed) {
    const FileMap files = world.repository.slot(std::string(request.workdir));
    if (files.count("b.txt") == 0) {
      return;
    }
    const std::string with = files.count("other") != 0 ? " and other" : "";
    on_b.push_back(std::string(request.node) + with);
    if (passed && on_b.size() == 2) {
      world.repository.commit_on(kRef, {{"other", "pushed by somebody"}});
    }
  };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  const std::vector<std::string> expected{"b", "b", "b and other", "b and other", "a and other"};
  on_b.resize(std::min(on_b.size(), expected.size()));  // the rest is of the end of the run
  EXPECT_EQ(on_b, expected);
}

// Where such a test takes an hour, one that can land at once would wait for it.
TEST(LandedTests, OfOneCandidateAreNotWaitedForByTheOneThatAloneMayLand) {
  World world;
  world.adopt({node("a"), node("b", {"a"}), node("c", {"a"})});
  world.obedient({"a", "b", "c"});
  std::promise<void> b_is_tested;
  std::promise<void> c_landed;
  std::atomic<bool> waited = false;
  std::atomic<bool> in_vain = false;
  std::atomic<int> passes_of_c = 0;
  constexpr std::chrono::minutes kPatience{1};
  world.gate.on_check = [&](const gate_request& request, bool passed) {
    const FileMap files = world.repository.slot(std::string(request.workdir));
    if (request.node == "a" && files.count("b.txt") != 0 && !waited.exchange(true)) {
      b_is_tested.set_value();
      in_vain = c_landed.get_future().wait_for(kPatience) != std::future_status::ready;
    }
    const int passes = request.node == "c" && passed ? ++passes_of_c : 0;
    if (passes == 1) {
      b_is_tested.get_future().wait_for(kPatience);
    } else if (passes == 2) {
      world.repository.commit_on(kRef, {{"other", "pushed by somebody"}});
    }
  };
  world.on_event = [&](const run::RunEvent& event) {
    if (const auto* landed = std::get_if<run::Landed>(&event);
        landed && landed->node.value == "c") {
      c_landed.set_value();
    }
  };
  const Result<run::RunState> end = world.run({.parallel = 2});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_TRUE(waited);
  EXPECT_FALSE(in_vain);
}

/// Those in which a gate ran.
void watch_verify_folders(World& world, std::mutex& mutex, std::set<std::string>& folders) {
  world.gate.on_check = [&](const gate_request& request, bool) {
    const std::string folder(request.workdir);
    const std::lock_guard lock(mutex);
    if (folder.find("/verify-") != std::string::npos) {
      folders.insert(folder);
    }
  };
}

// A folder that is made is a checkout of the whole repository.
TEST(LandedTests, AtTheEndTakeNoMoreFoldersThanThereAreProcessors) {
  const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
  World world;
  std::vector<plan::Node> nodes;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < processors + 4; ++i) {
    ids.push_back("n" + std::to_string(i));
    nodes.push_back(
        node(ids.back(), i == 0 ? std::vector<std::string>() : std::vector{ids[i - 1]}));
  }
  world.adopt(std::move(nodes));
  world.obedient(ids);
  std::set<std::string> folders;
  std::mutex mutex;
  watch_verify_folders(world, mutex, folders);
  const Result<run::RunState> end = world.run({.parallel = static_cast<int>(ids.size())});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_LE(folders.size(), processors);
}

// Each of them would be a checkout of the whole repository.
TEST(LandedTests, TakeNoFolderButTheCandidatesWhereNoneIsIdle) {
  World world;
  world.adopt({node("a"), node("b", {"a"}), node("c", {"a", "b"}), node("d", {"a", "b", "c"})});
  world.obedient({"a", "b", "c", "d"});
  std::mutex mutex;
  bool all_landed = false;  // at the end, tests run side by side
  std::set<std::string> folders;
  world.gate.on_check = [&](const gate_request& request, bool) {
    const std::string folder(request.workdir);
    const std::lock_guard lock(mutex);
    if (!all_landed && folder.find("/verify-") != std::string::npos) {
      folders.insert(folder);
    }
  };
  world.on_event = [&](const run::RunEvent& event) {
    const auto* landed = std::get_if<run::Landed>(&event);
    const std::lock_guard lock(mutex);
    all_landed = all_landed || (landed != nullptr && landed->node.value == "d");
  };
  const Result<run::RunState> end = world.run({.parallel = 4});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(folders.size(), 1U);
}

// Each of them would be a checkout of the whole repository.
TEST(LandedTests, OfManyNodesAtOnceTakeNoMoreFoldersThanTheirNodes) {
  constexpr int kParallel = 6;
  World world;
  std::vector<plan::Node> nodes;
  std::vector<std::string> ids;
  for (int i = 0; i < 36; ++i) {
    ids.push_back("n" + std::to_string(i));
    nodes.push_back(node(ids.back()));
  }
  world.adopt(nodes);
  world.obedient(ids);
  std::set<std::string> folders;
  std::mutex mutex;
  watch_verify_folders(world, mutex, folders);
  const Result<run::RunState> end = world.run({.parallel = kParallel});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_FALSE(folders.empty());
  EXPECT_LT(folders.size(), 2U * kParallel);
}

TEST(LandedTests, ThatPassOnTheTipAlreadyAreNotRunOnceMore) {
  World world;
  world.adopt({node("a"), node("b", {"a"})});
  world.obedient({"a", "b"});
  std::vector<std::string> passed;
  world.gate.on_check = [&](const gate_request& request, bool passes) {
    if (passes) {
      passed.emplace_back(request.node);
    }
  };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(passed, (std::vector<std::string>{"a", "a", "b", "b", "a", "a"}))
      << "twice its own, with b, and at the end";
}

}  // namespace
}  // namespace director::engine::testing
