#include "core/engine/slot_collection.hpp"

#include <gmock/gmock.h>

#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::IsOk;
using ::testing::UnorderedElementsAre;

/// Slots agent-1..n and verify-1..n, of 10 MB each; the higher the number, the longer ago.
void make_slots(World& world, int count) {
  for (int i = 1; i <= count; ++i) {
    for (const char* sort : {"agent-", "verify-"}) {
      const std::string name = sort + std::to_string(i);
      world.repository.edit("/cache/slots/" + name, "file", "bytes");
      world.slot_folders.sizes[name] = 10'000'000;
      world.slot_folders.used[name] = ports::WallTime(std::chrono::hours(1000 - i));
    }
  }
}

std::vector<std::string> left(World& world) { return world.slot_folders.list().value(); }

TEST(SlotCollection, KeepsTheLastUsedOfEachSortAsManyAsRan) {
  World world;
  make_slots(world, 4);
  ASSERT_THAT(collect_slots(*world.wire(), 2), IsOk());
  EXPECT_THAT(left(world), UnorderedElementsAre("agent-1", "agent-2", "verify-1", "verify-2"));
}

TEST(SlotCollection, PoolSizeGoesBeforeWhatRan) {
  World world;
  make_slots(world, 4);
  world.settings.workspace.pool_size = 1;
  ASSERT_THAT(collect_slots(*world.wire(), 4), IsOk());
  EXPECT_THAT(left(world), UnorderedElementsAre("agent-1", "verify-1"));
}

TEST(SlotCollection, QuotaTakesTheLeastRecentlyUsedOnes) {
  World world;
  make_slots(world, 3);
  world.settings.workspace.disk_quota_mb = 35;
  world.slot_folders.used["agent-3"] = ports::WallTime(std::chrono::hours(2000));
  ASSERT_THAT(collect_slots(*world.wire(), 3), IsOk());
  EXPECT_THAT(left(world), UnorderedElementsAre("agent-3", "agent-1", "verify-1"));
}

TEST(SlotCollection, SlotWithWorkThatIsNotKeptStaysWhateverTheLimits) {
  World world;
  make_slots(world, 3);
  world.settings.workspace.pool_size = 1;
  world.settings.workspace.disk_quota_mb = 1;
  const std::unique_ptr<Services> services = world.wire();
  ASSERT_THAT(occupy_slot(world.files, slot_named(services->folders, "agent-3"),
                          {JobId("j"), NodeId("n"), 1, Oid("b"), Oid("t")}),
              IsOk());
  ASSERT_THAT(collect_slots(*services, 1), IsOk());
  EXPECT_THAT(left(world), UnorderedElementsAre("agent-3"));
}

TEST(SlotCollection, RunLeavesAsManySlotsAsItHadNodesAtATime) {
  World world;
  world.adopt({node("a"), node("b"), node("c")});
  world.obedient({"a", "b", "c"});
  make_slots(world, 5);
  ASSERT_THAT(world.run({.parallel = 2}), IsOk());
  EXPECT_EQ(left(world).size(), 4U);
}

}  // namespace
}  // namespace director::engine::testing
