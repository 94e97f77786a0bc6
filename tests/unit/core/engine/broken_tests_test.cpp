// Whose fault it is that tests of landed nodes do not pass with a candidate.
#include <gmock/gmock.h>

#include <functional>
#include <memory>

#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::IsOk;
using run::NodeStatus;
using ::testing::HasSubstr;

/// "a" is broken by "b", which needs it and whose own tests do not mind.
std::vector<plan::Node> broken_by_the_next() {
  return {node("a", {}, "+a.txt ^a.txt,b.txt"), node("b", {"a"}, "+b.txt")};
}

TEST(BrokenTests, ThatSomebodyElseBrokeAreNotHeldAgainstACandidate) {
  World world;
  world.adopt({node("a", {}, "+a.txt ^a.txt,other"), node("b", {"a"})});
  world.obedient({"a", "b"});
  world.on_event = [&](const run::RunEvent& event) {
    if (std::holds_alternative<run::Landed>(event)) {
      world.repository.commit_on(kRef, {{"other", "pushed by somebody"}});
      world.on_event = nullptr;
    }
  };
  const Result<run::RunState> end = world.run({.max_attempts = 1});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "b").status, NodeStatus::Done);
  EXPECT_EQ(end->outcome, "incomplete");
  EXPECT_THAT(end->integration_detail, HasSubstr("tests of node 'a'"));
}

// What a program that mistypes a command ends with looks like a machine that lacks a tool.
TEST(BrokenTests, CommandThatCannotBeRunAnyMoreIsTheCandidatesFailure) {
  World world;
  world.adopt({node("a", {}, "+a.txt"), node("b", {"a"}, "+b.txt")});
  world.obedient({"a", "b"});
  world.gate.judge_as = [&](const gate_request& request) {
    const FileMap files = world.repository.slot(std::string(request.workdir));
    const std::string mine = std::string(request.node) + ".txt";
    if (request.node == "a" && files.contains("b.txt")) {
      return verdict{DIRECTOR_GATE_ERROR, "command not found (exit status 127)", "", 127};
    }
    return files.contains(mine) ? verdict::pass("exit 0") : verdict::fail("exit 1");
  };
  const Result<run::RunState> end = world.run({.max_attempts = 1});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Done);
  EXPECT_EQ(state_of(*end, "b").status, NodeStatus::Escalated);
}

TEST(BrokenTests, OwnCommandThatCannotBeRunAnyMoreIsAFailedAttemptToo) {
  for (const int exit : {126, 127, 1}) {
    World world;
    world.adopt({node("a")});
    world.obedient({"a"});
    world.gate.judge_as = [&](const gate_request& request) {
      const bool made = world.repository.slot(std::string(request.workdir)).contains("a.txt");
      return made ? verdict{DIRECTOR_GATE_ERROR, "cannot run it", "", exit}
                  : verdict::fail("exit 1");
    };
    const Result<run::RunState> end = world.run({.max_attempts = 1});
    ASSERT_THAT(end, IsOk());
    EXPECT_EQ(state_of(*end, "a").status, exit == 1 ? NodeStatus::Error : NodeStatus::Escalated)
        << exit;
  }
}

TEST(BrokenTests, ErrorOfTheGateIsNeitherAPassNorTheCandidatesFailure) {
  World world;
  world.adopt(broken_by_the_next());
  world.obedient({"a", "b"});
  world.gate.judge_as = [&](const gate_request& request) {
    const FileMap files = world.repository.slot(std::string(request.workdir));
    if (request.node == "a" && files.contains("b.txt")) {
      return verdict::error("out of memory");
    }
    return files.contains(std::string(request.node) + ".txt") ? verdict::pass("exit 0")
                                                              : verdict::fail("exit 1");
  };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "b").status, NodeStatus::Error);
  EXPECT_THAT(state_of(*end, "b").error, HasSubstr("tests of node 'a': out of memory"));
  EXPECT_EQ(world.landings().size(), 1U);
}

/// What the tests of "a" say on the tip, where they are to be compared with what they say with "b".
void judge_the_tip(World& world, const std::function<verdict()>& on_the_tip) {
  world.adopt(broken_by_the_next());
  world.obedient({"a", "b"});
  world.gate.judge_as = [&world, on_the_tip,
                         broken = std::make_shared<bool>(false)](const gate_request& request) {
    const FileMap files = world.repository.slot(std::string(request.workdir));
    if (request.node == "a" && files.contains("b.txt")) {
      *broken = true;
      return verdict::fail("exit 1");
    }
    if (request.node == "a" && *broken) {
      return on_the_tip();
    }
    return files.contains(std::string(request.node) + ".txt") ? verdict::pass("exit 0")
                                                              : verdict::fail("exit 1");
  };
}

TEST(BrokenTests, ThatCannotBeComparedDoNotExcuseACandidate) {
  World world;
  judge_the_tip(world, [] { return verdict::error("out of memory"); });
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "b").status, NodeStatus::Error);
  EXPECT_THAT(state_of(*end, "b").error,
              HasSubstr("tests of node 'a' cannot be compared with what they say without this "
                        "change: out of memory"));
  EXPECT_EQ(world.landings().size(), 1U);
}

TEST(BrokenTests, ThatRunIntoALimitOrTheDeadlineOnTheTipDoNotExcuseACandidate) {
  for (const bool by_limit : {true, false}) {
    World world;
    judge_the_tip(world, [&world, by_limit] {
      if (by_limit) {
        world.hosts.limits[ports::Purpose::Gate] = "out of processes";
      } else {
        world.clock.advance(world.settings.limits.node_timeout);
      }
      return verdict::fail("exit 1");
    });
    const Result<run::RunState> end = world.run();
    ASSERT_THAT(end, IsOk());
    EXPECT_EQ(state_of(*end, "b").status, NodeStatus::Error) << by_limit;
    EXPECT_THAT(state_of(*end, "b").error, HasSubstr("cannot be compared")) << by_limit;
    EXPECT_EQ(world.landings().size(), 1U) << by_limit;
  }
}

// What cannot be found on the tip was taken away by somebody else.
TEST(BrokenTests, WhoseCommandIsGoneFromTheTipAreNotHeldAgainstACandidate) {
  World world;
  judge_the_tip(world, [] { return verdict{DIRECTOR_GATE_ERROR, "not found", "", 127}; });
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "b").status, NodeStatus::Done);
  EXPECT_EQ(end->outcome, "incomplete");
}

}  // namespace
}  // namespace director::engine::testing
