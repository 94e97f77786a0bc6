// The examples of sdk/exec, as they are, and what the host says against the protocol's schema.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/base/json.hpp"
#include "director/fence.hpp"
#include "tests/contract/exec/support.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/unit/matchers.hpp"

namespace director::exec_test {
namespace {

namespace fs = std::filesystem;
using director::testing::FailsWith;
using director::testing::IsOk;
using plugin::Kind;
using ::testing::HasSubstr;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class Example : public ExecTest {
 protected:
  [[nodiscard]] plugin::exec::Making example(const std::string& name) {
    const fs::path file = fs::path(DIRECTOR_EXEC_EXAMPLES) / name;
    Result<plugin::Descriptor> known = plugin::exec::ask_hello(launcher, clock, file, limits);
    EXPECT_THAT(known, IsOk()) << name;
    return {{file, known ? std::move(known).value() : plugin::Descriptor()},
            {config, "/repo", folder.string(), (folder / "cache").string()},
            limits};
  }
  verdict check_with(const std::string& name, const std::string& command) {
    const auto gate = plugin::exec::make_gate(example(name));
    const std::string where = workdir.string();
    gate_request request;
    request.command = command;
    request.workdir = where;
    request.changes = {{change_kind::added, "a.txt", file_type::none, file_type::regular},
                       {change_kind::deleted, "gone.txt", file_type::regular, file_type::none}};
    return gate->check(request, host());
  }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(workdir / name, std::ios::binary) << text;
  }
};

class EachExample : public Example, public ::testing::WithParamInterface<const char*> {};

TEST_P(EachExample, SaysHelloAndWhatItIsForToAPerson) {
  const plugin::Descriptor known = example(GetParam()).plugin.descriptor;
  EXPECT_EQ(known.version, "1.0.0");
  ports::Command by_hand;
  by_hand.argv = {(fs::path(DIRECTOR_EXEC_EXAMPLES) / GetParam()).string()};
  by_hand.cwd = folder.string();
  std::string out;
  std::string err;
  const auto exit = launcher.run(by_hand,
                                 [&](const ports::OutputLine& line) {
                                   (line.is_stderr ? err : out) += line.text;
                                   return true;
                                 },
                                 {});
  ASSERT_THAT(exit, IsOk());
  EXPECT_EQ(exit->kind, ports::ExitKind::Exited);
  EXPECT_NE(exit->exit_code, 0);
  EXPECT_EQ(out, "");
  EXPECT_THAT(err, HasSubstr("This is a plugin, which director starts. Install it with"));
  EXPECT_THAT(err, HasSubstr("cp " + std::string(GetParam()) + " "));
  EXPECT_THAT(err, HasSubstr(known.id + ".plugin"));
}

INSTANTIATE_TEST_SUITE_P(Exec, EachExample,
                         ::testing::Values("gate.py", "gate.sh", "runner.py", "runner.sh",
                                           "reviewer.py", "sink.py"),
                         [](const auto& one) {
                           std::string name = one.param;
                           name[name.find('.')] = '_';
                           return name;
                         });

TEST_F(Example, GatesJudge) {
  config = R"({"word":"TODO"})";
  for (const char* name : {"gate.py", "gate.sh"}) {
    put("a.txt", "fine\n");
    EXPECT_EQ(check_with(name, "test -f a.txt").outcome, DIRECTOR_GATE_PASS) << name;
    const verdict failed = check_with(name, "echo 'E assert'; exit 1");
    EXPECT_EQ(failed.outcome, DIRECTOR_GATE_FAIL) << name << failed.summary;
    EXPECT_EQ(failed.detail, "E assert\n") << name;
    const verdict missing = check_with(name, "no-such-test-runner");
    EXPECT_EQ(missing.outcome, DIRECTOR_GATE_ERROR) << name << missing.summary;
    EXPECT_THAT(missing.summary, ::testing::StartsWith("plugin 'no-todo"));
    put("a.txt", "x\n// TODO: mend\n");
    const verdict found = check_with(name, "true");
    EXPECT_EQ(found.outcome, DIRECTOR_GATE_FAIL) << name << found.summary;
    EXPECT_THAT(found.detail, HasSubstr("a.txt:2:")) << name;
    EXPECT_THAT(found.detail, HasSubstr("TODO: mend")) << name;
  }
}

/// Keeps the end of a run.
struct End {
  std::string text;
  director_agent_failure failure = 0;
  director_agent_sink raw{sizeof(director_agent_sink), 0, this, &End::take};

  static void take(void* context, const director_agent_event* event) {
    if (event->kind == DIRECTOR_AGENT_FINISH || event->kind == DIRECTOR_AGENT_ERROR) {
      static_cast<End*>(context)->text = view(event->text);
      static_cast<End*>(context)->failure = event->failure;
    }
  }
};

TEST_F(Example, RunnersHandThePromptOverAndTheAnswerBack) {
  put("tool.sh", "cat >prompt; echo 'said \"it\" \\ so'\nexit \"${1:-0}\"\n");
  for (const char* name : {"runner.py", "runner.sh"}) {
    const bool python = std::string(name) == "runner.py";
    for (const bool fails : {false, true}) {
      config = python
                   ? std::string(R"({"command":["sh","tool.sh")") + (fails ? ",\"3\"" : "") + "]}"
                   : std::string(R"({"command":"sh tool.sh)") + (fails ? " 3" : "") + "\"}";
      const auto runner = plugin::exec::make_runner(example(name));
      const std::string where = workdir.string();
      run_request request;
      request.role = "executor";
      request.system_prompt = "You \"write\"";
      request.message = "a \\ b\n\tc $(touch pwned) \xc3\xbc";
      request.model = "p/m";
      request.workdir = where;
      End end;
      ASSERT_THAT(runner->run(request, agent_events(&end.raw), host(ports::Purpose::Agent)), IsOk())
          << name;
      EXPECT_THAT(read(workdir / "prompt"),
                  ::testing::StartsWith("You \"write\"\n\na \\ b\n\tc $(touch pwned) \xc3\xbc"))
          << name;
      EXPECT_FALSE(fs::exists(workdir / "pwned"));
      EXPECT_EQ(end.failure, fails ? DIRECTOR_AGENT_TRANSPORT : 0) << name << end.text;
      if (!fails) {
        EXPECT_EQ(end.text, "said \"it\" \\ so\n") << name;
      }
    }
    EXPECT_THAT(plugin::exec::make_runner(example(name))->probe(host(ports::Purpose::Agent)),
                IsOk());
  }
}

TEST_F(Example, ReviewerFindsAsksAndDoesNotGuess) {
  class Desk final : public ports::AgentDesk {
   public:
    std::string says;
    [[nodiscard]] Result<std::string> ask(const std::string&, const std::string&,
                                          const std::string&, const std::string&,
                                          const ports::CancelToken&) override {
      return says;
    }
  } desk;
  const auto reviewer = plugin::exec::make_reviewer(example("reviewer.py"));
  const std::string where = workdir.string();
  review_request request;
  request.title = "T";
  request.diff = "+++ b/a.py\n+    breakpoint()\n";
  request.workdir = where;
  desk.says = "It is fine.\nYES\n";
  const auto found = reviewer->examine(request, host(ports::Purpose::Tool, &desk));
  ASSERT_THAT(found, IsOk());
  ASSERT_EQ(found->findings.size(), 1U);
  EXPECT_EQ(found->findings[0].file, "a.py");
  request.diff = "+++ b/a.py\n+    x = 1\n";
  const auto fine = reviewer->examine(request, host(ports::Purpose::Tool, &desk));
  ASSERT_THAT(fine, IsOk());
  EXPECT_TRUE(fine->findings.empty());
  desk.says = "NO: it breaks";
  EXPECT_EQ(reviewer->examine(request, host(ports::Purpose::Tool, &desk))->findings.size(), 1U);
  desk.says = "YES, well ...";
  EXPECT_THAT(reviewer->examine(request, host(ports::Purpose::Tool, &desk)),
              FailsWith(Errc::External, "neither YES nor NO"));
}

TEST_F(Example, SinkKeepsEachNodeOnce) {
  config = R"({"file":"table.csv"})";
  for (int times = 0; times < 2; ++times) {
    const auto sink = plugin::exec::make_sink(example("sink.py"));
    director::host& services = host(ports::Purpose::Tool);
    ASSERT_THAT(sink->emit({1, "job", "event", "{}"}, services), IsOk());
    ASSERT_THAT(sink->emit({2, "job", "node",
                            R"({"node":"parse","status":"done","cost_usd":0.25,"title":"x"})"},
                           services),
                IsOk());
    ASSERT_THAT(sink->flush(services), IsOk());
  }
  EXPECT_THAT(read(folder / "table.csv"), ::testing::StartsWith("job,node,2,parse,done,0.25,"));
  EXPECT_EQ(read(folder / "table.csv").find('\n'), read(folder / "table.csv").size() - 1);
}

TEST(ExecSchema, EverythingThatTheHostSaysIsAsItSays) {
  const Result<support::JsonSchema> schema = support::JsonSchema::load("exec");
  ASSERT_THAT(schema, IsOk());
  using namespace plugin::exec;
  const instance_info info{"{}", "/r", "/s", "/c"};
  gate_request check;
  check.changes = {{change_kind::deleted, "a", file_type::symlink, file_type::none}};
  run_request run;
  run.temperature = 0.5;
  run.top_p = 1;
  run.top_k = 3;
  for (const std::string& line :
       {check_line({info, 5}, check), run_line({info, -1}, run), review_line({info, 0}, {}),
        probe_line({info, -1}), keep_line({info, -1}, 3), record_line({1, "j", "event", "{}"}),
        ended_line({exec_outcome::signaled, 0, 9, 5}, "out"), answer_line("x"),
        error_line(Error(Errc::Io, "x"))}) {
    EXPECT_THAT(schema->check(line), IsOk()) << line;
    // A schema that takes anything would show nothing.
    const std::string broken =
        std::string(line).replace(line.find("\"type\":\""), 8, "\"type\":\"x");
    EXPECT_THAT(schema->check(broken), FailsWith(Errc::Invalid, "oneOf")) << broken;
  }
}

TEST(ExecSchema, AndTheParserAgreeOnWhatAPluginMaySay) {
  const Result<support::JsonSchema> schema = support::JsonSchema::load("exec");
  ASSERT_THAT(schema, IsOk());
  const std::vector<std::pair<const char*, bool>> lines{
      {R"({"type":"hello","protocol":1,"kind":"gate","id":"x","version":"1"})", true},
      {R"({"type":"hello","protocol":1,"kind":"vcs","id":"x","version":"1"})", false},
      {R"({"type":"hello","protocol":1,"kind":"gate","version":"1"})", false},
      {R"({"type":"log","text":"x"})", true},
      {R"({"type":"log","level":"loud","text":"x"})", false},
      {R"({"type":"exec"})", true},
      {R"({"type":"exec","argv":[]})", false},
      {R"({"type":"ask"})", false},
      {R"({"type":"verdict","outcome":"pass","summary":"x"})", true},
      {R"({"type":"verdict","outcome":"passed","summary":"x"})", false},
      {R"({"type":"usage","input":1})", true},
      {R"({"type":"usage","input":-1})", false},
      {R"({"type":"usage","cost_usd":-1})", false},
      {R"({"type":"fail","failure":"auth","message":"x"})", true},
      {R"({"type":"fail","failure":"deadline","message":"x"})", false},
      {R"({"type":"review","summary":"x","findings":[]})", true},
      {R"({"type":"review","summary":"x"})", false},
      {R"({"type":"tool","tool":"x","version":"1"})", true},
      {R"({"type":"kept"})", true},
      {R"({"type":"error","message":"x"})", true},
      {R"({"type":"error","message":""})", false},
      {R"({"type":"retry","message":"x","after_ms":-1})", false},
      {R"({"type":"finish","text":"x"})", true}};
  for (const auto& [line, good] : lines) {
    EXPECT_EQ(schema->check(line).has_value(), good) << line;
    EXPECT_EQ(plugin::exec::parse_message(line).has_value(), good) << line;
  }
}

}  // namespace
}  // namespace director::exec_test
