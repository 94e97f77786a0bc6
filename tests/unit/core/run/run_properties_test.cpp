#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <random>

#include "run_model.hpp"

namespace director::run::testing {
namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t limit) {
  return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
}

Dependencies random_dag(Random& random) {
  Dependencies all(1 + below(random, 9));
  for (std::size_t i = 1; i < all.size(); ++i) {
    std::set<std::size_t> needed;
    for (std::size_t k = below(random, 3); k > 0; --k) {
      needed.insert(below(random, i));
    }
    all[i].assign(needed.begin(), needed.end());
  }
  return all;
}

RunStarted random_start(Random& random) {
  RunStarted start;
  start.parallel = static_cast<int>(1 + below(random, 4));
  start.max_attempts = static_cast<int>(1 + below(random, 3));
  start.infra_retries = static_cast<int>(below(random, 3));
  start.review_file_threshold = below(random, 2) == 0 ? 0 : 3;
  start.waiting = static_cast<int>(below(random, 5));
  start.batch = static_cast<int>(1 + below(random, 4));
  return start;
}

/// Legal answers at random; `bad_percent` of them are not the good one.
void run_randomly(RunModel& model, Random& random, std::size_t bad_percent) {
  std::size_t outside_moves = 5;
  for (int guard = 0; guard < 5000 && !model.open().empty() && model.problems().empty(); ++guard) {
    if (outside_moves > 0 && below(random, 25) == 0) {
      --outside_moves;
      model.move_tip();
    }
    if (below(random, 150) == 0) {
      model.feed(InterruptSeen{});
    }
    if (model.open().empty()) {
      break;
    }
    model.answer(below(random, model.open().size()), [&](const RunEffect& effect) -> RunEvent {
      const std::vector<RunEvent> others = other_outcomes(effect);
      if (below(random, 100) >= bad_percent) {
        return model.good(effect);
      }
      return others[below(random, others.size())];
    });
  }
}

std::string described(const RunModel& model) {
  std::string out;
  for (const std::string& problem : model.problems()) {
    out += problem + "\n";
  }
  return out;
}

/// Nodes that wait for this one, one after the other; by looking at all of them.
std::size_t longest_wait(const Dependencies& dag, std::size_t node) {
  std::size_t longest = 0;
  for (std::size_t other = 0; other < dag.size(); ++other) {
    if (std::count(dag[other].begin(), dag[other].end(), node) != 0) {
      longest = std::max(longest, longest_wait(dag, other) + 1);
    }
  }
  return longest;
}

TEST(RunProperties, NodeOnTheLongestChainGoesFirstAndOfEqualsThePlansFirst) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Dependencies dag = random_dag(random);
    RunModel model(dag, Branch());
    RunStarted start;
    start.parallel = 1;
    model.feed(start);
    while (!model.open().empty()) {
      const NodeId* node = node_of(model.open()[0]);
      if (node != nullptr) {
        const std::size_t running = model.state().index_of(*node);
        const std::size_t its = longest_wait(dag, running);
        for (const std::size_t ready : model.state().ready) {
          const std::size_t other = model.state().topology->by_urgency[ready];
          const std::size_t others = longest_wait(dag, other);
          ASSERT_TRUE(its > others || (its == others && running < other))
              << running << " runs while " << other << " waits";
        }
      }
      model.answer(0, [&](const RunEffect& effect) { return model.good(effect); });
    }
    ASSERT_TRUE(model.problems().empty());
    ASSERT_EQ(model.state().outcome, "done");
  }
}

TEST(RunProperties, RandomRunsEndAndAddUp) {
  for (std::uint32_t seed = 1; seed <= 1500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Dependencies dag = random_dag(random);
    RunModel model(dag, Branch());
    model.feed(random_start(random));
    run_randomly(model, random, seed % 3 == 0 ? 40 : 12);
    ASSERT_TRUE(model.problems().empty()) << described(model);
    ASSERT_TRUE(model.open().empty()) << "does not end";
    ASSERT_FALSE(model.state().outcome.empty());
  }
}

TEST(RunProperties, GoodRunsLandEverything) {
  for (std::uint32_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    RunModel model(random_dag(random), Branch());
    model.feed(random_start(random));
    for (int guard = 0; guard < 5000 && !model.open().empty(); ++guard) {
      model.answer(below(random, model.open().size()),
                   [&](const RunEffect& effect) { return model.good(effect); });
    }
    ASSERT_TRUE(model.problems().empty()) << described(model);
    ASSERT_EQ(model.state().outcome, "done");
    ASSERT_EQ(model.branch().landed.size(), model.state().nodes.size());
  }
}

/// The branch after the first `count` events; landings are the only thing that moves it here.
Branch branch_after(const std::vector<RunEvent>& journal, std::size_t count) {
  Branch branch;
  for (std::size_t i = 0; i < count; ++i) {
    if (const auto* landed = std::get_if<Landed>(&journal[i])) {
      branch.tip = std::stoi(landed->commit.value.substr(1));
      branch.landed[landed->node] = branch.tip;
    }
  }
  return branch;
}

/// Any prefix of a journal, with a branch that may be ahead of it, goes on to a good end.
void resume_everywhere(const Dependencies& dag, const RunModel& first, const RunStarted& start,
                       std::size_t step) {
  const std::vector<RunEvent>& journal = first.journal();
  for (std::size_t kept = 0; kept <= journal.size(); kept += step) {
    for (const std::size_t ahead : {std::size_t{0}, std::size_t{1}, std::size_t{15}}) {
      SCOPED_TRACE("prefix " + std::to_string(kept) + " ahead " + std::to_string(ahead));
      const Branch branch = branch_after(journal, std::min(journal.size(), kept + ahead));
      const std::vector<RunEvent> prefix(journal.begin(),
                                         journal.begin() + static_cast<std::ptrdiff_t>(kept));
      RunModel second = RunModel::resumed(dag, branch, prefix);
      RunStarted again = start;
      again.retry = true;
      second.feed(again);
      for (const auto& [id, tip] : branch.landed) {
        ASSERT_EQ(second.node(id).status, NodeStatus::Done);
      }
      ASSERT_TRUE(second.finish_well()) << described(second) << second.state().outcome;
      ASSERT_EQ(second.state().outcome, "done");
      // What the second process wrote is as good a journal as the first one's.
      RunModel third = RunModel::resumed(dag, second.branch(), second.journal());
      ASSERT_TRUE(third.problems().empty()) << described(third);
      ASSERT_EQ(third.state().settled, dag.size());
    }
  }
}

TEST(RunProperties, EveryPrefixOfARandomRunGoesOnToAGoodEnd) {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Dependencies dag = random_dag(random);
    const RunStarted start = random_start(random);
    RunModel model(dag, Branch());
    model.feed(start);
    run_randomly(model, random, 15);
    ASSERT_TRUE(model.problems().empty()) << described(model);
    resume_everywhere(dag, model, start, 1);
    if (::testing::Test::HasFatalFailure()) {
      return;
    }
  }
}

TEST(RunProperties, WithoutRetryAResumedRunKeepsWhatLandedAndEnds) {
  for (std::uint32_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Dependencies dag = random_dag(random);
    RunModel model(dag, Branch());
    model.feed(random_start(random));
    run_randomly(model, random, 20);
    const std::size_t kept = below(random, model.journal().size() + 1);
    const Branch branch =
        branch_after(model.journal(), std::min(model.journal().size(), kept + below(random, 8)));
    RunModel second = RunModel::resumed(
        dag, branch,
        {model.journal().begin(), model.journal().begin() + static_cast<std::ptrdiff_t>(kept)});
    second.feed(random_start(random));
    ASSERT_TRUE(second.finish_well()) << described(second);
    for (const auto& [id, tip] : branch.landed) {
      ASSERT_EQ(second.node(id).status, NodeStatus::Done);
    }
  }
}

/// Follows one sequence of choices: at each step the oldest (or newest) open effect ends in the
/// chosen way; afterwards all goes well. Says how many ways the last choice had.
std::size_t follow(const Dependencies& dag, const RunStarted& start, bool newest,
                   const std::vector<std::size_t>& choices) {
  RunModel model(dag, Branch());
  model.feed(start);
  std::size_t ways = 0;
  for (const std::size_t choice : choices) {
    if (model.open().empty()) {
      return 0;  // the run was over before: nothing new along this branch
    }
    model.answer(newest ? model.open().size() - 1 : 0, [&](const RunEffect& effect) -> RunEvent {
      const std::vector<RunEvent> others = other_outcomes(effect);
      ways = others.size() + 1;
      return choice == 0 ? model.good(effect) : others.at(choice - 1);
    });
  }
  if (!model.finish_well()) {
    ADD_FAILURE() << described(model) << "outcome " << model.state().outcome;
  }
  return ways;
}

/// Depth-first over every sequence of choices up to `depth`. Returns how many were followed.
std::size_t every_sequence(const Dependencies& dag, const RunStarted& start, bool newest,
                           std::vector<std::size_t>& choices, std::size_t depth) {
  if (choices.size() == depth || ::testing::Test::HasFailure()) {
    return 0;
  }
  std::size_t count = 0;
  choices.push_back(0);
  for (std::size_t ways = 1; choices.back() < ways; ++choices.back()) {
    const std::size_t found = follow(dag, start, newest, choices);
    if (found == 0) {
      break;
    }
    ways = found;
    count += 1 + every_sequence(dag, start, newest, choices, depth);
  }
  choices.pop_back();
  return count;
}

TEST(RunProperties, EveryOutcomeSequenceUpToLengthSixOnSmallDags) {
  const std::vector<Dependencies> dags{
      {{}}, {{}, {}}, {{}, {0}}, {{}, {}, {}}, {{}, {0}, {0}}, {{}, {}, {0, 1}}, {{}, {0}, {1}}};
  RunStarted start;
  start.parallel = 2;
  start.max_attempts = 1;
  start.infra_retries = 1;
  start.review_file_threshold = 0;
  for (std::size_t i = 0; i < dags.size(); ++i) {
    for (const bool newest : {false, true}) {
      SCOPED_TRACE("dag " + std::to_string(i) + (newest ? " newest" : " oldest"));
      start.waiting = newest ? 1 : 0;
      start.batch = newest ? 3 : 1;
      std::vector<std::size_t> choices;
      EXPECT_GT(every_sequence(dags[i], start, newest, choices, 6), 200U);
      if (HasFailure()) {
        return;
      }
    }
  }
}

/// No event copies the state: a run of n nodes is n times a constant number of events.
void expect_linear(const Dependencies& dag, int parallel) {
  RunModel model(dag, Branch());
  model.careful = false;
  RunStarted start;
  start.parallel = parallel;
  model.feed(start);
  const NodeState* const storage = model.state().nodes.data();
  while (!model.open().empty() && model.problems().empty()) {
    model.answer(0, [&](const RunEffect& effect) { return model.good(effect); });
    ASSERT_EQ(model.state().nodes.data(), storage) << "the nodes were copied";
  }
  ASSERT_TRUE(model.problems().empty()) << described(model);
  EXPECT_EQ(model.state().outcome, "done");
  EXPECT_EQ(model.branch().landed.size(), dag.size());
  EXPECT_LE(model.events(), 12 * dag.size() + 10);
}

TEST(RunProperties, LongChainTakesStepsInProportion) {
  Dependencies chain(10000);
  for (std::size_t i = 1; i < chain.size(); ++i) {
    chain[i] = {i - 1};
  }
  expect_linear(chain, 4);
}

TEST(RunProperties, WideGraphTakesStepsInProportion) {
  Dependencies wide(10000);
  for (std::size_t i = 1; i < wide.size(); ++i) {
    wide[i] = {0};
  }
  expect_linear(wide, 1);
}

TEST(RunProperties, WideGraphOnManyWorkersTakesStepsInProportion) {
  // Eight at a time pass together and queue for the lane; each is rebuilt a bounded number of
  // times.
  for (const int waiting : {0, 8}) {
    RunModel model(Dependencies(2000), Branch());
    model.careful = false;
    RunStarted start;
    start.parallel = 8;
    start.waiting = waiting;
    start.batch = 1 + waiting;
    model.feed(start);
    while (!model.open().empty() && model.problems().empty()) {
      model.answer(0, [&](const RunEffect& effect) { return model.good(effect); });
    }
    ASSERT_TRUE(model.problems().empty()) << described(model);
    EXPECT_EQ(model.state().outcome, "done");
    EXPECT_LE(model.events(), 30U * 2000U);
  }
}

TEST(RunProperties, FailureAtTheHeadOfALongChainBlocksAllOfIt) {
  Dependencies chain(10000);
  for (std::size_t i = 1; i < chain.size(); ++i) {
    chain[i] = {i - 1};
  }
  RunModel model(chain, Branch());
  model.careful = false;
  model.feed(RunStarted());
  model.answer(0, [](const RunEffect&) { return RedChecked{NodeId("n0"), Red::No, ""}; });
  EXPECT_EQ(model.state().settled, chain.size());
  EXPECT_EQ(model.node(9999).status, NodeStatus::Blocked);
}

}  // namespace
}  // namespace director::run::testing
