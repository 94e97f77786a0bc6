#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "tests/e2e/scenario/scenario.hpp"
#include "tests/e2e/support.hpp"

namespace director::e2e {
namespace {

namespace fs = std::filesystem;

Status only(const Json& object, std::initializer_list<std::string_view> known) {
  if (!object.is_object()) {
    return object.error("expected an object");
  }
  for (const auto& [key, value] : object.members()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return value.error("unknown key");
    }
  }
  return ok();
}

Result<std::vector<std::string>> strings(const Json& object, std::string_view key) {
  DIRECTOR_TRY(std::optional<std::vector<std::string>> found, object.find_strings(key));
  return std::move(found).value_or(std::vector<std::string>());
}

class Reader {
 public:
  explicit Reader(fs::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] Result<Scenario> scenario(const Json& root) const {
    DIRECTOR_CHECK(only(root, {"about", "plan", "script", "environment", "needs", "needs_sandbox",
                               "touches_repository", "steps", "end"}));
    DIRECTOR_TRY(const std::string about, root.get_string("about"));
    Scenario read;
    read.folder = folder_;
    if (about.empty()) {
      return root.error("'about' says what is shown");
    }
    DIRECTOR_CHECK(plan(root, read));
    DIRECTOR_CHECK(world(root, read));
    DIRECTOR_TRY(const std::vector<Json> steps, root.get_array("steps"));
    for (const Json& one : steps) {
      DIRECTOR_TRY(Step step, this->step(one));
      read.steps.push_back(std::move(step));
    }
    DIRECTOR_TRY(const Json end, root.get_object("end"));
    DIRECTOR_TRY(read.end, then(end));
    if (steps.empty() || !read.end.calls) {
      return root.error("there must be a step, and 'end' must have 'calls'");
    }
    return read;
  }

 private:
  /// A name stands for a plan, with its job/, that several scenarios share.
  Status plan(const Json& root, Scenario& read) const {
    read.plan = root.find("plan");
    read.job = folder_ / "job";
    if (!read.plan || read.plan->is_object()) {
      return ok();
    }
    DIRECTOR_TRY(const std::string name, read.plan->as_string());
    const fs::path shared = own_or_shared(folder_, "plans/" + name);
    if (!fs::is_regular_file(shared / "plan.json")) {
      return root.error("there is no plan '" + name + "'");
    }
    const std::string text = read_file(shared / "plan.json");
    DIRECTOR_TRY(read.plan, parse_json(text).context(shared.string()));
    if (!fs::exists(read.job)) {
      read.job = shared / "job";
    }
    return ok();
  }

  Status world(const Json& root, Scenario& read) const {
    DIRECTOR_TRY(const std::optional<std::string> script, root.find_string("script"));
    const fs::path path = folder_ / script.value_or("script.json");
    if (fs::is_regular_file(path)) {
      read.script = path;
    } else if (script) {
      return root.error("there is no script '" + *script + "'");
    }
    if (root.find("environment")) {
      DIRECTOR_TRY(const Json variables, root.get_object("environment"));
      for (const auto& [name, value] : variables.members()) {
        DIRECTOR_TRY(read.environment[name], value.as_string());
      }
    }
    if (root.find("needs")) {
      DIRECTOR_TRY(const Json needs, root.get_object("needs"));
      DIRECTOR_CHECK(only(needs, {"opencode", "server", "git", "shell", "jsonl"}));
      for (const auto& [name, why] : needs.members()) {
        DIRECTOR_TRY(read.needs[name], why.as_string());
      }
    }
    DIRECTOR_TRY(const std::optional<bool> sandbox, root.find_bool("needs_sandbox"));
    DIRECTOR_TRY(const std::optional<bool> touches, root.find_bool("touches_repository"));
    read.needs_sandbox = sandbox.value_or(false);
    read.touches_repository = touches.value_or(false);
    return ok();
  }

  [[nodiscard]] Result<std::string> from(const Json& object) const {
    DIRECTOR_TRY(const std::string name, object.get_string("from"));
    const fs::path path = folder_ / name;
    if (!fs::is_regular_file(path)) {
      return object.error("there is no file '" + name + "' in the scenario");
    }
    return read_file(path);
  }

  static Result<Texts> texts(const Json& object, std::string_view has, std::string_view lacks) {
    Texts read;
    DIRECTOR_TRY(read.has, strings(object, has));
    DIRECTOR_TRY(read.lacks, strings(object, lacks));
    return read;
  }

  static Result<Texts> member_texts(const Json& object, std::string_view key) {
    const std::optional<Json> found = object.find(key);
    if (!found) {
      return Texts();
    }
    DIRECTOR_CHECK(only(*found, {"has", "lacks"}));
    return texts(*found, "has", "lacks");
  }

  [[nodiscard]] Result<Content> content(const Json& value) const {
    Content read;
    if (value.is_null()) {
      return read;
    }
    if (value.is_string()) {
      DIRECTOR_TRY(read.exact, value.as_string());
      return read;
    }
    DIRECTOR_CHECK(only(value, {"from", "has", "lacks", "json"}));
    if (value.find("from")) {
      DIRECTOR_TRY(read.exact, from(value));
    }
    read.json = value.find("json");
    DIRECTOR_TRY(read.parts, texts(value, "has", "lacks"));
    return read;
  }

  [[nodiscard]] Result<Contents> contents(const Json& object) const {
    Contents read;
    const std::optional<Json> files = object.find("files");
    if (!files) {
      return read;
    }
    DIRECTOR_TRY(const Json all, object.get_object("files"));
    for (const auto& [path, value] : all.members()) {
      DIRECTOR_TRY(read[path], content(value));
    }
    return read;
  }

  [[nodiscard]] Result<std::vector<Edit>> edits(const Json& object, std::string_view key) const {
    std::vector<Edit> read;
    if (!object.find(key)) {
      return read;
    }
    DIRECTOR_TRY(const std::vector<Json> all, object.get_array(key));
    for (const Json& one : all) {
      DIRECTOR_TRY(Edit edit, this->edit(one));
      read.push_back(std::move(edit));
    }
    return read;
  }

  [[nodiscard]] Result<Edit> edit(const Json& object) const {
    Edit read;
    if (object.find("git")) {
      DIRECTOR_CHECK(only(object, {"git"}));
      read.kind = Edit::Kind::Git;
      DIRECTOR_TRY(read.args, object.get_strings("git"));
      return read;
    }
    if (object.find("on_branch")) {
      DIRECTOR_CHECK(only(object, {"on_branch", "message"}));
      read.kind = Edit::Kind::OnBranch;
      DIRECTOR_TRY(read.text, object.get_string("message"));
      DIRECTOR_TRY(read.edits, edits(object, "on_branch"));
      return read;
    }
    return file_edit(object);
  }

  [[nodiscard]] Result<Edit> file_edit(const Json& object) const {
    Edit read;
    if (object.find("delete")) {
      DIRECTOR_CHECK(only(object, {"delete"}));
      read.kind = Edit::Kind::Delete;
      DIRECTOR_TRY(read.path, object.get_string("delete"));
      return read;
    }
    if (object.find("replace")) {
      DIRECTOR_CHECK(only(object, {"replace", "old", "new"}));
      read.kind = Edit::Kind::Replace;
      DIRECTOR_TRY(read.path, object.get_string("replace"));
      DIRECTOR_TRY(read.old_text, object.get_string("old"));
      DIRECTOR_TRY(read.text, object.get_string("new"));
      return read;
    }
    const bool appends = object.find("append").has_value();
    const std::string verb = appends ? "append" : "write";
    DIRECTOR_CHECK(only(object, {verb, "text", "from"}));
    read.kind = appends ? Edit::Kind::Append : Edit::Kind::Write;
    DIRECTOR_TRY(read.path, object.get_string(verb));
    DIRECTOR_TRY(read.text, object.find("from") ? from(object) : object.get_string("text"));
    return read;
  }

  static Result<std::map<std::string, std::int64_t>> counts(const Json& object,
                                                            std::string_view key) {
    std::map<std::string, std::int64_t> read;
    DIRECTOR_TRY(const Json all, object.get_object(key));
    for (const auto& [name, value] : all.members()) {
      DIRECTOR_TRY(read[name], value.as_int());
    }
    return read;
  }

  static Result<Prompt> prompt(const Json& object) {
    DIRECTOR_CHECK(only(object, {"has", "lacks", "system_has", "system_lacks", "tool_has",
                                 "tool_lacks", "parameters"}));
    Prompt read;
    DIRECTOR_TRY(read.user, texts(object, "has", "lacks"));
    DIRECTOR_TRY(read.system, texts(object, "system_has", "system_lacks"));
    DIRECTOR_TRY(read.tools, texts(object, "tool_has", "tool_lacks"));
    read.parameters = object.find("parameters");
    return read;
  }

  static Result<Metrics> metrics(const Json& object) {
    DIRECTOR_CHECK(only(object, {"nodes", "runs", "last_run"}));
    Metrics read;
    DIRECTOR_TRY(read.nodes, object.find_int("nodes"));
    DIRECTOR_TRY(read.runs, object.find_int("runs"));
    read.last_run = object.find("last_run");
    return read;
  }

  [[nodiscard]] Result<Branch> branch(const Json& object) const {
    DIRECTOR_CHECK(only(object, {"files", "run", "changed"}));
    Branch read;
    DIRECTOR_TRY(read.files, contents(object));
    DIRECTOR_TRY(read.run, strings(object, "run"));
    DIRECTOR_TRY(read.changed, object.find_strings("changed"));
    return read;
  }

  [[nodiscard]] Result<Then> then(const Json& object) const {
    DIRECTOR_CHECK(only(
        object, {"files", "nodes", "calls", "requests", "prompts", "metrics", "status", "branch"}));
    Then read;
    DIRECTOR_TRY(read.files, contents(object));
    read.nodes = object.find("nodes");
    read.status = object.find("status");
    if (object.find("calls")) {
      DIRECTOR_TRY(read.calls, counts(object, "calls"));
    }
    if (object.find("requests")) {
      DIRECTOR_TRY(read.requests, counts(object, "requests"));
    }
    if (object.find("prompts")) {
      DIRECTOR_TRY(const Json all, object.get_object("prompts"));
      for (const auto& [rule, value] : all.members()) {
        DIRECTOR_TRY(read.prompts[rule], prompt(value));
      }
    }
    if (const std::optional<Json> found = object.find("metrics")) {
      DIRECTOR_TRY(read.metrics, metrics(*found));
    }
    if (const std::optional<Json> found = object.find("branch")) {
      DIRECTOR_TRY(read.branch, branch(*found));
    }
    return read;
  }

  [[nodiscard]] Result<Step> step(const Json& object) const {
    DIRECTOR_CHECK(
        only(object, {"before", "director", "exit", "stdout", "stderr", "unchanged", "then"}));
    Step read;
    DIRECTOR_TRY(read.before, edits(object, "before"));
    DIRECTOR_TRY(read.director, object.get_strings("director"));
    DIRECTOR_TRY(const std::int64_t exit, object.get_int("exit"));
    read.exit = static_cast<int>(exit);
    DIRECTOR_TRY(read.out, member_texts(object, "stdout"));
    DIRECTOR_TRY(read.err, member_texts(object, "stderr"));
    DIRECTOR_TRY(read.unchanged, strings(object, "unchanged"));
    if (const std::optional<Json> found = object.find("then")) {
      DIRECTOR_TRY(read.then, then(*found));
    }
    return read;
  }

  fs::path folder_;
};

}  // namespace

fs::path own_or_shared(const fs::path& folder, const std::string& name) {
  for (const fs::path& place : {folder, folder.parent_path() / "_shared"}) {
    if (fs::exists(place / name)) {
      return place / name;
    }
  }
  return fs::path(DIRECTOR_SCENARIOS) / "_shared" / name;
}

Result<Scenario> read_scenario(const fs::path& folder) {
  const fs::path path = folder / "scenario.json";
  if (!fs::is_regular_file(path)) {
    return Error(Errc::Io, "cannot read scenario '" + path.string() + "': there is no such file");
  }
  const std::string text = read_file(path);
  DIRECTOR_TRY(const Json root, parse_json(text).context(path.string()));
  return Reader(folder).scenario(root).context(path.string());
}

}  // namespace director::e2e
