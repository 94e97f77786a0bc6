// A plan that a person wrote, or brought from elsewhere, is run as it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/e2e/scripted_job.hpp"

namespace director::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A planned job whose journal is gone: what is left is plan.json and the job branch.
class AdoptedPlan : public ::testing::Test {
 protected:
  void SetUp() override {
    write_file(world_.state() / "config.toml", world_.config("any"));
    const Ran planned = world_.director({"plan", "Two files", "--auto", "--no-critique"});
    ASSERT_EQ(planned.exit_code, 0) << planned.out << planned.err;
    for (const char* name : {"journal.jsonl", "plan_stage.json", "costs.jsonl"}) {
      fs::remove(world_.state() / name);
    }
  }

  ScriptedJob world_;
};

TEST_F(AdoptedPlan, Runs) {
  const Ran ran = world_.director({"run"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("done 2 of 2"));
}

TEST_F(AdoptedPlan, KilledWhileItWasTakenOverIsTakenOverByTheNextRun) {
  ASSERT_EQ(world_.director({"run"}).exit_code, 0);
  const std::string journal = read_file(world_.state() / "journal.jsonl");
  const std::string first = journal.substr(0, journal.find('\n') + 1);
  ASSERT_THAT(first, HasSubstr("\"job_created\""));
  write_file(world_.state() / "journal.jsonl", first);
  const Ran again = world_.director({"run"});
  EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
  EXPECT_THAT(again.out, HasSubstr("done 2 of 2"));
  EXPECT_THAT(read_file(world_.state() / "journal.jsonl"), Not(HasSubstr("call_reserved")))
      << "what has landed is not paid for again";
}

TEST_F(AdoptedPlan, TestThatIsNotTheOneThatThePlanPinsIsRefused) {
  std::string plan = read_file(world_.state() / "plan.json");
  const std::size_t hash = plan.find("\"test_hashes\"");
  ASSERT_NE(hash, std::string::npos);
  const std::size_t digit = plan.find(": \"", plan.find("tests/one.sh", hash)) + 3;
  plan[digit] = plan[digit] == '0' ? '1' : '0';
  write_file(world_.state() / "plan.json", plan);
  const Ran ran = world_.director({"run"});
  EXPECT_EQ(ran.exit_code, 2) << ran.out;
  EXPECT_THAT(ran.err, HasSubstr("'tests/one.sh' differs from its entry in test_hashes"));
  EXPECT_FALSE(fs::exists(world_.state() / "journal.jsonl") &&
               !read_file(world_.state() / "journal.jsonl").empty())
      << "nothing was started";
}

}  // namespace
}  // namespace director::e2e
