// Commands that are told more while they run.
#include <gtest/gtest.h>

#include "tests/contract/process/system.hpp"

namespace director::process_test {
namespace {

using ports::ExitKind;
using std::chrono::hours;
using std::chrono::milliseconds;

class Dialogue : public ProcessTest {
 protected:
  /// Answers each line of the script's stdout with what `answer` makes of the dialogue.
  Result<ports::Exit> talk(const std::string& script,
                           const std::function<void(const std::string&)>& answer) {
    ports::Command command = child("unused");
    command.argv = {"/bin/sh", "-c", script};
    command.dialogue = &dialogue;
    return launcher.run(command,
                        [&](const ports::OutputLine& line) {
                          lines.push_back({line.is_stderr, line.cut, std::string(line.text)});
                          if (!line.is_stderr) {
                            answer(std::string(line.text));
                          }
                          return true;
                        },
                        {});
  }

  ports::Dialogue dialogue;
};

TEST_F(Dialogue, AnswersReachTheCommandWhileItRuns) {
  const auto exit = talk("echo one; read a; echo \"two $a\"; read b; echo \"three $b\"; cat",
                         [this](const std::string& said) {
                           dialogue.unsent += "after " + said + "\n";
                           dialogue.over = said.starts_with("three");
                         });
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(exit->kind, ExitKind::Exited);
  EXPECT_EQ(texts(lines),
            (std::vector<std::string>{"one", "two after one", "three after two after one",
                                      "after three after two after one"}));
}

TEST_F(Dialogue, WhatIsSaidBeforehandArrivesBehindTheText) {
  ports::Command command = child("cat");
  command.stdin_text = "first ";
  dialogue.unsent = "second";
  dialogue.over = true;
  command.dialogue = &dialogue;
  ASSERT_TRUE(run(command));
  EXPECT_EQ(texts(lines), (std::vector<std::string>{"first second"}));
}

TEST_F(Dialogue, MoreThanAPipeHoldsArrivesWhole) {
  const std::string much(std::size_t{3} << 20U, 'x');
  const auto exit = talk("echo ready; wc -c", [&](const std::string& said) {
    if (said == "ready") {
      dialogue.unsent = much;
      dialogue.over = true;
    }
  });
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(texts(lines).back(), std::to_string(much.size()));
}

TEST_F(Dialogue, CommandThatDoesNotListenIsNotWaitedFor) {
  const auto exit = talk("exec 0<&-; echo deaf; echo still; exit 7",
                         [&](const std::string&) { dialogue.unsent += std::string(1 << 20, 'x'); });
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(exit->kind, ExitKind::Exited);
  EXPECT_EQ(exit->exit_code, 7);
}

TEST_F(Dialogue, ItsEndMovesAsTheTalkGoesOn) {
  dialogue.end_by = clock.now() + hours(1);
  const auto exit = talk("echo up; exec sleep 1000", [&](const std::string&) {
    dialogue.end_by = clock.now() + milliseconds(20);
  });
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(exit->kind, ExitKind::TimedOut);
  EXPECT_FALSE(has_children());
}

TEST_F(Dialogue, TheCommandsOwnDeadlineHoldsBesideIt) {
  ports::Command command = child("hang");
  command.dialogue = &dialogue;
  dialogue.end_by = clock.now() + hours(1);
  command.deadline = clock.now() + milliseconds(20);
  const auto exit = run(command);
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(exit->kind, ExitKind::TimedOut);
}

TEST_F(Dialogue, AnotherCommandMayRunWithinIt) {
  const auto exit =
      talk("echo ask; read answer; echo \"got $answer\"", [&](const std::string& said) {
        if (said != "ask") {
          return;
        }
        ports::Command inner = child("unused");
        inner.argv = {"/bin/sh", "-c", "echo inner"};
        std::string heard;
        const auto ended = launcher.run(inner,
                                        [&heard](const ports::OutputLine& line) {
                                          heard = line.text;
                                          return true;
                                        },
                                        {});
        dialogue.unsent = ended ? heard + "\n" : ended.error().message() + "\n";
      });
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(exit->kind, ExitKind::Exited);
  EXPECT_EQ(texts(lines).back(), "got inner");
}

}  // namespace
}  // namespace director::process_test
