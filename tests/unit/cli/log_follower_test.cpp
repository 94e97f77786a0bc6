// Real files, no waiting: a test writes what a director would have written, then looks.
#include "cli/log_follower.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "core/engine/codec.hpp"
#include "tests/unit/matchers.hpp"

namespace director::cli {
namespace {

using ::testing::AllOf;
using testing::FailsWith;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;

namespace fs = std::filesystem;

std::string text_event(const std::string& text) {
  return R"({"type":"text","part":{"text":")" + text + "\"}}\n";
}

class Following : public ::testing::Test {
 protected:
  Following() {
    std::string pattern = (fs::temp_directory_path() / "director-logs-XXXXXX").string();
    state_ = fs::path(mkdtemp(pattern.data())) / ".director";
    fs::create_directories(state_ / "logs");
  }
  ~Following() override {
    std::error_code ignored;
    fs::remove_all(state_.parent_path(), ignored);
  }

  static void append(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
  }
  void transcript(const std::string& call, const std::string& bytes) {
    append(state_ / "logs" / (call + ".jsonl"), bytes);
  }
  void note(const run::Event& event) {
    ++sequence_;
    append(state_ / "journal.jsonl",
           engine::encode(event, {sequence_, 1'767'225'600'000 +
                                                 static_cast<std::int64_t>(sequence_) * 1500}) +
               "\n");
  }
  void reserve(const std::string& call, const std::string& role, const std::string& node) {
    note(run::Event(run::MoneyEvent(run::CallReserved{call, role, "p/m", NodeId(node), 0})));
  }
  void settle(const std::string& call, const std::string& role, const std::string& node) {
    note(run::Event(
        run::MoneyEvent(run::CallEnded{call, role, "p/m", NodeId(node), 10, 2, 1, 3, 0, 0.5})));
  }
  void judge(const std::string& node, run::AgentOutcome outcome, const std::string& why = "") {
    run::AgentEnded ended;
    ended.node = NodeId(node);
    ended.outcome = outcome;
    ended.why = why;
    note(run::Event(run::RunEvent(ended)));
  }

  LogFollower follow(LogSelection selection) {
    return LogFollower(
        state_, std::move(selection), [this] { return at_work_; },
        [this](std::string_view text) { printed_ += text; });
  }
  /// What one look prints.
  std::string look(LogFollower& follower, bool more) {
    printed_.clear();
    const Result<bool> stepped = follower.step();
    EXPECT_THAT(stepped, IsOk());
    EXPECT_EQ(stepped && *stepped, more);
    return printed_;
  }

  fs::path state_;
  bool at_work_ = false;
  std::string printed_;
  std::uint64_t sequence_ = 0;
};

TEST_F(Following, ShowsTheCallsOfANodeInOrder) {
  reserve("0001-explorer", "explorer", "");
  transcript("0001-explorer", text_event("not this one"));
  settle("0001-explorer", "explorer", "");
  reserve("0002-executor-a", "executor", "a");
  transcript("0002-executor-a", text_event("First try."));
  append(state_ / "logs" / "0002-executor-a.jsonl.stderr", "a warning\n");
  settle("0002-executor-a", "executor", "a");
  judge("a", run::AgentOutcome::Failed, "ran out\nof time");
  reserve("0003-escalation-a", "escalation", "a");
  transcript("0003-escalation-a", text_event("Second try."));
  settle("0003-escalation-a", "escalation", "a");
  judge("a", run::AgentOutcome::Ok);
  LogFollower follower = follow({.node = "a"});
  EXPECT_EQ(look(follower, false),
            "== 0002-executor-a: executor, p/m, 2026-01-01T00:00:04Z\n"
            "  First try.\n"
            "  stderr: a warning\n"
            "-- failed, 13 tokens in, 3 out, $0.5000, 1.5 s: ran out\\nof time\n"
            "\n"
            "== 0003-escalation-a: escalation, p/m, 2026-01-01T00:00:09Z\n"
            "  Second try.\n"
            "-- ok, 13 tokens in, 3 out, $0.5000, 1.5 s\n");
}

TEST_F(Following, PrintsLinesAsTheyArriveAndCallsAsTheyBegin) {
  at_work_ = true;
  LogFollower follower = follow({.node = "a"});
  EXPECT_EQ(look(follower, true), "") << "there is no journal yet";
  reserve("0001-executor-a", "executor", "a");
  EXPECT_EQ(look(follower, true), "") << "nor a transcript";
  const std::string line = text_event("One.");
  transcript("0001-executor-a", line.substr(0, 10));
  EXPECT_EQ(look(follower, true), "") << "nor a whole line";
  transcript("0001-executor-a", line.substr(10) + text_event("Two."));
  EXPECT_THAT(look(follower, true), AllOf(HasSubstr("== 0001"), HasSubstr("  One.\n  Two.\n")));
  EXPECT_EQ(look(follower, true), "");
  transcript("0001-executor-a", text_event("Three."));
  settle("0001-executor-a", "executor", "a");
  EXPECT_EQ(look(follower, true), "  Three.\n") << "its outcome is not known yet";
  judge("a", run::AgentOutcome::Ok);
  EXPECT_THAT(look(follower, true), HasSubstr("-- ok, "));

  reserve("0002-reviewer-a", "reviewer", "a");
  transcript("0002-reviewer-a", text_event("Looks fine."));
  EXPECT_THAT(look(follower, true), AllOf(HasSubstr("\n== 0002"), HasSubstr("Looks fine.")));
  // What a director writes between our question and its end is not missed.
  transcript("0002-reviewer-a", text_event("Last words."));
  at_work_ = false;
  EXPECT_THAT(look(follower, false), AllOf(HasSubstr("Last words."), HasSubstr("-- open")));
}

TEST_F(Following, CallsThatRunAtTheSameTimeAreToldApart) {
  at_work_ = true;
  LogFollower follower = follow({});
  reserve("0001-executor-a", "executor", "a");
  reserve("0002-executor-b", "executor", "b");
  transcript("0001-executor-a", text_event("A1"));
  transcript("0002-executor-b", text_event("B1"));
  (void)look(follower, true);
  transcript("0001-executor-a", text_event("A2"));
  EXPECT_EQ(look(follower, true),
            "\n== 0001-executor-a: executor, p/m, 2026-01-01T00:00:01Z\n  A2\n");
}

TEST_F(Following, ACallThatWasKilledIsShownAsFarAsItGot) {
  reserve("0001-executor-a", "executor", "a");
  transcript("0001-executor-a", text_event("Working") + R"({"type":"te)");
  settle("0001-executor-a", "executor", "a");  // by the next director
  note(run::Event(run::RunEvent(run::RunStarted{})));
  LogFollower follower = follow({.call = "0001-executor-a"});
  EXPECT_THAT(look(follower, false),
              AllOf(HasSubstr("  Working\n  ? {\"type\":\"te\n"), HasSubstr("-- cut off, ")));
}

TEST_F(Following, RawGivesTheBytesAndEscapesThemForATerminal) {
  const std::string bytes = "{\"x\":1}\n\x1b[31m\xff\n" + std::string(5'000'000, 'z') + "\n";
  reserve("0001-executor-a", "executor", "a");
  transcript("0001-executor-a", bytes);
  append(state_ / "logs" / "0001-executor-a.jsonl.stderr", "not this\n");
  settle("0001-executor-a", "executor", "a");
  LogFollower plain = follow({.call = "0001-executor-a", .raw = true});
  EXPECT_EQ(look(plain, false), bytes);
  LogFollower escaped = follow({.call = "0001-executor-a", .raw = true, .escape_raw = true});
  EXPECT_THAT(look(escaped, false), HasSubstr("\\x1b[31m\\xff\n"));
}

// Whoever can write into the folder of logs cannot hold us up or lead us elsewhere.
TEST_F(Following, OddFilesInTheirPlaceHaveNoLines) {
  for (const char* call : {"0001-executor-a", "0002-executor-a", "0003-executor-a"}) {
    reserve(call, "executor", "a");
    settle(call, "executor", "a");
    judge("a", run::AgentOutcome::Ok);
  }
  append(state_ / "secret", "secret words\n");
  fs::create_symlink(state_ / "secret", state_ / "logs" / "0001-executor-a.jsonl");
  ASSERT_EQ(mkfifo((state_ / "logs" / "0002-executor-a.jsonl").c_str(), 0600), 0);
  fs::create_directory(state_ / "logs" / "0003-executor-a.jsonl");
  LogFollower follower = follow({});
  EXPECT_THAT(look(follower, false), AllOf(HasSubstr("-- ok"), Not(HasSubstr("secret"))));
}

TEST_F(Following, ABrokenJournalIsAnError) {
  reserve("0001-executor-a", "executor", "a");
  append(state_ / "journal.jsonl", "garbage\n");
  LogFollower follower = follow({});
  EXPECT_THAT(follower.step(), FailsWith(Errc::Invalid, "cannot read the journal"));
}

TEST_F(Following, AReviewsVerdictIsItsOutcome) {
  const auto review = [&](const std::string& call, bool stage_two, run::Verdict verdict,
                          bool over_budget) {
    reserve(call, "reviewer", "a");
    settle(call, "reviewer", "a");
    run::Reviewed reviewed;
    reviewed.node = NodeId("a");
    reviewed.stage_two = stage_two;
    reviewed.verdict = verdict;
    reviewed.over_budget = over_budget;
    reviewed.summary = "said so";
    note(run::Event(run::RunEvent(reviewed)));
  };
  review("0001-reviewer-a", true, run::Verdict::Fail, false);
  review("0002-reviewer-a", true, run::Verdict::Error, true);
  review("0003-reviewer-a", true, run::Verdict::Pass, false);
  review("0004-reviewer-a", false, run::Verdict::Pass, false);
  LogFollower follower = follow({});
  EXPECT_THAT(look(follower, false),
              AllOf(HasSubstr("-- blocked it, "), HasSubstr("-- passed it, "),
                    HasSubstr("-- ended, "), Not(HasSubstr("-- unreadable"))));
}

TEST(CallTable, ListsCallsAndTotals) {
  CallBook book;
  std::uint64_t sequence = 0;
  const auto add = [&](const run::Event& event, std::int64_t ms) {
    book.apply({{++sequence, 1'000'000 + ms}, event});
  };
  add(run::Event(
          run::MoneyEvent(run::CallReserved{"0001-explorer", "explorer", "p/m", NodeId(), 0})),
      0);
  add(run::Event(run::MoneyEvent(
          run::CallEnded{"0001-explorer", "explorer", "p/m", NodeId(), 100, 20, 0, 0, 0, 0.25})),
      2500);
  add(run::Event(run::MoneyEvent(
          run::CallReserved{"0002-test_author-a", "test_author", "p/m", NodeId("a"), 0})),
      3000);
  add(run::Event(run::MoneyEvent(run::CallEnded{"0002-test_author-a", "test_author", "p/m",
                                                NodeId("a"), 1, 1, 0, 0, 0, 0.5})),
      4000);
  add(run::Event(run::PlanEvent(run::TestsRejected{NodeId("a"), "not red"})), 4001);
  add(run::Event(run::MoneyEvent(
          run::CallReserved{"0003-test_author-a", "test_author", "p/m", NodeId("a"), 0})),
      5000);
  add(run::Event(
          run::MoneyEvent(run::CallMetered{"0003-test_author-a", {1000, 2, 3, 4, 5, 0.125}})),
      5500);
  EXPECT_EQ(call_table(book.calls()),
            "call                role         model  outcome     in  out     cost   time\n"
            "0001-explorer       explorer     p/m    ended      100   20  $0.2500  2.5 s\n"
            "0002-test_author-a  test_author  p/m    rejected     1    1  $0.5000  1.0 s\n"
            "0003-test_author-a  test_author  p/m    open      1009    5  $0.1250      -\n"
            "3 calls                                           1110   26  $0.8750       \n");
}

}  // namespace
}  // namespace director::cli
