#include "tests/e2e/scripted_job.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace director::e2e {
namespace {

/// The rules of a job that goes well.
constexpr const char* kRules = R"JSON(
  {"role": "explorer", "steps": [{"text": "A small repository."}]},
  {"role": "brainstorm", "steps": [{"usage": {"input": 10, "output": 5, "cost": 0.25}}, {"text": "# Two files"}]},
  {"role": "planner", "steps": [{"usage": {"input": 10, "output": 5, "cost": 0.25}}, {"text": "{\"nodes\": [{\"id\": \"one\", \"title\": \"One\", \"spec\": \"Write one.txt\", \"files\": [\"one.txt\"], \"depends_on\": [], \"test_cmd\": \"sh tests/one.sh\", \"tests\": [\"tests/one.sh\"], \"estimated_difficulty\": \"easy\"}, {\"id\": \"two\", \"title\": \"Two\", \"spec\": \"Write two.txt\", \"files\": [\"two.txt\"], \"depends_on\": [\"one\"], \"test_cmd\": \"sh tests/two.sh\", \"tests\": [\"tests/two.sh\"], \"estimated_difficulty\": \"hard\"}]}"}]},
  {"role": "test-author", "contains": "Node one", "steps": [{"write": {"tests/one.sh": "grep -q right one.txt\n"}}, {"text": "DONE"}]},
  {"role": "test-author", "contains": "Node two", "steps": [{"write": {"tests/two.sh": "grep -q right two.txt\n"}}, {"text": "DONE"}]},
)JSON";

std::string executor_rule(const std::string& model, const std::string& node, double usd) {
  return R"({"role": "executor", )" + (model.empty() ? "" : R"("model": ")" + model + R"(", )") +
         R"("contains": "Node )" + node + R"(", "steps": [{"write": {")" + node +
         R"(.txt": "right\n"}}, {"usage": {"input": 10, "output": 2, "cost": )" +
         std::to_string(usd) + R"(}}, {"text": "DONE"}]})";
}

}  // namespace

ScriptedJob::ScriptedJob() {
  make_repository();
  script("");
}

std::string ScriptedJob::config(const std::string& models, const std::string& more) const {
  std::string text = "[tiers]\n";
  for (const char* tier :
       {"planner", "test_author", "executor", "explorer", "reviewer", "escalation"}) {
    text += std::string(tier) + " = \"" + models + "/" + tier + "\"\n";
  }
  return text + "[gates]\nboth = \"test -f one.txt && test -f two.txt\"\n" +
         "[plugins]\nrunner = \"runner-scripted\"\npath = [\"" + DIRECTOR_TEST_PLUGINS + "\"]\n" +
         "[plugin.runner-scripted]\nscript = \"" + (root() / "script.json").string() + "\"\n" +
         more;
}

void ScriptedJob::add_profile(const std::string& name, const std::string& more) {
  write_file(state() / "profiles" / (name + ".toml"), config(name, more));
}

void ScriptedJob::script(const std::string& first,
                         const std::map<std::string, double>& executor_usd) {
  std::string rules;
  for (const auto& [models, usd] : executor_usd) {
    for (const char* node : {"one", "two"}) {
      rules += executor_rule(models + "/executor", node, usd) + ",\n";
    }
  }
  write_file(root() / "script.json", "{\"rules\": [" + first + kRules + rules +
                                         executor_rule("", "one", 0) + ",\n" +
                                         executor_rule("", "two", 0) + "]}");
}

Ran ScriptedJob::stopped(const std::vector<std::string>& args, const std::string& condition,
                         const std::string& signal) {
  const std::string wait = "\"$@\" & pid=$!\nuntil " + condition +
                           "; do\n  kill -0 $pid 2>/dev/null || { echo ended early; break; }\n" +
                           "  sleep 0.02\ndone\nkill -" + signal + " $pid\nwait $pid\n";
  std::vector<std::string> argv{"sh", "-c", wait, "sh", DIRECTOR_PROGRAM};
  argv.insert(argv.end(), args.begin(), args.end());
  Ran ran = run(argv, repo(), environment());
  EXPECT_EQ(ran.out.find("ended early"), std::string::npos) << ran.out << ran.err;
  return ran;
}

std::map<std::string, std::string> ScriptedJob::state_files(const std::string& without) const {
  std::map<std::string, std::string> files;
  for (auto entry = fs::recursive_directory_iterator(state()); entry != fs::end(entry); ++entry) {
    const std::string path = fs::relative(entry->path(), state()).string();
    if (path == without) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file() && path != "lock") {
      files[path] = read_file(entry->path());
    }
  }
  return files;
}

std::string ScriptedJob::branches() {
  return git_says({"for-each-ref", "--format=%(refname:short)", "refs/heads/director/"});
}

}  // namespace director::e2e
