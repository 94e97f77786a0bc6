#include "core/plan/plan_json.hpp"

#include "core/base/json.hpp"

namespace director::plan {
namespace {

Result<Difficulty> read_difficulty(const Json& node) {
  DIRECTOR_TRY(const auto text, node.find_string("estimated_difficulty"));
  if (!text) {
    return Difficulty::Medium;
  }
  const std::optional<Difficulty> difficulty = parse_difficulty(*text);
  if (!difficulty) {
    return node.get("estimated_difficulty")->error("expected \"easy\", \"medium\" or \"hard\"");
  }
  return *difficulty;
}

Result<std::map<std::string, std::string>> read_hashes(const Json& node) {
  std::map<std::string, std::string> hashes;
  const std::optional<Json> found = node.find("test_hashes");
  if (!found || found->is_null()) {
    return hashes;
  }
  if (!found->is_object()) {
    return found->error("expected an object from paths to hashes");
  }
  for (const auto& [path, value] : found->members()) {
    DIRECTOR_TRY(std::string hash, value.as_string());
    if (hash.size() != 64 || hash.find_first_not_of("0123456789abcdef") != std::string::npos) {
      return value.error("expected a SHA-256 as 64 lower-case hexadecimal digits");
    }
    hashes.emplace(path, std::move(hash));
  }
  return hashes;
}

Result<Node> read_node(const Json& json) {
  Node node;
  DIRECTOR_TRY(std::string id, json.get_string("id"));
  node.id = NodeId(std::move(id));
  DIRECTOR_TRY(auto title, json.find_string("title"));
  node.title = std::move(title).value_or("");
  DIRECTOR_TRY(auto spec, json.find_string("spec"));
  node.spec = std::move(spec).value_or("");
  DIRECTOR_TRY(auto files, json.find_strings("files"));
  node.files = std::move(files).value_or(std::vector<std::string>{});
  DIRECTOR_TRY(auto depends_on, json.find_strings("depends_on"));
  for (std::string& dependency : depends_on.value_or(std::vector<std::string>{})) {
    node.depends_on.emplace_back(std::move(dependency));
  }
  DIRECTOR_TRY(auto test_cmd, json.find_string("test_cmd"));
  node.test_cmd = std::move(test_cmd).value_or("");
  DIRECTOR_TRY(auto tests, json.find_strings("tests"));
  node.tests = std::move(tests).value_or(std::vector<std::string>{});
  DIRECTOR_TRY(node.difficulty, read_difficulty(json));
  DIRECTOR_TRY(node.test_hashes, read_hashes(json));
  return node;
}

void write_node(JsonWriter& json, const Node& node) {
  json.begin_object()
      .member("id", node.id.value)
      .member("title", node.title)
      .member("spec", node.spec)
      .member("files", node.files)
      .key("depends_on")
      .begin_array();
  for (const NodeId& dependency : node.depends_on) {
    json.value(dependency.value);
  }
  json.end_array()
      .member("test_cmd", node.test_cmd)
      .member("tests", node.tests)
      .member("estimated_difficulty", to_string(node.difficulty))
      .key("test_hashes")
      .begin_object();
  for (const auto& [path, hash] : node.test_hashes) {
    json.member(path, hash);
  }
  json.end_object().end_object();
}

}  // namespace

Result<Plan> parse_plan(std::string_view text) {
  DIRECTOR_TRY(const Json json, parse_json(text).context("cannot read the plan"));
  Plan plan;
  DIRECTOR_TRY(std::string job_id, json.get_string("job_id").context("cannot read the plan"));
  plan.job_id = JobId(std::move(job_id));
  DIRECTOR_TRY(plan.task, json.get_string("task").context("cannot read the plan"));
  DIRECTOR_TRY(plan.repo, json.get_string("repo").context("cannot read the plan"));
  DIRECTOR_TRY(plan.created_at, json.get_string("created_at").context("cannot read the plan"));
  DIRECTOR_TRY(plan.job_branch, json.get_string("job_branch").context("cannot read the plan"));
  DIRECTOR_TRY(const auto nodes, json.get_array("nodes").context("cannot read the plan"));
  plan.nodes.reserve(nodes.size());
  for (const Json& json_node : nodes) {
    DIRECTOR_TRY(Node node, read_node(json_node).context("cannot read the plan"));
    plan.nodes.push_back(std::move(node));
  }
  return plan;
}

std::string to_json(const Plan& plan) {
  JsonWriter json(JsonWriter::Style::Pretty);
  json.begin_object()
      .member("job_id", plan.job_id.value)
      .member("task", plan.task)
      .member("repo", plan.repo)
      .member("created_at", plan.created_at)
      .member("job_branch", plan.job_branch)
      .key("nodes")
      .begin_array();
  for (const Node& node : plan.nodes) {
    write_node(json, node);
  }
  json.end_array().end_object();
  return json.take() + "\n";
}

}  // namespace director::plan
