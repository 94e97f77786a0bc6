// One director at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string_view>

#include "faulty_job.hpp"

namespace director::fault {
namespace {

using e2e::read_file;
using e2e::write_file;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

TEST(Lock, FileSystemWithoutLocksIsRefused) {
  FaultyJob job(2);
  const Struck struck = job.strike({"lock", 1, kForEver, "ENOLCK"});
  EXPECT_EQ(struck.ran.exit_code, 2);
  EXPECT_THAT(struck.ran.err,
              ContainsRegex("lock'.*no locks available.*keep the repository on one that has"));
  EXPECT_TRUE(job.landings().empty());
  job.expect_sound();
}

/// A job, while whose agent is at work the shell does `meanwhile`, in which "$@" is another
/// director. Says "first", the status of the one at work and its process at the end.
e2e::Ran beside_one_at_work(FaultyJob& job, const std::string& meanwhile) {
  const std::string came = (job.root() / "came").string();
  const std::string go = (job.root() / "go").string();
  write_file(job.hook(), "touch " + came + "; until [ -e " + go + " ]; do sleep 0.02; done\n");
  const std::string script =
      "\"$@\" >/dev/null 2>&1 & pid=$!\n"
      "until [ -e " +
      came + " ]; do kill -0 $pid || exit 9; sleep 0.02; done\n" + meanwhile + "\ntouch " + go +
      "\nwait $pid; echo first $? pid $pid\n";
  return e2e::run({"sh", "-c", script, "sh", DIRECTOR_PROGRAM, "run"}, job.repo(),
                  job.environment());
}

TEST(Lock, SecondDirectorIsTurnedAwayAndTheHolderIsNamed) {
  FaultyJob job(2);
  const e2e::Ran ran = beside_one_at_work(job, "\"$@\"; echo second $?");
  EXPECT_THAT(ran.out, ContainsRegex("second 3\nfirst 0"));
  const std::string pid = ran.out.substr(ran.out.find("pid ") + 4);
  EXPECT_THAT(ran.err, HasSubstr("process " + pid.substr(0, pid.find('\n')) + " on "));
  job.expect_complete();
}

/// What is done to the repository while a director is at work, and where a second one is started.
struct Elsewhere {
  const char* name;
  const char* act;
  const char* folder;
};

void PrintTo(const Elsewhere& one, std::ostream* out) { *out << one.name; }

class LockOf : public ::testing::TestWithParam<Elsewhere> {};

TEST_P(LockOf, ARepositoryHoldsWhereItsFileIsNot) {
  FaultyJob job(2);
  const e2e::Ran ran = beside_one_at_work(
      job, "( cp -r .director ../kept && " + std::string(GetParam().act) +
               ") >&2 || exit 8\n( cd " + GetParam().folder + "; \"$@\" >&2; echo second $? )");
  EXPECT_THAT(ran.out, HasSubstr("second 3\n")) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("cannot lock '" + (job.repo() / ".git").string() +
                                 "': another director is at work in this repository"));
  const bool is_kept = std::string_view(GetParam().name) != "Deleted";
  EXPECT_THAT(ran.out, HasSubstr(is_kept ? "first 0" : "first 1"))
      << "what it did is written down nowhere";
}

INSTANTIATE_TEST_SUITE_P(
    Lock, LockOf,
    ::testing::Values(
        Elsewhere{
            "Worktree",
            "git worktree add -q --detach ../beside && cp -r ../kept ../beside/.director && rm "
            "-f ../beside/.director/lock",
            "../beside"},
        Elsewhere{"Folder", "mkdir sub && cp -r ../kept sub/.director && rm -f sub/.director/lock",
                  "sub"},
        Elsewhere{"Deleted", "rm -r .director && cp -r ../kept .director && rm .director/lock",
                  "."}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Lock, OfADeadHolderIsNoObstacle) {
  FaultyJob job(2);
  ASSERT_TRUE(job.strike({"journal", 9, 9, "kill"}).killed());
  EXPECT_THAT(read_file(job.state() / "lock"), ContainsRegex("process [0-9]+ on "));
  EXPECT_EQ(job.go_on().exit_code, 0);
  job.expect_complete();
}

TEST(Lock, FolderOfAnotherUserIsNoSecondDirector) {
  FaultyJob job(2);
  ASSERT_EQ(job.go_on().exit_code, 0);
  const fs::path cache = job.root() / "home/.cache/director";
  for (const auto& entry : fs::directory_iterator(cache)) {
    if (entry.is_directory()) {
      fs::rename(entry.path(), job.root() / "elsewhere");
      write_file(entry.path(), "no folder");
      break;
    }
  }
  const e2e::Ran ran = job.go_on();
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("it is not a folder of this user"));
}

}  // namespace
}  // namespace director::fault
