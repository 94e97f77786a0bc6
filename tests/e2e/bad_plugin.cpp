#include "tests/e2e/bad_plugin.hpp"

namespace director::e2e {
namespace {

/// The line of [plugins] that names it.
std::string setting_of(const Bad& bad) {
  const std::string kind = bad.kind();
  return kind == "sink"                       ? "sinks = [\"" + bad.id() + "\"]"
         : kind == "bad" || kind == "program" ? "gate = \"" + bad.id() + "\""
                                              : kind + " = \"" + bad.id() + "\"";
}

}  // namespace

std::string Bad::id() const {
  std::string id = file;
  for (char& c : id) {
    c = c == '_' ? '-' : c;
  }
  return id;
}

void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.file; }

std::string name_of(const ::testing::TestParamInfo<Bad>& info) {
  std::string name = info.param.file;
  for (char& c : name) {
    c = c == '-' ? '_' : c;
  }
  return name;
}

void BadPlugin::configure(ScriptedJob& job, const Bad& bad) {
  const std::string end = bad.kind() == "program" ? ".plugin" : ".so";
  const fs::path copy = job.root() / "third-party" / (bad.id() + end);
  fs::create_directories(copy.parent_path());
  fs::copy_file(bad.folder + "/" + bad.file + end, copy);
  fs::permissions(copy, fs::perms(0755));
  std::string config = job.config("any", bad.config);
  const std::string place = "runner = \"runner-scripted\"\npath = [";
  config.replace(config.find(place), place.size(),
                 (bad.kind() == "runner" ? "" : std::string("runner = \"runner-scripted\"\n")) +
                     setting_of(bad) + "\npath = [\"" + copy.string() + "\", ");
  write_file(job.state() / "config.toml", config);
  if (!bad.tool.empty()) {
    write_file(job.root() / "bin/true", "#!/bin/sh\n" + bad.tool);
    fs::permissions(job.root() / "bin/true", fs::perms(0755));
    job.environment()["PATH"] = (job.root() / "bin").string() + ":" + job.environment()["PATH"];
  }
}

void BadPlugin::plan_for(ScriptedJob& job, const Bad& bad) {
  job.script(bad.rules);
  write_file(job.state() / "config.toml", job.config("any"));
  const Ran planned = job.director({"plan", "Write two files", "--auto", "--no-critique"});
  EXPECT_EQ(planned.exit_code, 0) << planned.out << planned.err;
  configure(job, bad);
}

std::vector<std::string> BadPlugin::run_command(const Bad& bad) {
  std::vector<std::string> argv{"run", "--max-attempts", "1", "--set", "limits.infra_retries=0"};
  argv.insert(argv.end(), bad.args.begin(), bad.args.end());
  return argv;
}

Ran BadPlugin::run_with(ScriptedJob& job, const Bad& bad) {
  plan_for(job, bad);
  std::vector<std::string> argv = run_command(bad);
  if (bad.kind() != "sink") {
    return job.director(argv);
  }
  // Its files in .director are of no format of ours.
  argv.insert(argv.begin(), DIRECTOR_PROGRAM);
  return run(argv, job.repo(), job.environment());
}

std::string BadPlugin::landed(ScriptedJob& job) {
  return job.git_says({"ls-tree", "-r", "--name-only", job.branches()});
}

void BadPlugin::expect_all_landed(ScriptedJob& job) {
  EXPECT_EQ(landed(job), kAllLanded);
  for (const char* file : {"one.txt", "two.txt"}) {
    EXPECT_EQ(job.git_says({"show", job.branches() + ":" + file}), "right");
  }
}

Ran BadPlugin::interrupt(ScriptedJob& job, const std::string& signal,
                         const std::string& condition) {
  const std::string root = job.root().string();
  const std::string script =
      "\"$@\" & pid=$!\ncd /\nuntil " + condition + "; do\n" +
      "  kill -0 $pid 2>/dev/null || { echo ended early; break; }\n  sleep 0.02\ndone\n" +
      "while kill -" + signal + " $pid 2>/dev/null; do sleep 0.2; done\nwait $pid\nstatus=$?\n" +
      "while ls -l /proc/[0-9]*/cwd 2>/dev/null | grep -q " + root + "; do sleep 0.05; done\n" +
      "exit $status\n";
  std::vector<std::string> argv{"sh", "-c", script, "sh", DIRECTOR_PROGRAM};
  for (const std::string& word : run_command()) {
    argv.push_back(word);
  }
  return run(argv, job.repo(), job.environment());
}

}  // namespace director::e2e
