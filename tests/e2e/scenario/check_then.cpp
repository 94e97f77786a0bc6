#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/text.hpp"
#include "tests/e2e/scenario/checks.hpp"
#include "tests/e2e/scenario/match.hpp"

namespace director::e2e {
namespace {

void check_files(const Contents& files, const fs::path& folder, const Stage& stage) {
  for (const auto& [name, content] : files) {
    const fs::path path = folder / stage.fill(name);
    if (!content.exact && !content.parts && !content.json) {
      EXPECT_FALSE(fs::exists(path)) << path << " should not exist";
      continue;
    }
    EXPECT_TRUE(fs::is_regular_file(path)) << "there is no " << path;
    const std::string bytes = read_file(path);
    if (content.exact) {
      EXPECT_EQ(bytes, stage.fill(*content.exact)) << path;
    }
    if (content.parts) {
      expect_none(differences(stage.fill(*content.parts), bytes), path.string());
    }
    if (content.json) {
      const Result<Json> parsed = parse_json(bytes);
      ASSERT_TRUE(parsed) << path << ": " << parsed.error().message();
      expect_none(differences(*content.json, *parsed), path.string());
    }
  }
}

void check_nodes(const Json& expected, Stage& stage) {
  const Result<Json> state = parse_json(read_file(stage.world().state() / "state.json"));
  ASSERT_TRUE(state) << "state.json: " << state.error().message();
  const Json nodes = state->get_object("nodes").value();
  expect_none(differences(expected, nodes), "state.json");
  for (const auto& [id, node] : nodes.members()) {
    EXPECT_TRUE(expected.find(id))
        << "the scenario says nothing of node '" << id << "', which is " << text_of(node, "status");
  }
}

void check_calls(const std::map<std::string, std::int64_t>& expected, Stage& stage) {
  std::map<std::string, std::int64_t> calls;
  for (const Json& line : stage.costs()) {
    ++calls[text_of(line, "role")];
  }
  EXPECT_EQ(calls, expected) << "calls per role in costs.jsonl";
}

/// The text of all messages of a role.
std::string said_by(const Json& request, std::string_view role) {
  if (!request.find("messages")) {  // a call of the scripted runner
    return text_of(request, role == "user" ? "message" : "system_prompt");
  }
  std::string all;
  const std::vector<Json> messages = request.get_array("messages").value();
  for (const Json& message : messages) {
    const std::optional<Json> content = message.find("content");
    if (text_of(message, "role") != role || !content) {
      continue;
    }
    if (content->is_string()) {
      all += content->as_string().value() + "\n";
    } else if (content->is_array()) {
      const std::vector<Json> parts = content->as_array().value();
      for (const Json& part : parts) {
        all += part.get_string("text").value_or("") + "\n";
      }
    }
  }
  return all;
}

void check_requests(const Then& then, Stage& stage) {
  std::map<std::string, std::int64_t> answered;
  std::map<std::string, std::string> tools;
  for (const Json& request : stage.requests()) {
    const std::string rule = request.get_string("rule").value_or("");
    answered[rule] += stage.scripted() ? stage.requests_of_call(rule) : 1;
    const auto prompt = then.prompts.find(rule);
    if (prompt == then.prompts.end()) {
      continue;
    }
    const std::string what = "a request that rule '" + rule + "' answered";
    expect_none(differences(stage.fill(prompt->second.user), said_by(request, "user")), what);
    expect_none(differences(stage.fill(prompt->second.system), said_by(request, "system")), what);
    tools[rule] += said_by(request, "tool");
    if (prompt->second.parameters) {
      expect_none(differences(*prompt->second.parameters, request.get_object("parameters").value()),
                  what);
    }
  }
  for (const auto& [rule, prompt] : then.prompts) {
    EXPECT_GT(answered[rule], 0) << "rule '" << rule << "' answered nothing";
    expect_none(differences(stage.fill(prompt.tools), tools[rule]),
                "what the tools answered under rule '" + rule + "'");
  }
  for (const auto& [rule, count] : then.requests) {
    EXPECT_EQ(answered[rule], count) << "requests that rule '" << rule << "' answered";
  }
}

void check_metrics(const Metrics& expected, Stage& stage) {
  std::int64_t nodes = 0;
  std::int64_t runs = 0;
  std::optional<Json> last_run;
  for (const Json& line : stage.metrics()) {
    if (text_of(line, "kind") == "run") {
      ++runs;
      last_run = line;
    } else {
      ++nodes;
    }
  }
  EXPECT_EQ(expected.nodes.value_or(nodes), nodes) << "lines of nodes in metrics.jsonl";
  EXPECT_EQ(expected.runs.value_or(runs), runs) << "lines of runs in metrics.jsonl";
  if (expected.last_run) {
    ASSERT_TRUE(last_run) << "metrics.jsonl has no run";
    expect_none(differences(*expected.last_run, *last_run), "metrics.jsonl");
  }
}

void check_status(const Json& expected, Stage& stage) {
  const Ran ran = stage.world().director({"status", "--json"});
  const Result<Json> status = parse_json(ran.out);
  ASSERT_TRUE(status) << ran.out << ran.err;
  expect_none(differences(expected, *status), "status --json");
}

void check_branch(const Branch& expected, Stage& stage) {
  if (expected.files.empty() && expected.run.empty() && !expected.changed) {
    return;
  }
  const fs::path folder = stage.check_out("landed");
  check_files(expected.files, folder, stage);
  for (const std::string& command : expected.run) {
    const Ran ran = run({"/bin/sh", "-c", command}, folder, stage.world().environment());
    EXPECT_EQ(ran.exit_code, 0) << command << "\n" << ran.out << ran.err;
  }
  if (expected.changed) {
    EXPECT_EQ(stage.repository().changed(stage.branch()), *expected.changed)
        << "paths that the job branch changes";
  }
  fs::remove_all(folder);
}

}  // namespace

void expect_none(const std::string& differences, const std::string& where) {
  EXPECT_TRUE(differences.empty()) << where << ":\n" << differences;
}

void check(const Then& then, Stage& stage) {
  check_files(then.files, stage.world().repo(), stage);
  if (then.nodes) {
    check_nodes(*then.nodes, stage);
  }
  if (then.calls) {
    check_calls(*then.calls, stage);
  }
  check_requests(then, stage);
  check_metrics(then.metrics, stage);
  if (then.status) {
    check_status(*then.status, stage);
  }
  check_branch(then.branch, stage);
}

}  // namespace director::e2e
