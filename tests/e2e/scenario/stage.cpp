#include "tests/e2e/scenario/stage.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/base/sha256.hpp"
#include "core/base/text.hpp"

namespace director::e2e {
namespace {

constexpr const char* kJob = "20260101-000000";

void replace_all(std::string& text, std::string_view part, std::string_view with) {
  for (std::size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + with.size())) {
    text.replace(at, part.size(), with);
  }
}

void write_strings(JsonWriter& out, const Json& node, std::string_view key) {
  out.member(key,
             node.find_strings(key).value_or(std::nullopt).value_or(std::vector<std::string>()));
}

std::string repeated(const std::string& text, std::int64_t times) {
  std::string all;
  for (std::int64_t i = 0; i < times; ++i) {
    all += text;
  }
  return all;
}

/// plan.json from the scenario's nodes, with the hashes of their tests in `checkout`.
std::string plan_json(const Json& plan, const fs::path& checkout, const std::string& repo) {
  JsonWriter out(JsonWriter::Style::Pretty);
  out.begin_object();
  out.member("job_id", kJob).member("task", text_of(plan, "task"));
  out.member("repo", repo).member("created_at", "2026-01-01T00:00:00Z");
  out.member("job_branch", std::string("director/job-") + kJob);
  out.key("nodes").begin_array();
  for (const Json& node : plan.get_array("nodes").value()) {
    out.begin_object();
    for (const char* key : {"id", "title", "test_cmd"}) {
      out.member(key, text_of(node, key));
    }
    out.member("spec", repeated(text_of(node, "spec"), node.get_int("spec_times").value_or(1)));
    for (const char* key : {"files", "depends_on", "tests"}) {
      write_strings(out, node, key);
    }
    out.member("estimated_difficulty",
               node.get_string("estimated_difficulty").value_or(std::string("easy")));
    out.key("test_hashes").begin_object();
    for (const std::string& path : node.get_strings("tests").value()) {
      EXPECT_TRUE(fs::exists(checkout / path)) << "the scenario's job/ has no '" << path << "'";
      out.member(path, sha256_hex(read_file(checkout / path)));
    }
    out.end_object().end_object();
  }
  out.end_array().end_object();
  return out.take() + "\n";
}

}  // namespace

std::vector<Json> lines_of(const fs::path& file) {
  std::vector<Json> lines;
  const std::string bytes = read_file(file);
  for (const std::string_view line : text::split_lines(bytes)) {
    Result<Json> parsed = parse_json(line);
    EXPECT_TRUE(parsed) << file << ": " << line;
    if (parsed) {
      lines.push_back(std::move(parsed).value());
    }
  }
  return lines;
}

std::string text_of(const Json& object, std::string_view key) {
  return object.get_string(key).value_or("(no " + std::string(key) + ")");
}

Stage::Stage(const Scenario& scenario, Backends backends)
    : backends_(std::move(backends)), repository_(open_repository(world_, backends_)) {
  for (const auto& [name, value] : scenario.environment) {
    world_.environment()[name] = value;
  }
  set_up(scenario);
  if (scenario.plan) {
    use_plan(scenario);
  }
}

void Stage::use_model(const Scenario& scenario) {
  world_.use_opencode();
  model_ =
      std::make_unique<ScriptedModel>(own_or_shared(scenario.folder, "model.json"), world_.root());
  std::string tool = read_file(own_or_shared(scenario.folder, "opencode.json"));
  replace_all(tool, "@ENDPOINT@", model_->endpoint());
  write_file(world_.repo() / "opencode.json", tool);
}

/// The scenario's own, or the model's rules played without a model.
void Stage::write_script(const Scenario& scenario) {
  const fs::path script = world_.root() / "script.json";
  if (scenario.script) {
    write_file(script, fill(read_file(*scenario.script)));
    return;
  }
  const fs::path model = own_or_shared(scenario.folder, "model.json");
  const Result<std::string> converted = script_of_model(model);
  ASSERT_TRUE(converted) << converted.error().message();
  write_file(script, *converted);
  const std::vector<Json> rules = parse_json(read_file(model))->get_array("rules").value();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const std::string name =
        rules[i].get_string("name").value_or("rules[" + std::to_string(i) + "]");
    turns_[name] = static_cast<std::int64_t>(rules[i].get_array("turns")->size());
  }
}

std::string Stage::use_backends(const Scenario& scenario) {
  const std::string root = world_.root().string();
  std::string tables;
  if (backends_.runner == "runner-scripted") {
    write_script(scenario);
    tables += "[plugin.runner-scripted]\nscript = \"" + root + "/script.json\"\n";
    tables += scenario.script ? "" : "log = \"" + root + "/requests.jsonl\"\n";
  }
  if (backends_.gate == "gate-scripted") {
    write_file(world_.root() / "gates.json", fill(read_file(scenario.folder / "gates.json")));
    tables += "[plugin.gate-scripted]\nscript = \"" + root + "/gates.json\"\n";
  }
  if (backends_.sink == "sink-memory") {
    tables += "[plugin.sink-memory]\nfile = \"" + root + "/records.jsonl\"\n";
  }
  std::string chosen;
  for (const auto& [key, id, usual] : {std::tuple{"runner", backends_.runner, "runner-opencode"},
                                       std::tuple{"vcs", backends_.vcs, "vcs-git"},
                                       std::tuple{"gate", backends_.gate, "gate-shell"}}) {
    chosen += id == usual ? "" : std::string(key) + " = \"" + id + "\"\n";
  }
  if (backends_.sink != "metrics-jsonl") {
    chosen += "sinks = [\"" + backends_.sink + "\"]\n";
  }
  if (chosen.empty()) {
    return "";  // the scenario may have tables of its own
  }
  std::string path = std::string("\"") + DIRECTOR_TEST_PLUGINS + "\"";
  for (const fs::path& folder : backends_.path) {
    path += ", \"" + folder.string() + "\"";
  }
  return "\n[plugins]\n" + chosen + "path = [" + path + "]\n" + tables;
}

void Stage::set_up(const Scenario& scenario) {
  repository_->make(own_or_shared(scenario.folder, "repo"));
  std::string config = read_file(fs::path(DIRECTOR_SCENARIOS) / "_shared" / "config.toml");
  config += use_backends(scenario);
  // The scenario's own comes last: its steps may add to its last table.
  if (fs::exists(scenario.folder / "config.toml")) {
    config += "\n" + fill(read_file(scenario.folder / "config.toml"));
  }
  if (!scripted()) {
    use_model(scenario);
  }
  write_file(world_.state() / "config.toml", config);
  if (fs::exists(scenario.folder / "bin")) {
    fs::copy(scenario.folder / "bin", world_.root() / "bin", fs::copy_options::recursive);
    std::string& path = world_.environment()["PATH"];
    path = (world_.root() / "bin").string() + ":" + path;
  }
}

void Stage::use_plan(const Scenario& scenario) {
  const std::string branch = std::string("director/job-") + kJob;
  const fs::path clone = world_.root() / "author";
  repository_->check_out("", clone);
  if (fs::exists(scenario.job)) {
    fs::copy(scenario.job, clone,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }
  write_file(world_.state() / "plan.json",
             plan_json(*scenario.plan, clone, world_.repo().string()));
  repository_->commit(clone, "Add the tests", branch);
}

void Stage::apply(const std::vector<Edit>& edits) {
  for (const Edit& edit : edits) {
    if (edit.kind != Edit::Kind::OnBranch) {
      apply_in(world_.repo(), edit);
      continue;
    }
    const fs::path clone = check_out("author");
    for (const Edit& inner : edit.edits) {
      apply_in(clone, inner);
    }
    repository_->commit(clone, edit.text, branch());
  }
}

void Stage::apply_in(const fs::path& folder, const Edit& edit) {
  const fs::path file = folder / fill(edit.path);
  switch (edit.kind) {
    case Edit::Kind::Write:
      write_file(file, fill(edit.text));
      return;
    case Edit::Kind::Append:
      write_file(file, read_file(file) + fill(edit.text));
      return;
    case Edit::Kind::Replace: {
      std::string text = read_file(file);
      const std::string old_text = fill(edit.old_text);
      ASSERT_NE(text.find(old_text), std::string::npos)
          << "'" << edit.path << "' has no '" << old_text << "':\n"
          << text;
      replace_all(text, old_text, fill(edit.text));
      write_file(file, text);
      return;
    }
    case Edit::Kind::Delete:
      ASSERT_NE(fs::remove_all(file), 0U) << "there is no '" << edit.path << "' to delete";
      return;
    case Edit::Kind::Git: {
      std::vector<std::string> args;
      for (const std::string& word : edit.args) {
        args.push_back(fill(word));
      }
      repository_->git(folder, std::move(args));
      return;
    }
    case Edit::Kind::OnBranch:
      ADD_FAILURE() << "an edit on the branch within an edit on the branch";
  }
}

std::string Stage::fill(std::string text) const {
  if (text.find("{{") == std::string::npos) {
    return text;
  }
  const std::string name = branch();
  constexpr std::string_view kPrefix = "director/job-";
  replace_all(text, "{{repo}}", world_.repo().string());
  replace_all(text, "{{root}}", world_.root().string());
  if (text.find("{{tests}}") != std::string::npos) {
    replace_all(text, "{{tests}}", gate_checkout());
  }
  replace_all(text, "{{branch}}", name);
  replace_all(text, "{{job}}", name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name);
  return text;
}

Texts Stage::fill(Texts texts) const {
  for (std::vector<std::string>* parts : {&texts.has, &texts.lacks}) {
    for (std::string& part : *parts) {
      part = fill(std::move(part));
    }
  }
  return texts;
}

std::string Stage::gate_checkout() const {
  std::string folder;
  for (const Json& line : lines_of(world_.state() / "journal.jsonl")) {
    folder = line.get_string("checkout").value_or(std::move(folder));
  }
  EXPECT_FALSE(folder.empty()) << "gate 2 was not reached: there is no checkout of the tests";
  return folder;
}

std::string Stage::branch() const {
  for (const char* name : {"plan_stage.json", "plan.json"}) {
    if (const Result<Json> found = parse_json(read_file(world_.state() / name))) {
      return found->get_string("job_branch").value_or("");
    }
  }
  return "";
}

std::vector<Json> Stage::requests() const { return lines_of(world_.root() / "requests.jsonl"); }

std::int64_t Stage::requests_of_call(const std::string& rule) const {
  const auto turns = turns_.find(rule);
  return turns == turns_.end() ? 1 : turns->second;
}

std::vector<Json> Stage::records(const std::vector<std::string>& kinds) const {
  std::vector<Json> all;
  for (const Json& line : lines_of(world_.root() / "records.jsonl")) {
    if (std::find(kinds.begin(), kinds.end(), text_of(line, "kind")) != kinds.end()) {
      all.push_back(line.get_object("record").value());
    }
  }
  return all;
}

std::vector<Json> Stage::costs() const {
  return backends_.sink == "sink-memory" ? records({"cost"})
                                         : lines_of(world_.state() / "costs.jsonl");
}

std::vector<Json> Stage::metrics() const {
  return backends_.sink == "sink-memory" ? records({"node", "run"})
                                         : lines_of(world_.state() / "metrics.jsonl");
}

fs::path Stage::check_out(const std::string& name) {
  fs::path clone = world_.root() / name;
  repository_->check_out(branch(), clone);
  return clone;
}

}  // namespace director::e2e
