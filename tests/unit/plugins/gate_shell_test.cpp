#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "bounded_output.hpp"
#include "fakes/fake_host.hpp"
#include "shell_gate.hpp"
#include "unit/matchers.hpp"

namespace gate_shell {
namespace {

using director::exec_outcome;
using director::testing::FailsWith;
using director::testing::FakeHost;
using director::testing::ScriptedCommand;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

director::gate_request request_for(std::string_view command) {
  director::gate_request request;
  request.name = "tests";
  request.command = command;
  request.workdir = "/slot";
  request.node = "n1";
  return request;
}

director::verdict check(FakeHost& fake, std::string_view command) {
  director::host services = fake.services();
  return ShellGate("/bin/sh", 4096).check(request_for(command), services);
}

TEST(ShellGate, RunsTheCommandInTheCheckout) {
  FakeHost fake;
  fake.commands.push_back({{{"ok"}}, {}, DIRECTOR_OK, {}});
  const director::verdict said = check(fake, "make test && echo \"$X\"");
  EXPECT_EQ(said.outcome, DIRECTOR_GATE_PASS);
  EXPECT_EQ(said.exit_code, 0);
  EXPECT_EQ(said.detail, "ok\n");
  ASSERT_EQ(fake.executed.size(), 1u);
  EXPECT_THAT(fake.executed[0].argv, ElementsAre("/bin/sh", "-c", "make test && echo \"$X\""));
  EXPECT_EQ(fake.executed[0].cwd, "/slot");
  EXPECT_EQ(fake.executed[0].stdin_text, "");
}

struct Ending {
  director::exec_result end;
  director_gate_outcome outcome;
  int exit_code;
  std::string summary;
};

class ShellGateEndings : public ::testing::TestWithParam<Ending> {};

TEST_P(ShellGateEndings, AreJudged) {
  const Ending& ending = GetParam();
  FakeHost fake;
  fake.commands.push_back({{{"said"}}, ending.end, DIRECTOR_OK, {}});
  const director::verdict said = check(fake, "t");
  EXPECT_EQ(said.outcome, ending.outcome);
  EXPECT_EQ(said.exit_code, ending.exit_code);
  EXPECT_THAT(said.summary, HasSubstr(ending.summary));
  EXPECT_EQ(said.detail, "said\n");
}

INSTANTIATE_TEST_SUITE_P(
    All, ShellGateEndings,
    ::testing::Values(
        Ending{{exec_outcome::exited, 0, 0, 0}, DIRECTOR_GATE_PASS, 0, "exit status 0"},
        Ending{{exec_outcome::exited, 1, 0, 0}, DIRECTOR_GATE_FAIL, 1, "exit status 1"},
        Ending{{exec_outcome::exited, 255, 0, 0}, DIRECTOR_GATE_FAIL, 255, "exit status 255"},
        Ending{{exec_outcome::exited, 126, 0, 0}, DIRECTOR_GATE_ERROR, 126, "command not found"},
        Ending{{exec_outcome::exited, 127, 0, 0}, DIRECTOR_GATE_ERROR, 127, "command not found"},
        Ending{{exec_outcome::signaled, 0, 9, 0}, DIRECTOR_GATE_FAIL, -1, "killed by signal 9"},
        Ending{
            {exec_outcome::timed_out, 0, 0, 7000}, DIRECTOR_GATE_FAIL, -1, "timed out after 7 s"},
        Ending{{exec_outcome::stalled, 0, 0, 0}, DIRECTOR_GATE_FAIL, -1, "no output"},
        Ending{{exec_outcome::cancelled, 0, 0, 0}, DIRECTOR_GATE_ERROR, -1, "cancelled"},
        Ending{{exec_outcome::stopped, 0, 0, 0}, DIRECTOR_GATE_ERROR, -1, "could not be taken"}));

TEST(ShellGate, EmptyCommandIsAnErrorAndRunsNothing) {
  for (const std::string_view command : {"", "  \n\t "}) {
    FakeHost fake;
    EXPECT_EQ(check(fake, command).outcome, DIRECTOR_GATE_ERROR);
    EXPECT_TRUE(fake.executed.empty());
  }
}

TEST(ShellGate, ShellThatCannotStartIsAnError) {
  FakeHost fake;
  fake.commands.push_back({{}, {}, DIRECTOR_NOT_FOUND, "no such program"});
  const director::verdict said = check(fake, "true");
  EXPECT_EQ(said.outcome, DIRECTOR_GATE_ERROR);
  EXPECT_THAT(said.summary, HasSubstr("cannot run '/bin/sh': no such program"));
}

TEST(ShellGate, ConfigurationIsRead) {
  FakeHost fake;
  director::host services = fake.services();
  director::instance_info info;
  info.config_json = R"({"shell": "/bin/dash", "output_bytes": 2048})";
  auto gate = ShellGate::create(info, services);
  ASSERT_THAT(gate, director::testing::IsOk());
  fake.commands.push_back({});
  (void)(*gate)->check(request_for("x"), services);
  EXPECT_EQ(fake.executed.at(0).argv.at(0), "/bin/dash");
  info.config_json = R"({"output_bytes": -1})";
  EXPECT_THAT(ShellGate::create(info, services),
              FailsWith(director::Errc::Invalid, "output_bytes"));
}

TEST(BoundedOutput, KeepsBothEndsAndSaysWhatIsMissing) {
  BoundedOutput output(100);
  output.add_line("first");
  for (int i = 0; i < 10000; ++i) {
    output.add_line("0123456789");
  }
  output.add_line("last");
  const std::string text = output.text();
  EXPECT_TRUE(text.starts_with("first\n0123"));
  EXPECT_TRUE(text.ends_with("0123456789\nlast\n"));
  const std::size_t total = 6 + 10000 * 11 + 5;
  EXPECT_THAT(text, HasSubstr("[... " + std::to_string(total - 100) +
                              " bytes of output are missing here ...]"));
  EXPECT_LT(text.size(), 200u);
}

TEST(BoundedOutput, KeepsEverythingThatFits) {
  for (std::size_t size = 0; size <= 99; ++size) {
    BoundedOutput output(100);
    output.add_line(std::string(size, 'x'));
    EXPECT_EQ(output.text(), std::string(size, 'x') + "\n");
  }
}

TEST(BoundedOutput, OneLongLineIsBoundedToo) {
  BoundedOutput output(100);
  output.add_line(std::string(1'000'000, 'x') + "end");
  EXPECT_LT(output.text().size(), 200u);
  EXPECT_TRUE(output.text().ends_with("end\n"));
}

TEST(BoundedOutput, ReplacesWhatIsNoUtf8) {
  BoundedOutput output(100);
  output.add_line("a\xFF\xC3", true);
  output.add_line("\xC3\xA9\xED\xA0\x80");
  EXPECT_EQ(output.text(),
            "a\xEF\xBF\xBD\xEF\xBF\xBD [... end of line missing]\n\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD"
            "\xEF\xBF\xBD\n");
}

}  // namespace
}  // namespace gate_shell
