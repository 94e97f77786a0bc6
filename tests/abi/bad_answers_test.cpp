/// What a plugin answers wrongly is its bug, by name, and never a pass.
#include <gtest/gtest.h>

#include "director/fence.hpp"
#include "tests/abi/support.hpp"

namespace director::abi_test {
namespace {

class BadAnswers : public PluginTest {};

TEST_F(BadAnswers, GateNeverPasses) {
  const auto made = make("bad-gate", &plugin::make_gate);
  ASSERT_TRUE(made) << made.error().message();
  const std::vector<std::pair<std::string, std::string>> faults{
      {"throws int", "threw an exception at the host"},
      {"throws exception", "threw an exception at the host"},
      {"silent failure", "failed with status 7 and did not say why"},
      {"failure after a pass", "changed my mind"},
      {"unknown status", "ninety-nine (status 99, which the ABI does not have)"},
      {"negative status", "minus one (status -1"},
      {"error text beyond its buffer", "bad-gate"},
      {"two verdicts", "gave two verdicts"},
      {"no verdict", "gave no verdict"},
      {"unknown verdict", "verdict that the ABI does not have"},
      {"zero verdict", "verdict that the ABI does not have"},
      {"short verdict", "verdict of a wrong size"},
      {"absurd verdict", "verdict of a wrong size"},
      {"null verdict", "verdict of a wrong size"},
      {"null string", "string without bytes"}};
  for (const auto& [fault, says] : faults) {
    gate_request request;
    request.command = fault;
    const verdict said = (*made)->check(request, host());
    EXPECT_EQ(said.outcome, DIRECTOR_GATE_ERROR) << fault;
    EXPECT_NE(said.summary.find("plugin 'bad-gate'"), std::string::npos) << said.summary;
    EXPECT_NE(said.summary.find(says), std::string::npos) << fault << ": " << said.summary;
  }
  gate_request request;
  request.command = "good";
  EXPECT_EQ((*made)->check(request, host()).outcome, DIRECTOR_GATE_PASS);
}

struct Heard {
  int endings = 0;
  std::int64_t tokens = 0;
  std::int64_t output = 0;
  director_agent_sink raw{sizeof(director_agent_sink), 0, this, &Heard::take};

  static void take(void* context, const director_agent_event* event) {
    auto& self = *static_cast<Heard*>(context);
    self.endings +=
        event->kind == DIRECTOR_AGENT_FINISH || event->kind == DIRECTOR_AGENT_ERROR ? 1 : 0;
    self.tokens += std::max<std::int64_t>(event->input_tokens, 0);
    self.output += event->output_tokens;
  }
};

TEST_F(BadAnswers, RunnerNeverFinishesButItsMoneyCounts) {
  const auto made = make("bad-runner", &plugin::make_runner);
  ASSERT_TRUE(made) << made.error().message();
  const std::vector<std::pair<std::string, std::string>> faults{
      {"no ending", "without a finish or error event"},
      {"two endings", "after the one that ends the call"},
      {"text after the ending", "after the one that ends the call"},
      {"unknown event", "event of a kind that the ABI does not have"},
      {"unknown failure", "error of a kind that the ABI does not have"},
      {"negative tokens", "negative count"},
      {"cost that is no number", "no finite cost"},
      {"usage with a null string", "string without bytes"},
      {"usage after the ending", "after the one that ends the call"},
      {"null event", "event of a wrong size"},
      {"null string", "string without bytes"}};
  for (const auto& [fault, says] : faults) {
    run_request request;
    request.message = fault;
    Heard heard;
    EXPECT_TRUE(fails_with((*made)->run(request, agent_events(&heard.raw), host()), Errc::Internal,
                           {"plugin 'bad-runner'", says, "bug of that plugin"}))
        << fault;
    EXPECT_EQ(heard.endings, 0) << fault;
    EXPECT_EQ(heard.tokens, 10) << fault;
    const bool has_more = fault == "negative tokens" || fault == "cost that is no number" ||
                          fault.starts_with("usage");
    EXPECT_EQ(heard.output, has_more ? 7 : 0) << fault;
  }
  run_request request;
  request.message = "failure after the ending";
  Heard heard;
  EXPECT_TRUE(fails_with((*made)->run(request, agent_events(&heard.raw), host()), Errc::External,
                         {"tool crashed"}));
  EXPECT_EQ(heard.endings, 0);
  EXPECT_TRUE(fails_with((*made)->probe(host()), Errc::Internal, {"sent no answer"}));
}

TEST_F(BadAnswers, ReviewerNeverPasses) {
  const auto made = make("bad-others", &plugin::make_reviewer);
  ASSERT_TRUE(made) << made.error().message();
  for (const auto& [fault, says] : std::vector<std::pair<std::string, std::string>>{
           {"no summary", "sent no summary"},
           {"two summaries", "sent two summaries"},
           {"unknown severity", "severity that the ABI does not have"},
           {"finding after the summary", "finding after its summary"}}) {
    review_request request;
    request.node = fault;
    EXPECT_TRUE(fails_with((*made)->examine(request, host()), Errc::Internal,
                           {"plugin 'bad-others'", says}));
  }
}

TEST_F(BadAnswers, VcsIsNotBelieved) {
  const auto made = make("bad-others", &plugin::make_vcs);
  ASSERT_TRUE(made) << made.error().message();
  vcs& backend = **made;
  EXPECT_TRUE(fails_with(backend.resolve("none"), Errc::Internal, {"to 0 commits"}));
  EXPECT_TRUE(fails_with(backend.resolve("twice"), Errc::Internal, {"to 2 commits"}));
  EXPECT_TRUE(fails_with(backend.resolve("no tree"), Errc::Internal, {"without its oid or tree"}));
  for (const char* fault : {"both", "neither", "no tree", "untouched"}) {
    EXPECT_TRUE(fails_with(backend.merge(fault, "", ""), Errc::Internal, {"merged to neither"}))
        << fault;
  }
  for (const char* fault : {"kind", "type", "path"}) {
    EXPECT_TRUE(fails_with(backend.changes(fault, ""), Errc::Internal, {"sent a change"}));
  }
  EXPECT_TRUE(fails_with(backend.commit("", "", ""), Errc::Internal, {"sent no commit"}));
  EXPECT_TRUE(fails_with(backend.user_checkout(), Errc::Internal, {"other than 0 and 1"}));
  EXPECT_TRUE(fails_with(backend.diff("", ""), Errc::Internal, {"lacks a function"}));
}

TEST_F(BadAnswers, SinkAndLauncher) {
  const auto sink = make("bad-others", &plugin::make_sink);
  ASSERT_TRUE(sink);
  EXPECT_TRUE(fails_with((*sink)->emit({}, host()), Errc::Internal, {"did not say why"}));
  EXPECT_TRUE(fails_with((*sink)->flush(host()), Errc::Internal, {"lacks a function"}));
  const auto preparer = make("bad-others", &plugin::make_launcher);
  ASSERT_TRUE(preparer);
  launch_request request;
  EXPECT_TRUE(
      fails_with((*preparer)->prepare(request, host()), Errc::Internal, {"without a program"}));
  request.cwd = "/variable";
  EXPECT_TRUE(
      fails_with((*preparer)->prepare(request, host()), Errc::Internal, {"not NAME=value"}));
}

}  // namespace
}  // namespace director::abi_test
