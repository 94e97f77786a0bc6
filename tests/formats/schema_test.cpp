// The schemas: every field that they require is needed, typed and enumerated, and the journal's has
// every event that the kernel can write.
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/engine/codec.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/unit/matchers.hpp"

namespace director::support {
namespace {

using director::testing::FailsWith;
using director::testing::IsOk;
using rapidjson::Value;

const std::string kHash(64, 'a');

/// Gives every field of an event a value that can stand there.
struct Filler {
  template <typename Tag>
  void operator()(std::string_view /*name*/, Id<Tag>& id) const {
    id.value = "some";
  }
  void operator()(std::string_view name, std::string& text) const {
    static const std::map<std::string_view, std::string> kWords{{"gate", "spec"},
                                                                {"watch", "observed"},
                                                                {"outcome", "done"},
                                                                {"role", "executor"},
                                                                {"points", "inside"}};
    const auto found = kWords.find(name);
    text = found == kWords.end() ? "some" : found->second;
  }
  void operator()(std::string_view /*name*/, std::vector<std::string>& texts) const {
    texts = {"some"};
  }
  void operator()(std::string_view /*name*/, std::map<std::string, std::string>& map) const {
    map = {{"tests/a", kHash}};
  }
  template <typename T>
  requires std::is_enum_v<T>
  void operator()(std::string_view /*name*/, T& /*value*/) const {}
  template <typename T>
  requires std::is_arithmetic_v<T>
  void operator()(std::string_view /*name*/, T& value) const { value = static_cast<T>(1); }
};

template <typename Variant, std::size_t... I>
void encode_all(std::vector<std::string>& lines, std::index_sequence<I...> /*all*/) {
  const auto one = [&](auto event) {
    Filler filler;
    event.fields(filler);
    lines.push_back(engine::encode(run::Event(Variant(std::move(event))), run::At{1, 1}));
  };
  (one(std::variant_alternative_t<I, Variant>{}), ...);
}

/// One line of each kind that the kernel can write.
std::vector<std::string> every_event() {
  std::vector<std::string> lines;
  encode_all<run::PlanEvent>(lines,
                             std::make_index_sequence<std::variant_size_v<run::PlanEvent>>());
  encode_all<run::RunEvent>(lines, std::make_index_sequence<std::variant_size_v<run::RunEvent>>());
  encode_all<run::MoneyEvent>(lines,
                              std::make_index_sequence<std::variant_size_v<run::MoneyEvent>>());
  return lines;
}

constexpr const char* kNodeState =
    R"({"id": "a", "status": "done", "attempts": 1, "tier_used": "executor", "model_used": "p/m",
        "escalated": false, "tokens": {"input": 1, "output": 1}, "cost_usd": 0.5, "error": "",
        "worktree": "", "review_stage_two": false, "review_blocks": 0, "review_summary": "",
        "review_advice": "", "infra_retries": 0, "failure_points": "nowhere", "wall_secs": 1.5, "watch_it_fail": "unknown", "flake_failed": false})";

std::map<std::string, std::vector<std::string>> good_documents() {
  const std::string spend = R"({"x": {"input": 1, "output": 1, "cost": 0, "calls": 1}})";
  const std::string node_state(kNodeState);
  return {
      {"plan",
       {R"({"job_id": "j", "task": "t", "repo": "/r", "created_at": "now",
          "job_branch": "director/job-j", "nodes": [{"id": "a", "title": "A", "spec": "s",
          "files": ["f"], "depends_on": [], "test_cmd": "true", "tests": ["t"],
          "estimated_difficulty": "easy", "test_hashes": {"t": ")" +
        kHash + R"("}}]})"}},
      {"plan_stage", {R"({"job_id": "j", "task": "t", "job_branch": "director/job-j",
          "stage": "spec", "auto": true, "critique": false})"}},
      {"state", {R"({"nodes": {"a": )" + node_state + "}}"}},
      {"costs", {R"({"role": "planner", "model": "p/m", "input": 1, "output": 1, "cost": 0.25,
          "node": "", "ts": 1.5})"}},
      {"metrics",
       {R"({"kind": "node", "ts": 1, "job_id": "j", "node": "a", "title": "A",
          "difficulty": "hard", "status": "failed", "tier_used": "", "model_used": "",
          "attempts": 0, "escalated": false, "wall_secs": 0, "tokens": {"input": 0, "output": 0},
          "cost_usd": 0, "by_role": )" +
            spend + R"(, "review_stage_two": true, "review_blocks": 1, "watch_it_fail":
          {"verdict": "unknown", "ran_before_edit": false, "observed_failure": false},
          "flake_failed": false, "infra_retries": 1, "failure_points": "",
          "cpu_secs": 1.5, "peak_memory_mb": 3})",
        R"({"kind": "run", "ts": 1, "job_id": "j", "tiers": {"planner": "p/m",
          "test_author": "p/m", "executor": "p/m", "explorer": "p/m", "reviewer": "p/m",
          "escalation": "p/m"}, "n_nodes": 1, "done": 1, "failed": 0, "escalated": 0,
          "executor_tier_completion": 1, "executor_tier_pct": 100, "escalation_rate": 0,
          "stage_two_trigger_rate": 0.5, "infra_retries": 0, "integration_ok": true, "wall_secs": 1, "cost_total": 0,
          "by_role": )" +
            spend + R"(, "by_model": )" + spend + "}"}},
      {"status",
       {R"({"job_id": "j", "task": "t", "job_branch": "b", "stage": "gate_spec",
          "cost_total": 0.5})",
        R"({"job_id": "j", "task": "t", "job_branch": "b", "stage": "ready",
          "cost_total": 0.5, "outcome": "done", "n_nodes": 1, "done": 1, "escalated": 0,
          "failed": 0, "executor_tier_completion": 1, "stage_two_trigger_rate": 0,
          "watch_it_fail_observed": 1, "flakes": 0, "infra_retries": 0, "integration_ok": null,
          "nodes": {"a": )" +
            node_state + "}}"}},
      {"journal", every_event()},
      {"bench_job", {R"({"task": "t", "plan_profile": "p", "profiles": ["p"], "job_id": "j",
          "job_branch": "director/job-j", "commit": "", "ended": false})"}},
      {"bench", {R"({"task": "t", "job_id": "j", "job_branch": "director/job-j", "commit": "c",
          "plan_profile": "p", "n_nodes": 1, "planning_cost_usd": 0.5, "baseline": "all-frontier",
          "saving_target": 0.8, "ended": true, "profiles": [{"profile": "p", "job_id": "j-p",
          "job_branch": "director/bench-p-j", "outcome": "done", "error": "", "n_nodes": 1,
          "done": 1, "executor_tier_completion": 1, "executor_tier_pct": 100, "escalated": 0,
          "escalation_rate": 0, "stage_two_trigger_rate": 0, "integration_ok": null,
          "run_cost_usd": 0.5, "calls": 2, "wall_secs": 1.5, "saving": null,
          "on_target": null}]})"}},
  };
}

std::string json_of(const Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return buffer.GetString();
}

/// Breaks a document in every way that its schema speaks of, one at a time.
class Mutations {
 public:
  Mutations(const JsonSchema& schema, rapidjson::Document& document)
      : schema_(schema), document_(document) {}

  /// `rules` is the schema of `value`, a part of the document. Puts everything back.
  void try_all(const Value& rules, Value& value) {
    if (const auto items = rules.FindMember("items");
        items != rules.MemberEnd() && value.IsArray()) {
      for (Value& item : value.GetArray()) {
        try_all(items->value, item);
      }
    }
    if (!value.IsObject()) {
      return;
    }
    if (const auto required = rules.FindMember("required"); required != rules.MemberEnd()) {
      for (const Value& name : required->value.GetArray()) {
        remove(value, name.GetString());
      }
    }
    for (auto& entry : value.GetObject()) {
      if (const Value* inner = rules_of(rules, entry.name.GetString()); inner != nullptr) {
        replace(*inner, entry.value, entry.name.GetString());
        try_all(*inner, entry.value);
      }
    }
  }

  [[nodiscard]] int tried() const { return tried_; }

 private:
  static const Value* rules_of(const Value& rules, const char* name) {
    if (const auto properties = rules.FindMember("properties"); properties != rules.MemberEnd()) {
      const auto found = properties->value.FindMember(name);
      return found == properties->value.MemberEnd() ? nullptr : &found->value;
    }
    const auto others = rules.FindMember("additionalProperties");
    return others == rules.MemberEnd() ? nullptr : &others->value;
  }

  void expect_refused(const std::string& what, const std::string& part) {
    ++tried_;
    EXPECT_THAT(schema_.check(json_of(document_)), FailsWith(Errc::Invalid, part)) << what;
  }

  void remove(Value& object, const std::string& name) {
    Value kept;
    kept = object[name.c_str()];
    object.RemoveMember(name.c_str());
    expect_refused("without " + name, "");
    object.AddMember(Value(name.c_str(), document_.GetAllocator()), kept, document_.GetAllocator());
  }

  void replace(const Value& rules, Value& value, const std::string& name) {
    Value kept;
    kept = value;
    value.SetArray();
    value.PushBack(Value(), document_.GetAllocator());
    expect_refused(name + " of another type", "");
    if (rules.HasMember("enum")) {
      value.SetString("no such word");
      expect_refused(name + " is none of its words", "");
    }
    value = kept;
  }

  const JsonSchema& schema_;
  rapidjson::Document& document_;
  int tried_ = 0;
};

rapidjson::Document parse(const std::string& text) {
  rapidjson::Document document;
  document.Parse(text.c_str(), text.size());
  EXPECT_FALSE(document.HasParseError()) << text;
  return document;
}

std::string schema_text(const std::string& name) {
  std::ifstream file(std::string(DIRECTOR_FORMATS) + "/" + name + ".schema.json");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The alternative that the document fits, or the whole schema.
const Value& rules_for(const rapidjson::Document& schema, const std::string& document) {
  if (const auto all = schema.FindMember("oneOf"); all != schema.MemberEnd()) {
    for (const Value& one : all->value.GetArray()) {
      const Result<JsonSchema> alone = JsonSchema::parse(json_of(one));
      if (alone && alone->check(document)) {
        return one;
      }
    }
  }
  return schema;
}

class Schema : public ::testing::TestWithParam<std::string> {};

TEST_P(Schema, AcceptsGoodDocumentsAndRefusesEachMutation) {
  const Result<JsonSchema> schema = JsonSchema::load(GetParam());
  ASSERT_THAT(schema, IsOk());
  const rapidjson::Document rules = parse(schema_text(GetParam()));
  const std::vector<std::string> documents = good_documents().at(GetParam());
  for (const std::string& text : documents) {
    ASSERT_THAT(schema->check(text), IsOk()) << text;
    rapidjson::Document document = parse(text);
    Mutations mutations(*schema, document);
    mutations.try_all(rules_for(rules, text), document);
    EXPECT_GE(mutations.tried(), 6) << text;
    EXPECT_THAT(schema->check(json_of(document)), IsOk()) << "the document was not put back";
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Schema,
                         ::testing::Values("plan", "plan_stage", "state", "costs", "metrics",
                                           "status", "journal", "bench", "bench_job"),
                         [](const auto& one) { return one.param; });

TEST(JournalSchema, KnowsEveryFieldOfEveryEvent) {
  const rapidjson::Document rules = parse(schema_text("journal"));
  const std::vector<std::string> lines = every_event();
  EXPECT_EQ(lines.size(), rules["oneOf"].Size()) << "a type in the schema that no code writes";
  for (const std::string& line : lines) {
    const rapidjson::Document document = parse(line);
    const Value& alternative = rules_for(rules, line);
    for (const auto& entry : document.GetObject()) {
      EXPECT_TRUE(alternative.HasMember("properties") &&
                  alternative["properties"].HasMember(entry.name))
          << entry.name.GetString() << " of " << line;
    }
  }
}

}  // namespace
}  // namespace director::support
