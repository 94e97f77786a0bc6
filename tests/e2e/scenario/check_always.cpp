#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "core/base/sha256.hpp"
#include "core/base/text.hpp"
#include "tests/e2e/formats.hpp"
#include "tests/e2e/scenario/checks.hpp"

namespace director::e2e {
namespace {

constexpr double kCent = 1e-9;

/// Each call is paid for once, and one that said something has its transcript.
void check_money(Stage& stage, const Json& status) {
  const bool has_transcripts = !stage.scripted();
  const fs::path state = stage.world().state();
  double total = 0;
  std::set<std::string> calls;
  const std::vector<Json> costs = stage.costs();
  for (const Json& line : costs) {
    total += line.get_number("cost").value_or(0);
    const std::string call = text_of(line, "call");
    EXPECT_TRUE(calls.insert(call).second) << "call '" << call << "' stands in costs.jsonl twice";
    if (has_transcripts && line.get_int("output").value_or(0) != 0) {
      EXPECT_GT(line.get_int("input").value_or(0), 0) << call << " answered nothing that was asked";
      EXPECT_TRUE(fs::exists(state / "logs" / (call + ".jsonl"))) << "no transcript of " << call;
    }
  }
  EXPECT_NEAR(status.get_number("cost_total").value_or(-1), total, kCent)
      << "status --json and costs.jsonl";
  std::set<std::string> ended;
  std::int64_t sequence = 0;
  for (const Json& line : lines_of(state / "journal.jsonl")) {
    EXPECT_EQ(line.get_int("seq").value_or(-1), ++sequence) << "journal.jsonl";
    if (text_of(line, "type") == "call_ended") {
      EXPECT_TRUE(ended.insert(text_of(line, "call")).second) << "a call ended twice";
    }
  }
  EXPECT_EQ(ended, calls) << "calls in journal.jsonl and in costs.jsonl";
  for (const Json& line : stage.metrics()) {
    if (text_of(line, "kind") != "run") {
      continue;
    }
    double so_far = 0;
    for (const Json& cost : costs) {
      const bool before = cost.get_number("ts").value_or(0) <= line.get_number("ts").value_or(0);
      so_far += before ? cost.get_number("cost").value_or(0) : 0;
    }
    EXPECT_NEAR(line.get_number("cost_total").value_or(-1), so_far, kCent) << "metrics.jsonl";
  }
}

/// What an agent did took time of the processor and memory, on each transport.
void check_usage(const fs::path& state) {
  for (const Json& line : lines_of(state / "journal.jsonl")) {
    if (text_of(line, "type") == "agent_ended" && text_of(line, "outcome") == "ok") {
      EXPECT_GT(line.get_int("cpu_ms").value_or(0), 0) << text_of(line, "node");
      EXPECT_GT(line.get_int("peak_memory_kb").value_or(0), 0) << text_of(line, "node");
    }
  }
}

void check_transcripts(const fs::path& logs) {
  if (!fs::exists(logs)) {
    return;
  }
  for (const auto& entry : fs::directory_iterator(logs)) {
    if (entry.path().extension() != ".jsonl") {
      continue;
    }
    for (const Json& event : lines_of(entry.path())) {
      EXPECT_TRUE(event.is_object() && event.get_string("type")) << entry.path();
    }
  }
}

/// The job branch has one commit of each node that is done and of no other, and the tests that
/// plan.json pins.
void check_landed(Stage& stage, const Json& status) {
  World& world = stage.world();
  const std::optional<Json> nodes = status.find("nodes");
  const Result<Json> plan = parse_json(read_file(world.state() / "plan.json"));
  if (!nodes || !plan) {
    return;
  }
  std::multiset<std::string> done;
  for (const auto& [id, node] : nodes->members()) {
    if (text_of(node, "status") == "done") {
      done.insert(id);
    }
  }
  const std::vector<std::string> nodes_landed = stage.repository().landed(stage.branch());
  const std::multiset<std::string> landed(nodes_landed.begin(), nodes_landed.end());
  EXPECT_EQ(landed, done) << "commits on the job branch, and nodes that are done";
  const std::vector<Json> planned = plan->get_array("nodes").value();
  for (const Json& node : planned) {
    const Json pinned = node.get_object("test_hashes").value();
    for (const auto& [path, hash] : pinned.members()) {
      const std::string bytes = stage.repository().read(stage.branch(), path).value_or("");
      EXPECT_EQ(sha256_hex(bytes), hash.as_string().value()) << path << " is not as frozen";
    }
  }
}

/// Its arguments name the folders beside its own: of another test that runs now, this one's.
bool is_supervisor(const std::string& arguments) {
  return fs::path(arguments.substr(0, arguments.find('\0'))).filename() == "director-supervise";
}

/// Nothing that ran in the stage's folders, or with its environment, is alive.
void check_processes(Stage& stage) {
  const std::string mark = stage.world().root().string();
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename().string();
    if (!std::all_of(pid.begin(), pid.end(), [](unsigned char c) { return std::isdigit(c); })) {
      continue;
    }
    const std::string command = read_file(entry.path() / "cmdline");
    std::error_code gone;
    const bool ours = (command.find(mark) != std::string::npos && !is_supervisor(command)) ||
                      fs::read_symlink(entry.path() / "cwd", gone).string().starts_with(mark) ||
                      read_file(entry.path() / "environ").find(mark) != std::string::npos;
    EXPECT_FALSE(ours) << "process " << pid << " is left: " << text::printable(command);
  }
}

/// Every request found a rule: a scenario does not rest on answers that nobody wrote. Not those for
/// a server of the agent tool that a test beside this one had on the port which the model has now.
void check_answers(const Stage& stage) {
  for (const Json& request : stage.requests()) {
    const std::string problem = request.get_string("problem").value_or("");
    EXPECT_TRUE(request.get_string("rule") || problem.starts_with("no such path: '/global/health'"))
        << "no rule answered: " << problem;
  }
}

}  // namespace

void check_always(Stage& stage) {
  stage.stop_model();
  check_processes(stage);
  if (!stage.scripted()) {  // runner-scripted fails where no rule answers
    check_answers(stage);
  }
  World& world = stage.world();
  stage.repository().check_whole();
  check_formats(world.state());
  if (!stage.scripted()) {  // what runner-scripted leaves is the output of its commands
    check_transcripts(world.state() / "logs");
    check_usage(world.state());
  }
  if (!fs::exists(world.state() / "journal.jsonl")) {
    return;
  }
  const Ran ran = world.director({"status", "--json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  check_document("status", ran.out, "status --json");
  const Result<Json> status = parse_json(ran.out);
  ASSERT_TRUE(status) << ran.out;
  check_money(stage, *status);
  check_landed(stage, *status);
}

}  // namespace director::e2e
