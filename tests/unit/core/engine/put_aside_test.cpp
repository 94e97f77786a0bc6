// What a job leaves that another one took the place of.
#include <gmock/gmock.h>

#include <memory>

#include "core/engine/kept.hpp"
#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::IsOk;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::string kKeptOfTheJob = std::string(kKeptRefs) + kJob + "/";

/// Settles the repository's refs as the run of a later job does.
void settle_as_another_job(World& world) {
  director::testing::FakeVcs vcs(world.repository);
  plan::Plan other{JobId("other"), "t", "/repo", "2026-01-01T00:00:00Z", "director/job-other", {}};
  other.nodes = {node("z")};
  const std::unique_ptr<Services> services = world.wire();
  Keeper(*services, other).settle(vcs, initial_run_state(other), Oid(world.base));
}

TEST(PutAside, CandidateInFlightIsKept) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  world.gate.on_check = [&](const gate_request&, bool passes) {
    if (passes) {
      world.interrupt.cancel();
    }
  };
  ASSERT_THAT(world.run(), IsOk());
  ASSERT_THAT(world.repository.refs("refs/director/flight/"), Not(IsEmpty()));
  world.gate.on_check = nullptr;
  settle_as_another_job(world);
  EXPECT_THAT(world.repository.refs("refs/director/flight/"), IsEmpty());
  EXPECT_EQ(world.repository.files_at(kKeptOfTheJob + "a/1")["a.txt"], "made by a");
}

/// A job that landed node a and not node b, and whose branch is gone then.
void leaves_half_a_job(World& world) {
  world.adopt({node("a"), node("b", {"a"}, "=b.txt:right")});
  world.obedient({"a", "b"});
  ASSERT_THAT(world.run(), IsOk());
  ASSERT_EQ(world.landings(), (std::map<std::string, int>{{"a", 1}}));
}

TEST(PutAside, WhatLandedOnABranchThatWasDeletedIsListedAndGoesWithItsAge) {
  World world;
  leaves_half_a_job(world);
  world.repository.delete_ref(kRef);
  settle_as_another_job(world);
  EXPECT_THAT(world.repository.refs("refs/director/tip/job-" + std::string(kJob)), IsEmpty());
  EXPECT_EQ(world.repository.files_at(kKeptOfTheJob + "a/1")["a.txt"], "made by a");
  EXPECT_THAT(world.repository.messages(kKeptOfTheJob + "a/1")[0], HasSubstr("branch was deleted"));
  world.repository.collect_garbage();
  director::testing::FakeVcs vcs(world.repository);
  EXPECT_THAT(list_kept(vcs), IsOk());
}

TEST(PutAside, CommitsOfAPersonOnABranchThatWasDeletedAreKeptToo) {
  World world;
  leaves_half_a_job(world);
  world.repository.commit_on(kRef, {{"users.txt", "mine"}});
  (void)world.run();
  world.repository.delete_ref(kRef);
  settle_as_another_job(world);
  const std::vector<std::string> kept = world.repository.refs(kKeptOfTheJob + "job-");
  ASSERT_THAT(kept, SizeIs(1));
  EXPECT_EQ(world.repository.files_at(kept[0])["users.txt"], "mine");
}

TEST(PutAside, BranchThatIsThereIsNotKeptTwice) {
  World world;
  leaves_half_a_job(world);
  settle_as_another_job(world);
  EXPECT_THAT(world.repository.refs("refs/director/tip/job-" + std::string(kJob)), IsEmpty());
  EXPECT_THAT(world.repository.refs(kKeptOfTheJob + "a/"), IsEmpty());
}

}  // namespace
}  // namespace director::engine::testing
