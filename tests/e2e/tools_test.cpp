// The commands that look at a repository instead of working on it, as processes. The runner is
// scripted: no OpenCode, no network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "tests/e2e/support.hpp"
#include "tests/unit/matchers.hpp"

namespace director::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::IsOk;

constexpr const char* kConfig = R"([tiers]
planner = "any/planner"
test_author = "any/author"
executor = "any/executor"
explorer = "any/explorer"
reviewer = "any/reviewer"
escalation = "any/escalation"
[gates]
one = "test -f one.txt"
[plugins]
runner = "runner-scripted"
path = ["@PLUGINS@"]
[plugin.runner-scripted]
script = "@SCRIPT@"
)";

/// One node lands at its second attempt, the other never does.
constexpr const char* kScript = R"JSON({"rules": [
  {"role": "explorer", "steps": [{"usage": {"input": 5, "output": 1, "cost": 0.25}}, {"text": "Small."}]},
  {"role": "brainstorm", "steps": [{"text": "# Two files"}]},
  {"role": "planner", "steps": [{"text": "{\"nodes\": [{\"id\": \"one\", \"title\": \"One\", \"spec\": \"Write one.txt\", \"files\": [\"one.txt\"], \"depends_on\": [], \"test_cmd\": \"sh tests/one.sh\", \"tests\": [\"tests/one.sh\"], \"estimated_difficulty\": \"easy\"}, {\"id\": \"two\", \"title\": \"Two\", \"spec\": \"Write two.txt\", \"files\": [\"two.txt\"], \"depends_on\": [\"one\"], \"test_cmd\": \"sh tests/two.sh\", \"tests\": [\"tests/two.sh\"], \"estimated_difficulty\": \"hard\"}]}"}]},
  {"role": "test-author", "contains": "Node one", "steps": [{"write": {"tests/one.sh": "grep -q right one.txt\n"}}, {"text": "DONE"}]},
  {"role": "test-author", "contains": "Node two", "steps": [{"write": {"tests/two.sh": "grep -q right two.txt\n"}}, {"text": "DONE"}]},
  {"role": "executor", "contains": "Node one", "nth": 1, "steps": [{"run": "printf 'cannot \\033[31mdo it\\n'"}, {"text": "DONE"}]},
  {"role": "executor", "contains": "Node one", "steps": [{"write": {"one.txt": "right\n"}}, {"usage": {"input": 10, "output": 2, "cost": 0.5}}, {"text": "DONE"}]},
  {"role": "executor", "contains": "Node two", "steps": [{"write": {"two.txt": "wrong\n"}}, {"text": "DONE"}]}
]})JSON";

class Tools : public ::testing::Test {
 protected:
  Tools() { world_.make_repository(); }

  void configure(const std::string& script = R"({"rules": []})") {
    const fs::path path = world_.root() / "script.json";
    write_file(path, script);
    write_file(
        world_.state() / "config.toml",
        filled(filled(kConfig, "@PLUGINS@", DIRECTOR_TEST_PLUGINS), "@SCRIPT@", path.string()));
  }

  World world_;
};

TEST_F(Tools, ConfigShowsEveryValueWithItsOrigin) {
  configure();
  write_file(world_.root() / "home" / ".config" / "director" / "config.toml",
             "[limits]\nflake_runs = 5\n[gates]\nmine = 'true'\n");
  world_.environment()["DIRECTOR_LIMITS__STALL_SECS"] = "7";
  const Ran ran = world_.director({"config", "--set", "limits.max_attempts=9"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr(world_.repo().string() + "/.director/config.toml:4:1"),
                             HasSubstr("/.config/director/config.toml:2:1"),
                             HasSubstr("# DIRECTOR_LIMITS__STALL_SECS"),
                             HasSubstr("# --set limits.max_attempts"), HasSubstr("# default")));
  EXPECT_THAT(ran.err, HasSubstr("only the repository's configuration may set gates"));

  const Ran json = world_.director({"config", "--json", "limits.flake"});
  const auto parsed = parse_json(json.out);
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->get_array("values").value().at(0).get_int("value").value(), 5);
}

TEST_F(Tools, ConfigErrorsHavePlaceSuggestionAndStatus) {
  configure();
  EXPECT_EQ(world_.director({"config", "nonsense"}).exit_code, 2);
  const Ran wrong = world_.director({"config", "--set", "limits.max_atempts=1"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_EQ(wrong.out, "");
  EXPECT_THAT(wrong.err, HasSubstr("did you mean 'limits.max_attempts'?"));
}

TEST_F(Tools, AProfileStandsAloneAndAnUnknownOneNamesThoseThereAre) {
  configure();
  std::string cheap = read_file(world_.state() / "config.toml");
  cheap = filled(cheap, "any/executor", "cheap/executor");
  write_file(world_.state() / "profiles" / "cheap.toml", cheap);
  write_file(world_.state() / "profiles" / "all-frontier.toml", cheap);
  write_file(world_.state() / "config.toml", "this is broken");
  const Ran ran = world_.director({"config", "tiers.executor", "--profile", "cheap"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("\"cheap/executor\""), HasSubstr("profiles/cheap.toml:4:1")));
  EXPECT_EQ(world_.director({"config", "--profile", ".director/profiles/cheap.toml"}).out,
            world_.director({"config", "--profile", "cheap"}).out);

  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"config", "--profile", "dear"},
                                             {"run", "--profile", "dear"},
                                             {"plan", "Do it", "--profile", "dear"}}) {
    const Ran unknown = world_.director(args);
    EXPECT_EQ(unknown.exit_code, 2);
    EXPECT_THAT(unknown.err, AllOf(HasSubstr("there is no profile 'dear'"),
                                   HasSubstr("there are: all-frontier, cheap")));
  }
  EXPECT_THAT(world_.director({"run", "--profile", ""}).err, HasSubstr("there is no profile ''"));
}

TEST_F(Tools, GraphShowsThePlanAndThenTheRun) {
  const Ran none = world_.director({"graph"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("director plan"));

  configure(kScript);
  ASSERT_EQ(world_.director({"plan", "Write", "--auto", "--no-critique"}).exit_code, 0);
  const Ran planned = world_.director({"graph"});
  EXPECT_EQ(planned.exit_code, 0) << planned.err;
  EXPECT_THAT(planned.out, AllOf(HasSubstr("2 nodes in 2 levels"), HasSubstr("pending  one"),
                                 HasSubstr("after one")));
  ASSERT_EQ(world_.director({"run"}).exit_code, 1);
  const Ran ran = world_.director({"graph", "--json"});
  const auto json = parse_json(ran.out);
  ASSERT_THAT(json, IsOk());
  const std::vector<Json> nodes = json->get_array("nodes").value();
  EXPECT_EQ(nodes.at(0).get_string("status").value(), "done");
  EXPECT_EQ(nodes.at(1).get_string("status").value(), "escalated");
  EXPECT_THAT(world_.director({"graph", "--format", "dot"}).out, HasSubstr("n0 -> n1;"));
  EXPECT_THAT(world_.director({"graph", "--format", "mermaid"}).out, HasSubstr("n0 --> n1"));
  EXPECT_EQ(world_.director({"graph", "--format", "png"}).exit_code, 2);
  EXPECT_EQ(world_.director({"graph", "--format", "dot", "--json"}).exit_code, 2);
}

TEST_F(Tools, GraphShowsAPlanThatIsStillBeingEdited) {
  write_file(world_.state() / "plan.json",
             R"({"job_id": "j", "task": "", "repo": "", "created_at": "", "job_branch": "b",
                 "nodes": [{"id": "a\u001b[31m", "title": "t", "depends_on": ["zz"]}]})");
  const Ran ran = world_.director({"graph"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("a\\x1b[31m"), HasSubstr("zz (not in the plan)")));
  write_file(world_.state() / "plan.json", "{");
  const Ran broken = world_.director({"graph"});
  EXPECT_EQ(broken.exit_code, 2);
  EXPECT_THAT(broken.err, HasSubstr("plan.json"));
}

TEST_F(Tools, LogsListCallsAndShowTranscripts) {
  const Ran none = world_.director({"logs"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("director plan"));

  configure(kScript);
  ASSERT_EQ(world_.director({"plan", "Write", "--auto", "--no-critique"}).exit_code, 0);
  ASSERT_EQ(world_.director({"run"}).exit_code, 1);
  const Ran list = world_.director({"logs"});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_THAT(list.out, AllOf(HasSubstr("0001-explorer"), HasSubstr("any/explorer"),
                              HasSubstr("$0.2500"), HasSubstr("-escalation-two")));

  const Ran one = world_.director({"logs", "one", "--follow"});
  EXPECT_EQ(one.exit_code, 0) << "no director is at work: " << one.err;
  EXPECT_THAT(one.out, AllOf(HasSubstr("-test_author-one: test_author, any/author"),
                             HasSubstr("-executor-one: executor, any/executor"),
                             HasSubstr("? cannot \\x1b[31mdo it\n"),
                             HasSubstr("-- ok, 10 tokens in"), HasSubstr("$0.5000")));
  EXPECT_EQ(one.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(world_.director({"logs", "one"}).out, one.out);
  EXPECT_THAT(world_.director({"logs", "--call", "0001"}).out, HasSubstr("== 0001-explorer: "));
  const std::string call = one.out.substr(one.out.find("-executor-one") - 4, 17);
  EXPECT_EQ(world_.director({"logs", "--raw", "--call", call}).out,
            read_file(world_.state() / "logs" / (call + ".jsonl")));
}

TEST_F(Tools, LogsSayWhatThereIsInsteadOfAnUnknownNodeOrCall) {
  configure(kScript);
  ASSERT_EQ(world_.director({"plan", "Write", "--auto", "--no-critique"}).exit_code, 0);
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"logs", "onr"}, "did you mean 'one'?"},
      {{"logs", "zzzzzz"}, "director graph"},
      {{"logs", "--call", "00"}, "give more of its id"},
      {{"logs", "--call", "../0001"}, "there is no call '../0001'"},
  };
  for (const auto& [args, message] : cases) {
    const Ran ran = world_.director(args);
    EXPECT_EQ(ran.exit_code, 2) << message;
    EXPECT_THAT(ran.err, HasSubstr(message));
    EXPECT_EQ(ran.out, "");
  }
}

/// Every file below a folder.
std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> all;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    all.push_back(fs::relative(entry.path(), folder).string());
  }
  return all;
}

TEST_F(Tools, DoctorFindsAGoodRepositoryGoodAndLeavesItAlone) {
  configure();
  const std::string before = world_.fingerprint();
  const Ran ran = world_.director({"doctor"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("ok       configuration  valid"),
                             HasSubstr("ok       prompts        6 found"),
                             HasSubstr("ok       tool           runner-scripted 0.1.0"),
                             HasSubstr("cannot be checked"), HasSubstr("MB free"),
                             HasSubstr("Landlock"), HasSubstr("0 problems")));
  EXPECT_EQ(world_.fingerprint(), before);
  EXPECT_FALSE(fs::exists(world_.state() / "journal.jsonl"));
}

TEST_F(Tools, DoctorWorksWithoutConfigurationAndOutsideOfARepository) {
  fs::remove_all(world_.repo());
  fs::create_directories(world_.repo());
  const Ran ran = world_.director({"doctor", "--json"});
  EXPECT_EQ(ran.exit_code, 1) << ran.err;
  const auto json = parse_json(ran.out);
  ASSERT_THAT(json, IsOk()) << ran.out;
  std::map<std::string, std::string> problems;
  for (const Json& finding : json->get_array("findings").value()) {
    if (finding.get_string("level").value() == "problem") {
      problems[finding.get_string("topic").value()] = finding.get_string("text").value();
    }
  }
  EXPECT_THAT(problems["configuration"], HasSubstr("config.toml' is missing"));
  EXPECT_THAT(problems["repository"], HasSubstr("git init"));
  EXPECT_THAT(problems["tool"], HasSubstr("there is no program 'opencode'"));
  EXPECT_EQ(json->get_int("problems").value(), 3);
  EXPECT_EQ(files_below(world_.repo()), std::vector<std::string>());

  EXPECT_EQ(world_.director({"doctor", "--repo", "/nonexistent"}).exit_code, 2);
  EXPECT_EQ(world_.director({"doctor", "--nonsense"}).exit_code, 2);
}

TEST_F(Tools, DoctorNamesEveryFaultOfTheConfiguration) {
  configure();
  write_file(world_.state() / "config.toml",
             read_file(world_.state() / "config.toml") + "[limits]\nmax_atempts = 1\nflakes = 2\n");
  const Ran ran = world_.director({"doctor", "--calls"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("limits.max_atempts"), HasSubstr("limits.flakes"),
                             HasSubstr("no model was called")));
}

TEST_F(Tools, DoctorSaysWhatAJobWouldStumbleOver) {
  configure();
  (void)world_.git_says({"branch", "director/job-old"});
  (void)world_.git_says({"checkout", "--quiet", "--detach"});
  write_file(world_.repo() / "README.md", "changed\n");
  const fs::path plugins = world_.root() / "plugins";
  write_file(plugins / "open.so", "not a library");
  fs::permissions(plugins / "open.so", fs::perms::all);
  world_.environment()["DIRECTOR_PLUGIN_PATH"] = plugins.string();
  const Ran ran = world_.director({"doctor"});
  EXPECT_EQ(ran.exit_code, 0) << "none of that keeps a job from being done: " << ran.out;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("director/job-old"), HasSubstr("HEAD is detached"),
                             HasSubstr("uncommitted changes"), HasSubstr("open.so"),
                             HasSubstr("warning  plugins")));
}

TEST_F(Tools, DoctorSeesAnotherDirectorAndKeepsAwayFromItsTool) {
  configure();
  const Ran ran =
      run({"flock", (world_.state() / "lock").string(), DIRECTOR_PROGRAM, "doctor", "--calls"},
          world_.repo(), world_.environment());
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("warning  lock"));
  EXPECT_EQ(ran.out.find("runner-scripted 0.1.0"), std::string::npos);
  EXPECT_EQ(ran.out.find("  calls  "), std::string::npos);
}

TEST_F(Tools, DoctorCallsEachModelOnceAndKeepsNoBooks) {
  configure(R"({"rules": [
    {"model": "any/executor", "steps": [{"fail": "auth", "why": "no \u001b[31mkey"}]},
    {"model": "any/planner", "nth": 1, "steps": [{"usage": {"input": 1, "output": 1, "cost": 0.25}},
                                                 {"text": "READY"}]},
    {"model": "any/author", "nth": 1, "steps": [{"text": "READY"}]},
    {"model": "any/explorer", "nth": 1, "steps": [{"text": "READY"}]},
    {"model": "any/reviewer", "nth": 1, "steps": [{"usage": {"cost": 0.5}}, {"text": "READY"}]}
  ]})");
  write_file(world_.state() / "config.toml",
             filled(read_file(world_.state() / "config.toml"), "any/escalation", "any/planner"));
  const Ran ran = world_.director({"doctor", "--calls"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(
      ran.out,
      AllOf(HasSubstr("any/planner answered, $0.2500"), HasSubstr("any/reviewer answered, $0.5000"),
            HasSubstr(
                "problem  calls          any/executor: plugin 'runner-scripted': no \\x1b[31mkey"),
            HasSubstr("all calls together cost $0.7500")));
  EXPECT_EQ(ran.out.find('\x1b'), std::string::npos);
  for (const char* name : {"journal.jsonl", "costs.jsonl", "metrics.jsonl", "logs"}) {
    EXPECT_FALSE(fs::exists(world_.state() / name)) << name;
  }
  for (const std::string& file : files_below(world_.root() / "home" / ".cache")) {
    EXPECT_EQ(file.find("doctor-"), std::string::npos) << file;
  }
}

TEST_F(Tools, InitWritesAConfigurationThatLoads) {
  write_file(world_.repo() / "Makefile", "test:\n\ttrue\n");
  const Ran ran = world_.director(
      {"init", "--yes", "--all-tiers", "big/model", "--tier", "executor=local/coder"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("director doctor"));
  const Ran config = world_.director({"config"});
  EXPECT_EQ(config.exit_code, 0) << config.err;
  EXPECT_THAT(config.out, AllOf(HasSubstr("\"local/coder\""), HasSubstr("gates.make-test")));
  EXPECT_EQ(world_.git_says({"check-ignore", ".director/journal.jsonl"}),
            ".director/journal.jsonl");
}

TEST_F(Tools, InitNeverChangesAConfiguration) {
  const std::vector<std::string> args{"init",      "--yes",  "--all-tiers",
                                      "big/model", "--tier", "executor=l/c"};
  write_file(world_.state() / "config.toml", "mine, broken or not");
  const Ran ran = world_.director(args);
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("stays as it is"));
  EXPECT_EQ(read_file(world_.state() / "config.toml"), "mine, broken or not");

  fs::remove(world_.state() / "config.toml");
  fs::create_symlink(world_.root() / "elsewhere", world_.state() / "config.toml");
  EXPECT_EQ(world_.director(args).exit_code, 2);
  EXPECT_FALSE(fs::exists(world_.root() / "elsewhere")) << "nor does it write through a link";
}

TEST_F(Tools, InitWithoutATerminalNeedsFlagsAndSaysWhich) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"init"}, "add --tier planner=provider/model"},
      {{"init", "--yes", "--all-tiers", "one/model"}, "must not review its own work"},
      {{"init", "--yes", "--tier", "boss=a/b"}, "there is no role 'boss'"},
      {{"init", "--yes", "--tier", "planner=a/b", "--tier", "planner=c/d"}, "given twice"},
      {{"init", "--yes", "--all-tiers", "nonsense"}, "found 'nonsense'"},
      {{"init", "--yes", "--all-tiers", "a/b", "--tier", "executor=c/d", "--gate", "make"},
       "expected name=command"},
  };
  for (const auto& [args, message] : cases) {
    const Ran ran = world_.director(args);
    EXPECT_EQ(ran.exit_code, 2) << message;
    EXPECT_THAT(ran.err, HasSubstr(message));
    EXPECT_FALSE(fs::exists(world_.state())) << "nothing is left half-done";
  }
}

}  // namespace
}  // namespace director::e2e
