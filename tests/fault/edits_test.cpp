// A user who edits, moves or deletes what director keeps in .director.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>

#include "core/base/text.hpp"
#include "faulty_job.hpp"

namespace director::fault {
namespace {

using e2e::read_file;
using e2e::write_file;
using ::testing::ContainsRegex;
using ::testing::IsSupersetOf;

constexpr int kNodes = 3;

void edit(const fs::path& file, const std::function<void(std::string&)>& change) {
  std::string bytes = read_file(file);
  change(bytes);
  write_file(file, bytes);
}

void append(const fs::path& file, const std::string& bytes) {
  edit(file, [&](std::string& all) { all += bytes; });
}

/// The first `count` lines.
std::string head(const std::string& text, std::size_t count) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < count; ++i) {
    end = text.find('\n', end) + 1;
  }
  return text.substr(0, end);
}

std::size_t lines(const std::string& text) { return text::split_lines(text).size(); }

struct Case {
  const char* name;
  std::function<void(FaultyJob&)> edit;
  const char* error;  ///< a pattern; empty: the next run mends it and ends the job
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

/// A job in its middle: some nodes landed, some are under way; and the same after it is done.
class Edit : public ::testing::TestWithParam<Case> {
 protected:
  static void expect_named_or_mended(FaultyJob& job, const Case& one) {
    const std::map<std::string, int> before = job.landings();
    const e2e::Ran ran = job.go_on();
    if (*one.error == '\0') {
      EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
      EXPECT_EQ(job.landings().size(), static_cast<std::size_t>(kNodes));
      // What was spent stays written down, whatever became of the journal.
      EXPECT_THAT(job.column("costs.jsonl", "call"),
                  IsSupersetOf(job.column("journal.jsonl", "call", "call_ended")));
      job.expect_state_done();
    } else {
      EXPECT_EQ(ran.exit_code, 2) << ran.out << ran.err;
      EXPECT_THAT(ran.err, ContainsRegex(one.error));
      EXPECT_EQ(job.landings(), before);
    }
    job.expect_sound();
  }
};

TEST_P(Edit, InTheMiddleOfAJobIsNamedOrMended) {
  for (const unsigned long instant : {12UL, 25UL, 38UL}) {
    SCOPED_TRACE("killed at call " + std::to_string(instant) + " of the journal");
    FaultyJob job(kNodes);
    ASSERT_TRUE(job.strike({"journal", instant, instant, "kill"}).killed());
    GetParam().edit(job);
    expect_named_or_mended(job, GetParam());
    ASSERT_FALSE(HasFailure());
  }
}

TEST_P(Edit, AfterAJobIsNamedOrMended) {
  FaultyJob job(kNodes);
  ASSERT_EQ(job.go_on().exit_code, 0);
  GetParam().edit(job);
  expect_named_or_mended(job, GetParam());
}

void replace_by_folder(FaultyJob& job) {
  fs::remove(job.journal());
  fs::create_directory(job.journal());
}

void replace_by_link(FaultyJob& job) {
  fs::rename(job.journal(), job.root() / "moved.jsonl");
  fs::create_symlink(job.root() / "moved.jsonl", job.journal());
}

void replace_by_dangling_link(FaultyJob& job) {
  fs::remove(job.journal());
  fs::create_symlink(job.root() / "nowhere.jsonl", job.journal());
}

void replace_by_pipe(FaultyJob& job) {
  fs::remove(job.journal());
  ASSERT_EQ(mkfifo(job.journal().c_str(), 0600), 0);
}

void remove_named(FaultyJob& job, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    fs::remove(job.state() / name);
  }
}

/// Lines of the journal that a user took out, by their place from its end.
void cut_back(FaultyJob& job, std::size_t by) {
  edit(job.journal(), [by](std::string& all) {
    const std::size_t count = lines(all);
    all = head(all, count > by + 2 ? count - by : 2);
  });
}

INSTANTIATE_TEST_SUITE_P(
    Files, Edit,
    ::testing::Values(
        Case{"JournalCutBackByOneLine", [](FaultyJob& job) { cut_back(job, 1); }, ""},
        Case{"JournalCutBackByFourLines", [](FaultyJob& job) { cut_back(job, 4); }, ""},
        Case{"JournalCutBackToThePlan", [](FaultyJob& job) { cut_back(job, 1000); }, ""},
        Case{"JournalCutInALine",
             [](FaultyJob& job) {
               edit(job.journal(), [](std::string& all) { all.resize(all.size() - 7); });
             },
             ""},
        Case{"JournalDeleted", [](FaultyJob& job) { fs::remove(job.journal()); }, ""},
        Case{"JournalEmptied", [](FaultyJob& job) { write_file(job.journal(), ""); }, ""},
        Case{"GarbageAppended", [](FaultyJob& job) { append(job.journal(), "garb{age"); }, ""},
        Case{"ZerosAppended",
             [](FaultyJob& job) { append(job.journal(), std::string(5000, '\0')); }, ""},
        Case{"GarbageLineAppended", [](FaultyJob& job) { append(job.journal(), "garb{age\n"); },
             ""},
        Case{"GarbageLinesAppended",
             [](FaultyJob& job) { append(job.journal(), "garb{age\nmore\n"); },
             "journal\\.jsonl:[0-9]+: "},
        Case{"LineTakenOut",
             [](FaultyJob& job) {
               edit(job.journal(), [](std::string& all) {
                 const std::string first = head(all, 3);
                 all = first + all.substr(head(all, 4).size());
               });
             },
             "journal\\.jsonl:4: expected event 4, found 5"},
        Case{"LineTwice",
             [](FaultyJob& job) {
               edit(job.journal(), [](std::string& all) {
                 all.insert(head(all, 4).size(), head(all, 4).substr(head(all, 3).size()));
               });
             },
             "journal\\.jsonl:5: expected event 5, found 4"},
        Case{"EventOfALaterVersion",
             [](FaultyJob& job) {
               const std::size_t next = lines(read_file(job.journal())) + 1;
               append(job.journal(),
                      "{\"seq\":" + std::to_string(next) + ",\"ts\":1,\"type\":\"hindsight\"}\n");
             },
             "journal\\.jsonl:[0-9]+: unknown event type 'hindsight'.*later version"},
        Case{"JournalIsAFolder", &replace_by_folder, "journal\\.jsonl'.*not a file"},
        Case{"JournalIsALink", &replace_by_link, "journal\\.jsonl'.*symbolic link"},
        Case{"JournalIsADanglingLink", &replace_by_dangling_link,
             "journal\\.jsonl'.*symbolic link"},
        Case{"JournalIsAPipe", &replace_by_pipe, "journal\\.jsonl'.*not a file"},
        Case{"PlanEdited",
             [](FaultyJob& job) {
               edit(job.state() / "plan.json",
                    [](std::string& all) { all.replace(all.find("n1.txt"), 6, "n9.txt"); });
             },
             "plan\\.json' was changed after the plan was frozen"},
        Case{"PlanIsNoJson", [](FaultyJob& job) { write_file(job.state() / "plan.json", "{"); },
             "plan\\.json' was changed after the plan was frozen"},
        Case{"ProjectionsDeleted",
             [](FaultyJob& job) {
               remove_named(job, {"plan.json", "plan_stage.json", "state.json", "costs.jsonl",
                                  "metrics.jsonl"});
             },
             ""},
        Case{"ProjectionsTorn",
             [](FaultyJob& job) {
               append(job.state() / "costs.jsonl", "{\"role\":");
               append(job.state() / "metrics.jsonl", "{\"kind\":");
               write_file(job.state() / "state.json", "{");
             },
             ""}),
    [](const auto& each) { return each.param.name; });

TEST(EditMeanwhile, ChangesNothingOfThisRun) {
  FaultyJob job(kNodes);
  write_file(job.hook(), "cd " + job.state().string() +
                             " && sed -i s/n1.txt/n9.txt/ plan.json && rm -f state.json "
                             "plan_stage.json costs.jsonl metrics.jsonl\n");
  const e2e::Ran ran = job.go_on();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(job.landings().size(), 3U);
  job.expect_sound();
  const e2e::Ran again = job.go_on();
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, ContainsRegex("plan.json' was changed after the plan was frozen"));
  fs::remove(job.state() / "plan.json");
  EXPECT_EQ(job.go_on().exit_code, 0);
  job.expect_complete();
}

TEST(EditMeanwhile, JournalDeletedEndsTheRunAndIsTakenUpFromThePlanAndTheBranch) {
  FaultyJob job(kNodes);
  write_file(job.hook(), "rm " + job.journal().string() + "\n");
  const e2e::Ran ran = job.go_on();
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(ran.err,
              ContainsRegex("journal\\.jsonl': it was deleted while director was at work"));
  job.expect_sound();
  write_file(job.hook(), "true\n");
  const e2e::Ran again = job.go_on();
  EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
  EXPECT_EQ(job.landings().size(), 3U);
  job.expect_sound();
}

TEST(EditMeanwhile, JournalEmptiedIsNamedByTheNextRun) {
  FaultyJob job(kNodes);
  write_file(job.hook(), ": > " + job.journal().string() + "\n");
  (void)job.go_on();
  job.expect_sound();
  const e2e::Ran again = job.go_on();
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, ContainsRegex("journal\\.jsonl:1: expected event 1, found [0-9]+"));
  job.expect_sound();
}

TEST(EditMeanwhile, ProjectionsThatCannotBeWrittenAreWarnedAbout) {
  FaultyJob job(kNodes);
  fs::create_directory(job.state() / "costs.jsonl");
  fs::create_directory(job.state() / "state.json");
  const e2e::Ran ran = job.strike({"any", kForEver, kForEver, "kill"}).ran;
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.err, ContainsRegex("costs\\.jsonl.*[Ii]s a directory"));
  EXPECT_THAT(ran.err, ContainsRegex("state\\.json.*is a directory"));
  job.expect_sound();
  fs::remove(job.state() / "costs.jsonl");
  fs::remove(job.state() / "state.json");
  EXPECT_EQ(job.go_on().exit_code, 0);
  job.expect_complete();
}

}  // namespace
}  // namespace director::fault
