#include "faulty_job.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <utility>

#include "core/base/json.hpp"
#include "core/base/sha256.hpp"
#include "core/base/text.hpp"
#include "core/plan/plan_json.hpp"
#include "shim/report.h"
#include "tests/e2e/formats.hpp"

namespace director::fault {
namespace {

using e2e::read_file;
using e2e::write_file;
using ::testing::IsEmpty;

constexpr const char* kBranch = "director/job-20260101-000000";

std::string name_of(int node) { return "n" + std::to_string(node); }

/// The shell alone: thousands of them are run.
std::string test_of(int node) {
  const std::string file = name_of(node) + ".txt";
  return "if [ -f " + file + " ]; then read -r line < " + file + "; fi\n[ \"${line-}\" = right ]\n";
}

director_fault_report read_report(const fs::path& path) {
  director_fault_report report{};
  const std::string bytes = read_file(path);
  std::copy_n(bytes.data(), std::min(bytes.size(), sizeof report),
              reinterpret_cast<char*>(&report));
  return report;
}

/// Programs that run in or for a folder.
std::vector<std::string> processes_about(const fs::path& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    const std::string command = read_file(entry.path() / "cmdline");
    const std::string cwd = fs::read_symlink(entry.path() / "cwd", error).string();
    if (command.find(folder.string()) != std::string::npos || cwd.starts_with(folder.string())) {
      found.push_back(name + ": " + text::printable(command));
    }
  }
  return found;
}

}  // namespace

FaultyJob::FaultyJob(int nodes, const std::string& more) : nodes_(nodes) {
  const plan::Plan plan = make_plan();
  make_branches(plan);
  write_file(hook(), "true\n");
  write_script();
  write_config(more);
  write_file(state() / "plan.json", plan::to_json(plan));
  untouched_ = fingerprint();
}

void FaultyJob::write_config(const std::string& more) {
  std::string text = "[tiers]\n";
  for (const char* tier :
       {"planner", "test_author", "executor", "explorer", "reviewer", "escalation"}) {
    text += std::string(tier) + " = \"any/" + tier + "\"\n";
  }
  text += "[gates]\nall = \"cat";
  for (int i = 1; i <= nodes_; ++i) {
    text += " " + name_of(i) + ".txt";
  }
  text += " > /dev/null\"\n[plugins]\nrunner = \"runner-scripted\"\npath = [\"" +
          std::string(DIRECTOR_TEST_PLUGINS) + "\"]\n[plugin.runner-scripted]\nscript = \"" +
          (root() / "script.json").string() + "\"\n[limits]\nflake_runs = 1\n";
  write_file(state() / "config.toml", text + (more.empty() ? "[sandbox]\nmode = \"off\"\n" : more));
}

// n3 is wrong at first in every process that asks, so attempts are repeated and, after a few kills,
// escalated and reviewed; every other node's agent runs a command.
void FaultyJob::write_script() {
  std::string rules =
      R"({"role": "reviewer", "steps": [{"text": "{\"verdict\": \"pass\", \"summary\": \"fine\", \"findings\": []}"}]}, )"
      R"({"model": "any/executor", "contains": "Node n3:", "nth": 1, "steps": [{"write": {"n3.txt": "wrong\n"}}, {"usage": {"input": 5, "output": 1, "cost": 0.5}}, {"text": "DONE"}]})";
  for (int i = 1; i <= nodes_; ++i) {
    const std::string file = name_of(i) + ".txt";
    rules += R"(, {"contains": "Node )" + name_of(i) + R"(:", "steps": [)" +
             (i % 2 == 0 ? "{\"run\": \"" + (i == 2 ? "sh " + hook().string() + " && " : "") +
                               "echo right > " + file + "\"}"
                         : R"({"write": {")" + file + R"(": "right\n"}})") +
             R"(, {"usage": {"input": 10, "output": 2, "cost": 0.25}}, {"text": "DONE"}]})";
  }
  write_file(root() / "script.json", "{\"rules\": [" + rules + "]}");
}

plan::Plan FaultyJob::make_plan() const {
  plan::Plan plan{JobId("20260101-000000"), "Many files", repo().string(),
                  "2026-01-01T00:00:00Z",   kBranch,      {}};
  for (int i = 1; i <= nodes_; ++i) {
    plan::Node node;
    node.id = NodeId(name_of(i));
    node.title = "File " + std::to_string(i);
    node.spec = "Write " + name_of(i) + ".txt";
    node.files = {name_of(i) + ".txt"};
    if (i > 4) {
      node.depends_on.emplace_back(name_of(i - 4));
    }
    if (i > 5 && i % 3 == 0) {
      node.depends_on.emplace_back(name_of(i - 5));
    }
    const std::string test = "tests/" + name_of(i) + ".sh";
    node.test_cmd = "sh " + test;
    node.tests = {test};
    node.test_hashes[test] = sha256_hex(test_of(i));
    plan.nodes.push_back(std::move(node));
  }
  return plan;
}

/// The same repository is made once in a process and copied from then on.
void FaultyJob::make_branches(const plan::Plan& plan) {
  static std::map<int, std::unique_ptr<e2e::TempFolder>> made;
  std::unique_ptr<e2e::TempFolder>& kept = made[nodes_];
  if (kept != nullptr) {
    fs::copy(kept->path(), repo(), fs::copy_options::recursive);
    return;
  }
  make_repository();
  (void)git_says({"checkout", "-q", "-b", kBranch});
  for (int i = 1; i <= nodes_; ++i) {
    write_file(repo() / plan.nodes[static_cast<std::size_t>(i - 1)].tests[0], test_of(i));
  }
  (void)git_says({"add", "-A"});
  (void)git_says({"commit", "-q", "-m", "Tests"});
  (void)git_says({"checkout", "-q", "main"});
  kept = std::make_unique<e2e::TempFolder>();
  fs::copy(repo(), kept->path(), fs::copy_options::recursive);
}

Struck FaultyJob::strike(const Order& order, const std::vector<std::string>& arguments,
                         const std::string& command) {
  const fs::path report = root() / "report";
  write_file(report, std::string(sizeof(director_fault_report), '\0'));
  e2e::Environment variables = environment();
  variables["LD_PRELOAD"] = DIRECTOR_FAULT_SHIM;
  variables["DIRECTOR_FAULT"] = order.group + " " + std::to_string(order.from) + " " +
                                std::to_string(order.until) + " " + order.action + " " +
                                std::to_string(order.seed);
  variables["DIRECTOR_FAULT_CLOCK"] = order.clock;
  variables["DIRECTOR_FAULT_UNDER"] = (order.under.empty() ? state() : order.under).string();
  variables["DIRECTOR_FAULT_REPORT"] = report.string();
  std::vector<std::string> argv{DIRECTOR_PROGRAM, command};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  Struck struck;
  struck.ran = e2e::run(argv, repo(), variables);
  const director_fault_report seen = read_report(report);
  struck.calls = seen.calls;
  struck.fired = seen.fired;
  struck.where = seen.where;
  return struck;
}

e2e::Ran FaultyJob::go_on(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv{"run"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return director(argv);
}

std::map<std::string, int> FaultyJob::landings() {
  std::istringstream lines(git_says({"log", "--format=%(trailers:key=Director-Node,valueonly)",
                                     "main.." + std::string(kBranch)}));
  std::map<std::string, int> found;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) {
      ++found[line];
    }
  }
  return found;
}

void FaultyJob::expect_sound() {
  for (const auto& [node, times] : landings()) {
    EXPECT_EQ(times, 1) << node << " landed more than once";
  }
  // The id of "right\n".
  constexpr const char* kRight = "c376d892e8b105bd712d06ec5162b5f31ce949c3";
  std::istringstream files(git_says({"ls-tree", kBranch}));
  for (std::string line; std::getline(files, line);) {
    EXPECT_TRUE(!line.ends_with(".txt") || line.find(kRight) != std::string::npos) << line;
  }
  const e2e::Ran checked = git({"fsck", "--strict", "--no-dangling", "--no-progress"});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  EXPECT_EQ(checked.out + checked.err, "");
  EXPECT_EQ(fingerprint(), untouched_);
}

std::vector<std::string> FaultyJob::column(const std::string& file, const std::string& member,
                                           const std::string& type) {
  std::vector<std::string> values;
  const std::string bytes = read_file(state() / file);
  for (const std::string_view line : text::split_lines(bytes)) {
    const Result<Json> object = parse_json(line);
    if (!object) {
      ADD_FAILURE() << file << " has a line that is no JSON: " << line;
      continue;
    }
    const std::string kind =
        object->get_string("type").value_or(object->get_string("kind").value_or(""));
    if (type.empty() || kind == type) {
      const Result<std::string> text = object->get_string(member);
      values.push_back(text ? *text : std::to_string(object->get_number(member).value_or(-1)));
    }
  }
  return values;
}

/// Every call that was begun is closed, and the projections have what the journal has, once.
void FaultyJob::expect_books_closed() {
  const std::vector<std::string> reserved = column("journal.jsonl", "call", "call_reserved");
  const std::vector<std::string> ended = column("journal.jsonl", "call", "call_ended");
  const std::vector<std::string> costs = column("costs.jsonl", "call");
  EXPECT_THAT(ended, ::testing::UnorderedElementsAreArray(reserved));
  EXPECT_THAT(costs, ::testing::UnorderedElementsAreArray(ended));
  EXPECT_EQ(std::set(costs.begin(), costs.end()).size(), costs.size());
  EXPECT_GE(costs.size(), static_cast<std::size_t>(nodes_));
  std::vector<std::string> done = column("metrics.jsonl", "node", "node");
  const std::vector<std::string> status = column("metrics.jsonl", "status", "node");
  for (std::size_t i = done.size(); i-- > 0;) {
    if (status[i] != "done") {
      done.erase(done.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  EXPECT_EQ(std::set(done.begin(), done.end()).size(), done.size());
  EXPECT_EQ(done.size(), static_cast<std::size_t>(nodes_));
  EXPECT_FALSE(column("metrics.jsonl", "done", "run").empty());
  expect_state_done();
  e2e::check_formats(state());
}

/// By state.json.
void FaultyJob::expect_state_done() {
  const Result<Json> shown = parse_json(read_file(state() / "state.json"));
  ASSERT_TRUE(shown) << shown.error().message();
  const std::optional<Json> nodes = shown->find("nodes");
  ASSERT_TRUE(nodes);
  for (int i = 1; i <= nodes_; ++i) {
    const std::optional<Json> node = nodes->find(name_of(i));
    ASSERT_TRUE(node) << name_of(i);
    EXPECT_EQ(node->get_string("status").value_or(""), "done") << name_of(i);
  }
}

void FaultyJob::expect_nothing_left() {
  // What a killed director started ends by itself; how soon is the system's affair.
  constexpr int kPatience = 1000;
  std::vector<std::string> running = processes_about(root());
  for (int i = 0; i < kPatience && !running.empty(); ++i) {
    usleep(10'000);
    running = processes_about(root());
  }
  EXPECT_THAT(running, IsEmpty());
  for (const fs::path& folder : {state(), repo() / ".git", root() / "home"}) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      // An object that was being written (objects/tmp_*) is left to `git gc`, which knows whether
      // another program of the user is writing it.
      EXPECT_TRUE(name.find(".tmp-") == std::string::npos && !name.ends_with(".lock"))
          << "left over: " << entry.path();
    }
  }
  EXPECT_EQ(git_says({"for-each-ref", "--format=%(refname)"}),
            "refs/heads/" + std::string(kBranch) + "\nrefs/heads/main");
}

void FaultyJob::expect_complete() {
  const std::map<std::string, int> landed = landings();
  EXPECT_EQ(landed.size(), static_cast<std::size_t>(nodes_));
  expect_sound();
  expect_books_closed();
  expect_nothing_left();
}

}  // namespace director::fault
