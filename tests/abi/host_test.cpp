/// The host's services as a plugin sees them.
#include <gtest/gtest.h>

#include "core/plugin/transcript.hpp"
#include "director/fence.hpp"
#include "tests/abi/support.hpp"

namespace director::abi_test {
namespace {

using std::chrono::milliseconds;

class Host : public PluginTest {
 protected:
  [[nodiscard]] exec_request shell(const std::string& script) const {
    exec_request request;
    request.argv = {"sh", "-c", script};
    request.cwd = folder.string();
    return request;
  }
};

struct Collected {
  std::vector<std::string> texts;
  std::string ending;
  director_agent_sink raw{sizeof(director_agent_sink), 0, this, &Collected::take};

  static void take(void* context, const director_agent_event* event) {
    auto& self = *static_cast<Collected*>(context);
    if (event->kind == DIRECTOR_AGENT_TEXT) {
      self.texts.emplace_back(view(event->text));
    } else if (event->kind == DIRECTOR_AGENT_FINISH) {
      self.ending = view(event->text);
    }
  }
};

TEST_F(Host, ExecFromAPluginWithTranscript) {
  const auto runner = make("good-runner", &plugin::make_runner);
  ASSERT_TRUE(runner);
  ports::CallScope scope;
  scope.transcript = folder / "call.jsonl";
  const std::string workdir = folder.string();
  run_request request;
  request.message = "exec";
  request.workdir = workdir;
  Collected collected;
  ASSERT_TRUE((*runner)->run(request, agent_events(&collected.raw), host(scope)));
  std::sort(collected.texts.begin(), collected.texts.end());
  EXPECT_EQ(collected.texts, (std::vector<std::string>{"1:a", "1:b", "2:err"}));
  EXPECT_EQ(collected.ending, "exit 5");
  EXPECT_EQ(*files.read(scope.transcript), "a\nb\n");
  EXPECT_EQ(*files.read(folder / "call.jsonl.stderr"), "err\n");
}

TEST_F(Host, MissingProgramIsNotFoundOnTheOtherSideToo) {
  const auto runner = make("good-runner", &plugin::make_runner);
  ASSERT_TRUE(runner);
  run_request request;
  request.message = "missing";
  Collected collected;
  EXPECT_TRUE(fails_with((*runner)->run(request, agent_events(&collected.raw), host()),
                         Errc::NotFound, {"plugin 'good-runner'", "no-such-program-anywhere"}));
}

TEST_F(Host, OwnTimeoutAndTheCallsDeadlineBothHold) {
  exec_request request = shell("sleep 1000");
  request.timeout_ms = 30;
  EXPECT_EQ(host().exec(request, {})->outcome, exec_outcome::timed_out);
  ports::CallScope scope;
  scope.deadline = clock.now() + milliseconds(30);
  request.timeout_ms = 1'000'000;
  EXPECT_EQ(host(scope).exec(request, {})->outcome, exec_outcome::timed_out);
  request.timeout_ms = 0;
  EXPECT_EQ(host(scope).exec(request, {})->outcome, exec_outcome::timed_out);
  EXPECT_TRUE(host(scope).cancelled());
  EXPECT_EQ(host(scope).remaining_ms(), 0);
}

TEST_F(Host, CancelReachesThePluginAndItsCommands) {
  ports::CallScope scope;
  director::host& services = host(scope);
  EXPECT_FALSE(services.cancelled());
  EXPECT_EQ(services.remaining_ms(), -1);
  const auto result = services.exec(shell("echo up; sleep 1000"), [&](const exec_line&) {
    scope.cancel.cancel();
    return true;
  });
  ASSERT_TRUE(result);
  EXPECT_EQ(result->outcome, exec_outcome::cancelled);
  EXPECT_TRUE(services.cancelled());
}

TEST_F(Host, SinkThatThrowsOrSaysStopEndsTheCommand) {
  const auto stopped =
      host().exec(shell("echo up; sleep 1000"), [](const exec_line&) { return false; });
  EXPECT_EQ(stopped->outcome, exec_outcome::stopped);
  const auto threw =
      host().exec(shell("echo up; sleep 1000"), [](const exec_line&) -> bool { throw 1; });
  EXPECT_EQ(threw->outcome, exec_outcome::stopped);
}

TEST_F(Host, ShortStructsAndUnknownServicesAreRefused) {
  const director_host* raw = host().raw();
  EXPECT_EQ(raw->get_service(raw, "director.host.unknown/9"), nullptr);
  EXPECT_EQ(raw->get_service(raw, nullptr), nullptr);
  const auto* exec =
      static_cast<const director_exec_service*>(raw->get_service(raw, DIRECTOR_SERVICE_EXEC));
  ASSERT_NE(exec, nullptr);
  director_exec_request request{};
  director_exec_result result{sizeof(director_exec_result), 0, 0, 0, 0};
  for (const std::uint32_t size : {8U, 0xffff0000U}) {
    request.struct_size = size;
    ErrorBuffer error;
    EXPECT_EQ(exec->exec(raw, &request, nullptr, &result, error.raw()), DIRECTOR_INVALID);
    EXPECT_NE(error.text().find("wrong size"), std::string_view::npos);
  }
  EXPECT_EQ(exec->exec(raw, nullptr, nullptr, &result, nullptr), DIRECTOR_INVALID);
}

TEST_F(Host, LogCarriesTheLabelAndSurvivesStrangeLevels) {
  ports::CallScope scope;
  scope.label = "n1";
  const director_host* raw = host(scope).raw();
  const auto* service =
      static_cast<const director_log_service*>(raw->get_service(raw, DIRECTOR_SERVICE_LOG));
  service->log(raw, DIRECTOR_LOG_WARNING, borrow("careful"));
  service->log(raw, 99, director_string{nullptr, 7});
  EXPECT_EQ(log.lines, (std::vector<std::string>{"2 n1: careful", "3 n1: "}));
}

TEST_F(Host, TranscriptLeavesOutTheMiddleAndSaysHowMuch) {
  const auto path = folder / "t";
  {
    plugin::Transcript transcript(path, 16);
    for (const char* line : {"aaa", "bbb", "ccc", "ddd", "eee"}) {
      transcript.add(line);
    }
    ASSERT_TRUE(transcript.finish());
  }
  EXPECT_EQ(*files.read(path), "aaa\nbbb\nccc\n{\"director\":\"left out\",\"bytes\":4}\neee\n");
  plugin::Transcript nowhere("", 16);
  nowhere.add("x");
  EXPECT_TRUE(nowhere.finish());
  plugin::Transcript deep(folder / "logs/deep", 16);
  deep.add("x");
  EXPECT_TRUE(deep.finish());
  EXPECT_EQ(*files.read(folder / "logs/deep"), "x\n");
  plugin::Transcript impossible(path / "below a file", 16);
  impossible.add("x");
  EXPECT_TRUE(fails_with(impossible.finish(), Errc::Io, {"t/below a file"}));
}

}  // namespace
}  // namespace director::abi_test
