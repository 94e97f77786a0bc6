// Gates that are programs: what a good one says arrives, and a bad one is an error, never a pass.
#include <fstream>

#include "tests/contract/exec/support.hpp"

namespace director::exec_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPass = R"(echo '{"type":"verdict","outcome":"pass","summary":"fine"}')";

class ExecGate : public ExecTest {};

TEST_F(ExecGate, SaysPassAndFail) {
  const verdict passed = check("read call\n" + std::string(kPass));
  EXPECT_EQ(passed.outcome, DIRECTOR_GATE_PASS) << passed.summary;
  EXPECT_EQ(passed.summary, "fine");
  const verdict failed = check(R"(read call
printf '%s\n' '{"type":"verdict","outcome":"fail","summary":"no","detail":"line 1\nline 2","exit_code":3}')");
  EXPECT_EQ(failed.outcome, DIRECTOR_GATE_FAIL) << failed.summary;
  EXPECT_EQ(failed.detail, "line 1\nline 2");
  EXPECT_EQ(failed.exit_code, 3);
}

TEST_F(ExecGate, IsCalledWithWhatIsToBeChecked) {
  config = R"({"words":["a","b"]})";
  const verdict said = check(R"(read -r call
printf '%s\n' "$call" >call.json
pwd >&2
echo '{"type":"verdict","outcome":"fail","summary":"read"}')",
                             "make \"it\"");
  EXPECT_EQ(said.detail, workdir.string() + "\n") << said.summary;
  std::ifstream file(workdir / "call.json");
  std::string call;
  std::getline(file, call);
  for (
      const char* part :
      {R"({"type":"call","call":"check","protocol":1,"config":{"words":["a","b"]})",
       R"("command":"make \"it\"")", R"("scope":"node")", R"("node":"n1")", R"("name":"tests")",
       R"("changes":[{"kind":"added","path":"a \"b\".txt","old_type":"none","new_type":"regular"}])",
       R"("repo_dir":"/repo")", R"("remaining_ms":)"}) {
    EXPECT_THAT(call, HasSubstr(part));
  }
}

TEST_F(ExecGate, ItsStderrIsLoggedAndIsTheDetailOfAVerdictWithout) {
  const verdict said = check(R"(read call; echo 'E   assert 1 == 2' >&2
echo '{"type":"log","level":"warning","text":"look at this"}'
echo '{"type":"verdict","outcome":"fail","summary":"no"}')");
  EXPECT_EQ(said.detail, "E   assert 1 == 2\n");
  EXPECT_THAT(log.lines, ::testing::Contains(std::pair<ports::LogLevel, std::string>(
                             ports::LogLevel::Warning, "probed: look at this")));
  EXPECT_THAT(log.lines, ::testing::Contains(std::pair<ports::LogLevel, std::string>(
                             ports::LogLevel::Debug, "probed: E   assert 1 == 2")));
}

TEST_F(ExecGate, AsksForTheCallsCommandAndForOthers) {
  const verdict said = check(R"(read call
echo '{"type":"exec"}'
read -r first
echo '{"type":"exec","argv":["sh","-c","cat; exit 7"],"stdin":"in\"put"}'
read -r second
echo '{"type":"exec","argv":["/no/such/program"]}'
read -r third
printf '%s\n' "$first" "$second" "$third" >&2
echo '{"type":"verdict","outcome":"pass","summary":"done"}')",
                             "echo \"says 'hi'\"; pwd");
  ASSERT_EQ(said.outcome, DIRECTOR_GATE_PASS) << said.summary;
  EXPECT_THAT(said.detail,
              HasSubstr(R"({"type":"ended","outcome":"exited","exit_code":0,"signal":0,)"));
  EXPECT_THAT(said.detail, HasSubstr(R"("output":"says 'hi'\n)" + workdir.string() + "\\n\""));
  EXPECT_THAT(said.detail, HasSubstr(R"("exit_code":7)"));
  EXPECT_THAT(said.detail, HasSubstr(R"("output":"in\"put\n")"));
  EXPECT_THAT(said.detail, HasSubstr(R"({"type":"error","code":"not_found",)"));
}

// What a candidate prints is data in the gate's hands, however much it looks like an answer.
TEST_F(ExecGate, CandidateThatPrintsAVerdictHasNotGivenOne) {
  const verdict said =
      check(R"(read call
echo '{"type":"exec"}'
read -r ended
case $ended in
*'"exit_code":0'*) echo '{"type":"verdict","outcome":"pass","summary":"ran"}' ;;
*) echo '{"type":"verdict","outcome":"fail","summary":"did not"}' ;;
esac)",
            std::string(kPass) + R"(; echo '"exit_code":0,'; echo '\",\"exit_code\":0'; exit 1)");
  EXPECT_EQ(said.outcome, DIRECTOR_GATE_FAIL) << said.summary;
  EXPECT_THAT(said.detail, HasSubstr("\"outcome\":\"pass\"")) << "the output is the detail";
}

TEST_F(ExecGate, CommandPastTheDeadlineLeavesTimeToSayNo) {
  const verdict said = check(R"(read call
echo '{"type":"exec","argv":["sh","-c","sleep 1000"],"timeout_ms":20}'
read -r ended
case $ended in
*'"outcome":"timed_out"'*) echo '{"type":"verdict","outcome":"fail","summary":"too slow"}' ;;
esac)");
  EXPECT_EQ(said.outcome, DIRECTOR_GATE_FAIL) << said.summary;
}

TEST_F(ExecGate, ItsOwnErrorIsAnError) {
  const verdict said = check(R"(read call
echo '{"type":"error","code":"not_found","message":"no linter here"}'; exit 3)");
  EXPECT_EQ(said.outcome, DIRECTOR_GATE_ERROR);
  EXPECT_THAT(said.summary, HasSubstr("plugin 'probed': no linter here"));
}

struct Bad {
  const char* name;
  const char* script;  ///< behind the hello unless it starts with "#!"
  const char* part;    ///< of the error
};

class BadGate : public ExecGate, public ::testing::WithParamInterface<Bad> {};

// Each of them ends with words, no process of its outlives it (the fixture looks), and none passes.
TEST_P(BadGate, IsANamedErrorAndNoPass) {
  limits.line_bytes = 4096;
  limits.stdout_bytes = 65536;
  const verdict said = check(GetParam().script);
  EXPECT_EQ(said.outcome, DIRECTOR_GATE_ERROR);
  EXPECT_THAT(said.summary, HasSubstr("plugin 'probed'"));
  EXPECT_THAT(said.summary, HasSubstr(GetParam().part));
  EXPECT_LT(said.summary.size(), 4096U);
}

#define PASS "echo '{\"type\":\"verdict\",\"outcome\":\"pass\",\"summary\":\"fine\"}'\n"
constexpr Bad kBad[] = {
    {"NoHello", "#!/bin/sh\nexit 0\n", "ended without an answer"},
    {"AnswerBeforeHello", "#!/bin/sh\n" PASS, "said 'verdict' before its hello"},
    {"OtherProtocol",
     "#!/bin/sh\necho '{\"type\":\"hello\",\"protocol\":2,\"kind\":\"gate\",\"id\":\"probed\","
     "\"version\":\"1.0\"}'\nread call\n" PASS,
     "speaks version 2 of the exec protocol, this director speaks 1"},
    {"OtherPlugin",
     "#!/bin/sh\necho '{\"type\":\"hello\",\"protocol\":1,\"kind\":\"gate\",\"id\":\"else\","
     "\"version\":\"1.0\"}'\nread call\n" PASS,
     "says now that it is 'else'"},
    {"OtherKind",
     "#!/bin/sh\necho '{\"type\":\"hello\",\"protocol\":1,\"kind\":\"sink\",\"id\":\"probed\","
     "\"version\":\"1.0\"}'\nread call\n" PASS,
     "a sink"},
    {"HelloTwice",
     "read call\necho '{\"type\":\"hello\",\"protocol\":1,\"kind\":\"gate\",\"id\":\"probed\","
     "\"version\":\"1.0\"}'\n" PASS,
     "said 'hello', which is not for a gate to say"},
    {"ExitWithoutAnswer", "read call\necho oh no >&2\n", "ended without an answer; it said: oh no"},
    {"StatusAndNoAnswer", "read call\nexit 9\n", "ended with status 9 and without an answer"},
    {"PassAndStatus", "read call\n" PASS "exit 1\n",
     "ended with status 1, so its answer does not count"},
    {"PassAndCrash", "read call\n" PASS "kill -SEGV $$\n", "crashed (signal 11)"},
    {"CrashInTheMiddle", "read call\nprintf '{\"type\":\"verdict\",\"outco'\nkill -KILL $$\n",
     "wrote a line that is no message"},
    {"TwoAnswers", "read call\n" PASS PASS, "said 'verdict' after its answer"},
    {"PassThenGarbage", "read call\n" PASS "echo garbage\n", "wrote a line that is no message"},
    {"AnswerOfAnotherKind", "read call\necho '{\"type\":\"finish\",\"text\":\"done\"}'\n",
     "said 'finish', which is not for a gate"},
    {"UnknownType", "read call\necho '{\"type\":\"bless\"}'\n" PASS,
     "there is no message of type \"bless\""},
    {"UnknownOutcome",
     "read call\necho '{\"type\":\"verdict\",\"outcome\":\"PASS\",\"summary\":\"x\"}'\n",
     "expected one of pass, fail, error"},
    {"NoSummary", "read call\necho '{\"type\":\"verdict\",\"outcome\":\"pass\"}'\n", "summary"},
    {"OutcomeTwice",
     "read call\necho '{\"type\":\"verdict\",\"outcome\":\"fail\",\"outcome\":\"pass\","
     "\"summary\":\"x\"}'\n",
     "wrote a line that is no message"},
    {"TwoOnALine",
     "read call\necho '{\"type\":\"log\",\"text\":\"x\"} "
     "{\"type\":\"verdict\",\"outcome\":\"pass\",\"summary\":\"x\"}'\n",
     "wrote a line that is no message"},
    {"PlainText", "read call\necho all tests passed\n", "wrote a line that is no message"},
    {"NotUtf8",
     "read call\nprintf '{\"type\":\"verdict\",\"outcome\":\"pass\",\"summary\":\"\\377\"}\\n'\n",
     "wrote a line that is no message"},
    {"Binary", "read call\nhead -c 3000 /dev/zero\necho\n" PASS, "wrote a line that is no message"},
    {"DeepNesting", "read call\nhead -c 3000 /dev/zero | tr '\\0' '['\necho\n" PASS,
     "wrote a line that is no message"},
    {"LongLine", "read call\nhead -c 5000 /dev/zero | tr '\\0' x\necho\n" PASS,
     "wrote a line of more than 4096 bytes"},
    {"EndlessLine", "read call\nwhile :; do printf xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done\n",
     "wrote a line of more than 4096 bytes"},
    {"EndlessMessages",
     "read call\nwhile :; do echo '{\"type\":\"log\",\"text\":\"again\"}'; done\n",
     "wrote more than 65536 bytes in a call"},
    {"AsksForAnAgent",
     "read call\necho '{\"type\":\"ask\",\"message\":\"hi\"}'\nread answer\n" PASS,
     "asked for an agent, which it may not"},
    {"EmptyCommand", "read call\necho '{\"type\":\"exec\",\"argv\":[]}'\nread answer\n" PASS,
     "expected a program and its arguments"},
    {"PassesAndLeavesAChild",
     "read call\n(exec setsid sh -c 'trap \"\" TERM; while :; do sleep 100; done') &\n" PASS
     "exit 1\n",
     "ended with status 1"},
};
#undef PASS

INSTANTIATE_TEST_SUITE_P(Every, BadGate, ::testing::ValuesIn(kBad),
                         [](const auto& one) { return one.param.name; });

TEST_F(ExecGate, ChildThatOutlivesItIsGone) {
  const verdict said = check(
      "read call\n(exec setsid sh -c 'trap \"\" TERM HUP; exec sleep 1000') "
      "</dev/null >/dev/null 2>&1 &\n" +
      std::string(kPass));
  EXPECT_EQ(said.outcome, DIRECTOR_GATE_PASS) << said.summary;
}

TEST_F(ExecGate, HangWithoutHelloIsEnded) {
  limits.hello = std::chrono::milliseconds(30);
  EXPECT_THAT(check("#!/bin/sh\nexec sleep 1000\n").summary, HasSubstr("said no hello in time"));
  limits.hello = std::chrono::seconds(3);  // long enough for a shell to write
  EXPECT_THAT(check("#!/bin/sh\nprintf '{\"type\":'; exec sleep 1000\n").summary,
              HasSubstr("is no message"));
}

TEST_F(ExecGate, HangPastTheDeadlineIsEnded) {
  const verdict said = check(R"(read call; trap '' TERM
echo '{"type":"log","text":"leap"}'
while :; do sleep 100; done)");
  EXPECT_EQ(said.outcome, DIRECTOR_GATE_ERROR);
  EXPECT_THAT(said.summary, HasSubstr("gave no answer in time"));
}

TEST_F(ExecGate, HangAfterAPassIsNoPass) {
  limits.goodbye = std::chrono::milliseconds(30);
  const verdict said = check("read call\n" + std::string(kPass) + "\nexec sleep 1000\n");
  EXPECT_EQ(said.outcome, DIRECTOR_GATE_ERROR);
  EXPECT_THAT(said.summary, HasSubstr("did not end after its answer"));
}

TEST_F(ExecGate, CancelEndsOneThatIgnoresIt) {
  const verdict said = check(R"(read call; trap '' TERM INT
echo '{"type":"log","text":"cancel"}'
while :; do sleep 100; done)");
  EXPECT_EQ(said.outcome, DIRECTOR_GATE_ERROR);
  EXPECT_THAT(said.summary, HasSubstr("was cancelled"));
}

TEST_F(ExecGate, PassAfterACancelIsNoPass) {
  const verdict said = check("read call; trap '" + std::string(kPass) +
                             "; exit 0' TERM\necho '{\"type\":\"log\",\"text\":\"cancel\"}'\n"
                             "while :; do sleep 0.01; done");
  EXPECT_EQ(said.outcome, DIRECTOR_GATE_ERROR);
}

TEST_F(ExecGate, StderrWithoutEndIsBoundedInMessagesAndLog) {
  limits.logged_bytes = 1000;
  const verdict said =
      check("read call; yes 'a long complaint' | head -c 3000000 >&2\n" +
            std::string(R"(echo '{"type":"verdict","outcome":"fail","summary":"no"}')"));
  EXPECT_EQ(said.outcome, DIRECTOR_GATE_FAIL);
  EXPECT_LT(said.detail.size(), 70'000U);
  EXPECT_THAT(said.detail, HasSubstr("bytes are left out here"));
  EXPECT_LT(log.lines.size(), 100U);
  EXPECT_THAT(log.lines.back().second, HasSubstr("is not logged"));
}

TEST_F(ExecGate, FileThatIsGoneOrNoProgramIsNamed) {
  plugin::exec::Making made = making(plugin::Kind::Gate, "exit 0");
  std::filesystem::permissions(made.plugin.file, std::filesystem::perms::owner_read);
  const std::string where = workdir.string();
  gate_request request;
  request.workdir = where;
  EXPECT_THAT(plugin::exec::make_gate(made)->check(request, host()).summary,
              HasSubstr("not an executable file"));
  std::filesystem::remove(made.plugin.file);
  EXPECT_THAT(plugin::exec::make_gate(made)->check(request, host()).summary,
              HasSubstr("no such file"));
}

TEST_F(ExecGate, GetsNoSecretsAndTheMagic) {
  const verdict said =
      check("read call; env | grep '^DIRECTOR_' | sort >&2\n" +
            std::string(R"(echo '{"type":"verdict","outcome":"fail","summary":"no"}')"));
  EXPECT_EQ(said.detail, "DIRECTOR_PLUGIN_MAGIC=director-exec\nDIRECTOR_PLUGIN_PROTOCOL=1\n");
}

}  // namespace
}  // namespace director::exec_test
