#include "core/engine/landed.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::FakeVcs;
using ::director::testing::IsOk;
using ::testing::HasSubstr;

const std::string kTrailers =
    std::string("Director-Job: ") + kJob + "\nDirector-Node: a\nDirector-Attempt: 2\n";

/// As other version control backends, and people, may write and tidy up a message.
const std::vector<std::string> kMessages{"Title\n\n" + kTrailers, " \n\n" + kTrailers,
                                         "\n\n" + kTrailers, kTrailers,
                                         "Title\n\nBody\n\n" + kTrailers + "\n \n"};

TEST(Trailer, IsFoundInTheLastParagraphWhateverComesBefore) {
  for (const std::string& message : kMessages) {
    EXPECT_EQ(trailer(message, "Director-Node"), "a") << message;
    EXPECT_EQ(trailer_number(message, "Director-Attempt"), 2) << message;
  }
}

TEST(Trailer, IsNotLookedForInOtherParagraphs) {
  for (const std::string& message :
       {kTrailers + "\nthe end", "x\n\n" + kTrailers + "\n\nthe end"}) {
    EXPECT_EQ(trailer(message, "Director-Node"), "") << message;
  }
  EXPECT_EQ(trailer("", "Director-Node"), "");
  EXPECT_EQ(trailer(" \n\n", "Director-Node"), "");
}

TEST(LandedCommits, AreRecognisedWhateverTheirTitle) {
  for (const std::string& message : kMessages) {
    World world;
    const std::string landed = world.repository.commit_on(kRef, {{"a.txt", "x"}}, message);
    FakeVcs vcs(world.repository);
    plan::Plan plan;
    plan.job_id = JobId(kJob);
    plan.nodes = {node("a")};
    const Result<std::vector<LandedCommit>> found = landed_commits(vcs, landed, "", plan);
    ASSERT_THAT(found, IsOk());
    ASSERT_EQ(found->size(), 1U) << message;
    EXPECT_EQ(found->at(0).oid.value, landed);
  }
}

TEST(LandedCommits, OfANodeWithABlankTitleAreFoundAfterTheJournalLostThem) {
  World world;
  plan::Node blank = node("a");
  blank.title = " ";
  world.adopt({blank});
  world.obedient({"a"});
  std::string before;
  world.on_event = [&](const run::RunEvent& event) {
    if (std::holds_alternative<run::Gated>(event)) {
      before = world.files.text(world.journal());
    }
  };
  ASSERT_THAT(world.run(), IsOk());
  EXPECT_THAT(world.repository.message(kRef), ::testing::StartsWith("a\n\n"));
  ASSERT_THAT(before, ::testing::Not(HasSubstr("\"landed\"")));
  world.files.put(world.journal(), before);
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(world.landings(), (std::map<std::string, int>{{"a", 1}}));
  EXPECT_EQ(world.runner.calls("executor-a").size(), 1U) << "nothing is paid twice";
}

}  // namespace
}  // namespace director::engine::testing
