#include "core/engine/job_branch.hpp"

#include <gmock/gmock.h>

#include <utility>

#include "tests/fakes/fake_vcs.hpp"
#include "tests/unit/matchers.hpp"

namespace director::engine {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::FakeRepository;
using ::director::testing::FakeVcs;
using ::director::testing::Fault;
using ::director::testing::FaultSide;
using ::director::testing::IsOk;

constexpr const char* kRef = "refs/heads/director/job-1";

class JobBranchTest : public ::testing::Test {
 protected:
  JobBranchTest() { branch_.saw(base_); }

  static plan::Plan plan() {
    plan::Plan made;
    made.job_id = JobId("1");
    made.job_branch = "director/job-1";
    return made;
  }
  /// A commit on top of the branch that no ref leads to yet.
  Oid commit_on_top() {
    const std::string parent = repository_.ref(kRef);
    return Oid(repository_.add_commit({repository_.add_tree({{"new", "x"}}), parent, "on top"}));
  }

  FakeRepository repository_;
  FakeVcs vcs_{repository_};
  Oid base_{repository_.commit_on(kRef, {{"README", "hello"}})};
  JobBranch branch_{plan()};
};

// Where it was is found, and before that is noted it is moved on by another thread.
TEST_F(JobBranchTest, LookThatComesLateTakesNothingBack) {
  Oid next;
  repository_.on_resolved = [&] {
    if (next.empty()) {
      next = Oid(repository_.commit_on(kRef, {{"landed", "x"}}));
      branch_.saw(next);
    }
  };
  ASSERT_THAT(branch_.tip(vcs_), IsOk());
  EXPECT_EQ(branch_.seen(), next);
  repository_.set_ref(kRef, base_.value);
  EXPECT_THAT(branch_.tip(vcs_), FailsWith(Errc::Conflict, next.value));
}

TEST_F(JobBranchTest, AdvanceSaysWhatBecameOfIt) {
  const Oid next = commit_on_top();
  const Result<Advanced> advanced = branch_.advance(vcs_, base_, next);
  ASSERT_THAT(advanced, IsOk());
  EXPECT_THAT(advanced->moved, IsOk());
  EXPECT_EQ(repository_.ref(kRef), next.value);
  EXPECT_EQ(branch_.seen(), next);
}

TEST_F(JobBranchTest, AdvanceThatFailedAfterItMovedHasMoved) {
  const Oid next = commit_on_top();
  Fault fault(1, FaultSide::After);
  repository_.fault = &fault;
  const Result<Advanced> advanced = branch_.advance(vcs_, base_, next);
  ASSERT_THAT(advanced, IsOk());
  EXPECT_THAT(advanced->moved, IsOk());
}

TEST_F(JobBranchTest, AdvanceOfOneThatWasBuiltUponTellsWhereItIs) {
  const Oid next = commit_on_top();
  const Oid theirs(repository_.commit_on(kRef, {{"users.txt", "mine"}}));
  const Result<Advanced> advanced = branch_.advance(vcs_, base_, next);
  ASSERT_THAT(advanced, IsOk());
  EXPECT_THAT(advanced->moved, FailsWith(Errc::Conflict, ""));
  EXPECT_EQ(advanced->built_upon, theirs);
}

TEST_F(JobBranchTest, AdvanceThatFailedWhereItWasIsNoneThatWasBuiltUpon) {
  Fault fault(1, FaultSide::Before);
  repository_.fault = &fault;
  const Result<Advanced> advanced = branch_.advance(vcs_, base_, commit_on_top());
  ASSERT_THAT(advanced, IsOk());
  EXPECT_THAT(advanced->moved, FailsWith(Errc::Io, ""));
  EXPECT_TRUE(advanced->built_upon.empty());
}

TEST_F(JobBranchTest, AdvanceOfOneThatIsGoneSaysHowToRestoreIt) {
  const Oid next = commit_on_top();
  repository_.delete_ref(kRef);
  const Result<Advanced> advanced = branch_.advance(vcs_, base_, next);
  ASSERT_THAT(advanced, IsOk());
  EXPECT_THAT(advanced->moved, FailsWith(Errc::NotFound, "git branch"));
}

TEST_F(JobBranchTest, AdvanceIsInDoubtWhereNobodySaysWhereTheBranchIs) {
  Fault fault(1, FaultSide::After, 2);
  repository_.fault = &fault;
  EXPECT_THAT(branch_.advance(vcs_, base_, commit_on_top()), FailsWith(Errc::Io, ""));
}

}  // namespace
}  // namespace director::engine
