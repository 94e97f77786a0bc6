/// Every kind, from port through adapter, table and trampoline to a plugin and back.
#include <gtest/gtest.h>

#include "core/plugin/instance_pool.hpp"
#include "core/plugin/prepared_launcher.hpp"
#include "director/fence.hpp"
#include "tests/abi/support.hpp"

namespace director::abi_test {
namespace {

class RoundTrip : public PluginTest {};

TEST_F(RoundTrip, Gate) {
  const auto gate = make("good-gate", &plugin::make_gate);
  ASSERT_TRUE(gate) << gate.error().message();
  gate_request request{gate_scope::node, "tests", "make", "/w", "n1", {}};
  request.changes = {{change_kind::added, "a b", file_type::none, file_type::executable},
                     {change_kind::deleted, "c", file_type::symlink, file_type::none}};
  ports::CallScope scope;
  scope.label = "n1";
  const verdict failed = (*gate)->check(request, host(scope));
  EXPECT_EQ(failed.outcome, DIRECTOR_GATE_FAIL);
  EXPECT_EQ(failed.summary, "no");
  EXPECT_EQ(failed.exit_code, 3);
  EXPECT_EQ(failed.detail, "tests|make|/w|n1|{\"word\":1}|/repo|a b:102|c:330");
  EXPECT_EQ(log.lines, std::vector<std::string>{"1 n1: checking"});
  request.scope = gate_scope::integration;
  EXPECT_EQ((*gate)->check(request, host()).outcome, DIRECTOR_GATE_PASS);
  request.command = "throw";
  const verdict threw = (*gate)->check(request, host());
  EXPECT_EQ(threw.outcome, DIRECTOR_GATE_ERROR);
  EXPECT_NE(threw.summary.find("plugin 'good-gate'"), std::string::npos) << threw.summary;
}

TEST_F(RoundTrip, GateWrittenInC) {
  const auto gate = make("good-c", &plugin::make_gate);
  ASSERT_TRUE(gate) << gate.error().message();
  gate_request request;
  request.command = "true";
  EXPECT_EQ((*gate)->check(request, host()).outcome, DIRECTOR_GATE_PASS);
  request.command = "false";
  const verdict said = (*gate)->check(request, host());
  EXPECT_EQ(said.outcome, DIRECTOR_GATE_FAIL);
  EXPECT_EQ(said.summary, "from C");
}

/// Writes down the events of a runner.
struct Heard {
  std::vector<std::string> all;
  director_agent_sink raw{sizeof(director_agent_sink), 0, this, &Heard::take};

  static void take(void* context, const director_agent_event* event) {
    std::string text = std::to_string(event->kind) + ":" + std::string(view(event->text));
    if (event->kind == DIRECTOR_AGENT_TOOL) {
      text += std::string(view(event->tool_name)) + "," + std::string(view(event->tool_input)) +
              "," + std::string(view(event->tool_output)) + "," + std::to_string(event->tool_exit);
    } else if (event->kind == DIRECTOR_AGENT_USAGE) {
      for (const std::int64_t count :
           {event->input_tokens, event->output_tokens, event->reasoning_tokens,
            event->cache_read_tokens, event->cache_write_tokens}) {
        text += std::to_string(count) + ",";
      }
      text += event->cost_usd == 0.5 ? "half" : "?";
    } else if (event->kind == DIRECTOR_AGENT_ERROR || event->kind == DIRECTOR_AGENT_RETRY) {
      text += "," + std::to_string(event->failure) + "," + std::to_string(event->retry_after_ms);
    }
    static_cast<Heard*>(context)->all.push_back(text + "@" + std::to_string(event->time_ms));
  }
};

TEST_F(RoundTrip, Runner) {
  const auto runner = make("good-runner", &plugin::make_runner);
  ASSERT_TRUE(runner) << runner.error().message();
  run_request request{"executor", "T", "S", "M", "p/m", "/w", true, 0.25, {}, 40, 9};
  Heard heard;
  ASSERT_TRUE((*runner)->run(request, agent_events(&heard.raw), host()));
  const std::vector<std::string> before{"1:said@5", "2:bash,{},out,2@6", "3:1,2,3,4,5,half@0",
                                        "4:later,0,7@0"};
  auto expected = before;
  expected.push_back("5:executor|T|S|p/m|/w|0.250000|-|40|9@0");
  EXPECT_EQ(heard.all, expected);

  heard.all.clear();
  request.may_edit = false;
  ASSERT_TRUE((*runner)->run(request, agent_events(&heard.raw), host()));
  expected = before;
  expected.push_back("6:plugin 'good-runner': slow down,2,8@0");
  EXPECT_EQ(heard.all, expected);
  EXPECT_EQ((*runner)->probe(host()).value_or(""), "{\"tool\":\"x\"}");
}

TEST_F(RoundTrip, Reviewer) {
  const auto reviewer = make("good-reviewer", &plugin::make_reviewer);
  ASSERT_TRUE(reviewer) << reviewer.error().message();
  review_request request;
  request.node = "n1";
  request.role = "reviewer";
  request.diff = "+x";
  request.workdir = "/w";
  EXPECT_TRUE(fails_with((*reviewer)->examine(request, host()), Errc::Invalid,
                         {"good-reviewer", "may not ask agents"}));
  ports::CallScope scope;
  scope.desk = &desk;
  scope.node = "acct";
  const auto said = (*reviewer)->examine(request, host(scope));
  ASSERT_TRUE(said) << said.error().message();
  EXPECT_EQ(said->summary, "reviewer|+x|/w|acct");
  ASSERT_EQ(said->findings.size(), 1U);
  EXPECT_EQ(said->findings[0].level, severity::major);
  EXPECT_EQ(said->findings[0].file, "f.c");
  EXPECT_EQ(said->findings[0].summary, "n1");
}

TEST_F(RoundTrip, Sink) {
  const auto sink = make("good-sink", &plugin::make_sink);
  ASSERT_TRUE(sink) << sink.error().message();
  EXPECT_TRUE(fails_with((*sink)->emit({7, "job", "cost", "{}"}, host()), Errc::Conflict,
                         {"plugin 'good-sink': 7jobcost{}"}));
  EXPECT_TRUE((*sink)->flush(host()));
}

TEST_F(RoundTrip, Vcs) {
  const auto made = make("good-vcs", &plugin::make_vcs);
  ASSERT_TRUE(made) << made.error().message();
  vcs& backend = **made;
  EXPECT_EQ(backend.resolve("HEAD")->message, "HEAD");
  EXPECT_TRUE(fails_with(backend.resolve("gone"), Errc::NotFound, {"no such revision 'gone'"}));
  const auto refs = backend.list_refs("p/");
  ASSERT_EQ(refs->size(), 2U);
  EXPECT_EQ((*refs)[0].name, "p/a");
  EXPECT_TRUE(fails_with(backend.update_ref("r", "e", "d"), Errc::Conflict, {"red"}));
  const auto history = backend.history("tip", "base");
  ASSERT_EQ(history->size(), 2U);
  EXPECT_EQ((*history)[1].oid, "base");
  const auto state = backend.user_checkout();
  EXPECT_TRUE(!state->unborn && state->detached && state->uncommitted);
  EXPECT_EQ(*backend.commit("t", "p", "m\n"), "tpm\n");
  EXPECT_EQ(*backend.read_file("t", "x"), std::string("a\0b", 3));
  EXPECT_EQ(*backend.read_file("t", "empty"), "");
  EXPECT_EQ(backend.merge("clean", "", "")->tree, "m");
  EXPECT_EQ(backend.merge("dirty", "", "")->conflicts, (std::vector<std::string>{"x", "y"}));
  const auto changes = backend.changes("a", "b");
  ASSERT_EQ(changes->size(), 1U);
  EXPECT_EQ((*changes)[0].kind, change_kind::deleted);
  EXPECT_EQ((*changes)[0].old_type, file_type::symlink);
  EXPECT_EQ(*backend.diff("a", "b"), "");
  EXPECT_TRUE(fails_with(backend.checkout({"d", "m"}, "c", "t", {"k"}), Errc::Io, {"dmctk"}));
  EXPECT_TRUE(fails_with(backend.checkout_untouched({"d", "m"}, "c", "t", {"k"}), Errc::Io,
                         {"untouched dmctk"}));
  const auto snapshot = backend.snapshot({"d", "m"}, "b", {"i", "j"});
  EXPECT_EQ(snapshot->tree, "bj");
  EXPECT_EQ(snapshot->changes.at(0).new_type, file_type::other);
}

TEST_F(RoundTrip, LauncherInFrontOfTheLocalOne) {
  plugin::InstancePool<director::launcher> pool(
      [this] { return make("good-launcher", &plugin::make_launcher); });
  const platform::Environment environment({"PATH=/usr/bin:/bin", "DIRECTOR_X=1"});
  plugin::PreparedLauncher prepared(launcher, pool, hosts, [&](const ports::Command& command) {
    return environment.for_command(command);
  });
  ports::Command command;
  command.argv = {"sh", "-c", "echo $WRAPPED $ADDED"};
  command.cwd = folder.string();
  command.env_set = {"ADDED=yes"};
  std::string said;
  const auto exit = prepared.run(command,
                                 [&said](const ports::OutputLine& line) {
                                   said = line.text;
                                   return true;
                                 },
                                 {});
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(said, "3 yes");  // ADDED, PATH, PWD
}

TEST_F(RoundTrip, PoolGivesEachWorkerItsOwnAndReusesWhatComesBack) {
  int made = 0;
  plugin::InstancePool<gate> pool([&] {
    ++made;
    return make("good-gate", &plugin::make_gate);
  });
  {
    const auto one = pool.lease();
    const auto two = pool.lease();
    ASSERT_TRUE(one && two);
    EXPECT_NE(one->get(), two->get());
  }
  EXPECT_TRUE(pool.lease());
  EXPECT_EQ(made, 2);
}

TEST_F(RoundTrip, WrongKindIsRefused) {
  EXPECT_TRUE(fails_with(make("good-gate", &plugin::make_runner), Errc::Invalid, {"not a runner"}));
}

}  // namespace
}  // namespace director::abi_test
