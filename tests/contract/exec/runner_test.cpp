// Runners that are programs.
#include <cmath>

#include "director/fence.hpp"
#include "tests/contract/exec/support.hpp"
#include "tests/unit/matchers.hpp"

namespace director::exec_test {
namespace {

using director::testing::FailsWith;
using director::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Events as lines.
struct Events {
  std::vector<std::string> lines;
  director_agent_sink raw{sizeof(director_agent_sink), 0, this, &Events::take};

  static void take(void* context, const director_agent_event* event) {
    const std::string text(view(event->text));
    std::string line;
    switch (event->kind) {
      case DIRECTOR_AGENT_TEXT:
        line = "text " + text;
        break;
      case DIRECTOR_AGENT_TOOL:
        line = "tool " + std::string(view(event->tool_name)) + " " +
               std::string(view(event->tool_input)) + " " + std::string(view(event->tool_output)) +
               " " + std::to_string(event->tool_exit);
        break;
      case DIRECTOR_AGENT_USAGE:
        line = "usage " + std::to_string(event->input_tokens) + " " +
               std::to_string(event->output_tokens) + " " +
               std::to_string(event->reasoning_tokens) + " " +
               std::to_string(event->cache_read_tokens) + " " +
               std::to_string(event->cache_write_tokens) + " " +
               std::to_string(std::lround(event->cost_usd * 100));
        break;
      case DIRECTOR_AGENT_RETRY:
        line = "retry " + text + " " + std::to_string(event->retry_after_ms);
        break;
      case DIRECTOR_AGENT_FINISH:
        line = "finish " + text;
        break;
      default:
        line = "error " + std::to_string(event->failure) + " " + text + " " +
               std::to_string(event->retry_after_ms);
    }
    static_cast<Events*>(context)->lines.push_back(line);
  }
};

class ExecRunner : public ExecTest {
 protected:
  Status run(const std::string& script, const std::string& message = "do it") {
    const auto runner = plugin::exec::make_runner(making(plugin::Kind::Runner, script));
    const std::string where = workdir.string();
    run_request request;
    request.role = "executor";
    request.system_prompt = "You write code.";
    request.message = message;
    request.model = "p/m";
    request.workdir = where;
    request.may_edit = true;
    request.temperature = 0.5;
    request.stall_ms = stall_ms;
    return runner->run(request, agent_events(&events.raw), host(ports::Purpose::Agent));
  }

  Events events;
  std::int64_t stall_ms = 0;
};

TEST_F(ExecRunner, EventsArriveInOrderAndTheEndLast) {
  ASSERT_THAT(run(R"(read call
echo '{"type":"text","text":"thinking"}'
echo '{"type":"tool_call","name":"bash","input":{"command":"ls","n":[1,2.5,null,true]},"output":"a","exit_code":0}'
echo '{"type":"usage","input":10,"output":5,"reasoning":1,"cache_read":2,"cache_write":3,"cost_usd":0.25}'
echo '{"type":"usage","input":1,"output":1}'
echo '{"type":"retry","message":"busy","after_ms":100}'
echo '{"type":"finish","text":"done \"it\""}')"),
              IsOk());
  EXPECT_THAT(events.lines, ElementsAre("text thinking",
                                        R"(tool bash {"command":"ls","n":[1,2.5,null,true]} a 0)",
                                        "usage 10 5 1 2 3 25", "usage 1 1 0 0 0 -100",
                                        "retry busy 100", "finish done \"it\""));
}

TEST_F(ExecRunner, MessageOfAMegabyteArrivesWhole) {
  std::string message = "quotes ' \" `$(touch pwned)` and\nlines \xc3\xbc\n";
  while (message.size() < 1'000'000) {
    message += message;
  }
  const std::string script = R"(read -r call
printf '%s\n' "$call" | wc -c | tr -d ' \n' >size
case $call in *'"message":"quotes '"'"' \" `$(touch pwned)` and\nlines '*) touch whole;; esac
echo '{"type":"finish","text":"ok"}')";
  ASSERT_THAT(run("#!/bin/bash\necho '" + hello(plugin::Kind::Runner) + "'\n" + script, message),
              IsOk());
  EXPECT_TRUE(std::filesystem::exists(workdir / "whole"));
  EXPECT_FALSE(std::filesystem::exists(workdir / "pwned"));
}

TEST_F(ExecRunner, FailuresKeepTheirClass) {
  ASSERT_THAT(run(R"(read call
echo '{"type":"fail","failure":"rate_limit","message":"slow down","retry_after_ms":1500}')"),
              IsOk());
  EXPECT_THAT(events.lines, ElementsAre("error 2 plugin 'probed': slow down 1500"));
}

TEST_F(ExecRunner, DeadlineAndCancelEndTheCallAndNotTheRunner) {
  ASSERT_THAT(run(R"(read call; echo '{"type":"log","text":"leap"}'; exec sleep 1000)"), IsOk());
  ASSERT_EQ(events.lines.size(), 1U);
  EXPECT_THAT(events.lines[0], HasSubstr("error 7 plugin 'probed' gave no answer in time"));
  events.lines.clear();
  ASSERT_THAT(run(R"(read call; echo '{"type":"log","text":"cancel"}'; exec sleep 1000)"), IsOk());
  EXPECT_THAT(events.lines, ElementsAre("error 8 plugin 'probed' was cancelled 0"));
}

TEST_F(ExecRunner, SilenceIsTheRunnersFailure) {
  stall_ms = 1'800'000;
  EXPECT_THAT(run(R"(read call; echo '{"type":"log","text":"leap"}'; exec sleep 1000)"), IsOk())
      << "the deadline is nearer";
  limits.hello = std::chrono::hours(24);
  stall_ms = 30;
  EXPECT_THAT(run("#!/bin/sh\nexec sleep 1000\n"),
              FailsWith(Errc::External, "said nothing for 0 s and was ended"));
}

TEST_F(ExecRunner, FinishBeforeACrashIsNone) {
  EXPECT_THAT(run(R"(read call
echo '{"type":"usage","input":10,"output":5}'
echo '{"type":"finish","text":"done"}'
kill -SEGV $$)"),
              FailsWith(Errc::External, "crashed (signal 11)"));
  EXPECT_THAT(events.lines, ElementsAre("usage 10 5 0 0 0 -100")) << "what was spent, was spent";
}

TEST_F(ExecRunner, ImpossibleUsageIsItsBug) {
  for (const char* bad : {R"({"type":"usage","input":-1,"output":0})",
                          R"({"type":"usage","input":1,"output":0,"cost_usd":-0.5})",
                          R"({"type":"usage","input":1e300,"output":0})",
                          R"({"type":"usage","input":"1","output":0})"}) {
    events.lines.clear();
    EXPECT_THAT(run("read call\necho '" + std::string(bad) + "'\n" +
                    R"(echo '{"type":"finish","text":"done"}')"),
                FailsWith(Errc::Internal, "this is a bug of that plugin"))
        << bad;
    EXPECT_THAT(events.lines, ElementsAre()) << bad;
  }
}

TEST_F(ExecRunner, ProbeSaysWhatToolItIs) {
  const auto runner = plugin::exec::make_runner(making(plugin::Kind::Runner, R"(read -r call
case $call in *'"call":"probe"'*) echo '{"type":"tool","tool":"x","version":"2","models":["p/m"]}';; esac)"));
  const auto known = runner->probe(host(ports::Purpose::Agent));
  ASSERT_THAT(known, IsOk());
  EXPECT_EQ(*known, R"({"tool":"x","version":"2","models":["p/m"]})");
  const auto none =
      plugin::exec::make_runner(making(plugin::Kind::Runner,
                                       "read call\n"
                                       "echo '{\"type\":\"error\",\"code\":\"not_found\","
                                       "\"message\":\"x is not installed\"}'"));
  EXPECT_THAT(none->probe(host(ports::Purpose::Agent)),
              FailsWith(Errc::NotFound, "x is not installed"));
}

}  // namespace
}  // namespace director::exec_test
