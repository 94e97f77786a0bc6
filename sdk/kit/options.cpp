#include "sdk/kit/options.hpp"

#include <algorithm>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/config/toml_json.hpp"

namespace director::kit {
namespace {

namespace fs = std::filesystem;

/// Errors: Invalid for a member that is none of `known`.
Status only(const Json& table, const std::vector<std::string>& known) {
  for (const auto& [name, value] : table.members()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const auto close = text::closest_match(name, known);
      return value.error("unknown key" + (close ? ", did you mean '" + *close + "'?"
                                                : ", known are " + text::join(known, ", ")));
    }
  }
  return ok();
}

class Reader {
 public:
  Reader(fs::path here, ports::FileStore& files) : here_(std::move(here)), files_(files) {}

  Result<Options> read(const Json& root) {
    Options options;
    options.here = here_.string();
    DIRECTOR_CHECK(only(root, {"plugin", "gate", "runner", "reviewer", "sink", "vcs", "launcher"}));
    if (const auto plugin = root.find("plugin")) {
      options.plugin_json = "{}";
      JsonWriter json;
      DIRECTOR_CHECK(copy(*plugin, json));
      options.plugin_json = json.take();
    }
    DIRECTOR_CHECK(read_gate(root, options));
    DIRECTOR_CHECK(read_runner(root, options));
    DIRECTOR_CHECK(read_others(root, options));
    return options;
  }

 private:
  static Status copy(const Json& value, JsonWriter& out) {
    switch (value.type()) {
      case JsonType::Object:
        out.begin_object();
        for (const auto& [name, member] : value.members()) {
          DIRECTOR_CHECK(copy(member, out.key(name)));
        }
        out.end_object();
        break;
      case JsonType::Array: {
        DIRECTOR_TRY(const std::vector<std::string> texts, value.as_strings());
        out.value(texts);
        break;
      }
      case JsonType::String:
        out.value(value.as_string().value_or(""));
        break;
      case JsonType::Integer:
        out.value(value.as_int().value_or(0));
        break;
      case JsonType::Number:
        out.value(value.as_number().value_or(0));
        break;
      case JsonType::Bool:
        out.value(value.as_bool().value_or(false));
        break;
      case JsonType::Null:
        out.null();
        break;
    }
    return ok();
  }

  [[nodiscard]] Result<std::string> file_at(const Json& table, std::string_view key) const {
    DIRECTOR_TRY(const std::optional<std::string> name, table.find_string(key));
    if (!name) {
      return std::string();
    }
    return files_.read(here_ / *name).context(table.path() + "." + std::string(key));
  }

  [[nodiscard]] Result<std::optional<Fixture>> fixture(const Json& gate,
                                                       std::string_view key) const {
    const auto table = gate.find(key);
    if (!table) {
      return std::optional<Fixture>();
    }
    DIRECTOR_CHECK(only(*table, {"workdir", "command"}));
    Fixture made;
    DIRECTOR_TRY(const auto workdir, table->find_string("workdir"));
    DIRECTOR_TRY(const auto command, table->find_string("command"));
    made.command = command.value_or("");
    if (workdir) {
      made.workdir = here_ / *workdir;
      std::error_code error;
      if (!fs::is_directory(made.workdir, error)) {
        return table->error("workdir: there is no folder '" + made.workdir.string() + "'");
      }
    }
    return std::optional<Fixture>(std::move(made));
  }

  Status read_gate(const Json& root, Options& options) const {
    if (const auto gate = root.find("gate")) {
      DIRECTOR_CHECK(only(*gate, {"pass", "fail"}));
      DIRECTOR_TRY(options.gate_pass, fixture(*gate, "pass"));
      DIRECTOR_TRY(options.gate_fail, fixture(*gate, "fail"));
    }
    return ok();
  }

  static Result<std::optional<Totals>> totals(const Json& tool_case) {
    const auto usage = tool_case.find("usage");
    if (!usage) {
      return std::optional<Totals>();
    }
    DIRECTOR_CHECK(
        only(*usage, {"input", "output", "reasoning", "cache_read", "cache_write", "cost_usd"}));
    Totals read;
    for (const auto& [key, field] :
         {std::pair{"input", &read.input}, std::pair{"output", &read.output},
          std::pair{"reasoning", &read.reasoning}, std::pair{"cache_read", &read.cache_read},
          std::pair{"cache_write", &read.cache_write}}) {
      DIRECTOR_TRY(const auto count, usage->find_int(key));
      *field = count.value_or(0);
    }
    DIRECTOR_TRY(read.cost_usd, usage->find_number("cost_usd"));
    return std::optional<Totals>(read);
  }

  [[nodiscard]] Result<ToolCase> tool_case(const std::string& name, const Json& table) const {
    static const std::vector<std::string> kEndings{"finish",    "auth",     "rate_limit",
                                                   "transport", "model",    "refused",
                                                   "config",    "deadline", "cancelled"};
    DIRECTOR_CHECK(only(table, {"stdout", "stderr", "exit", "expect", "usage"}));
    ToolCase read;
    read.name = name;
    DIRECTOR_TRY(read.out, file_at(table, "stdout"));
    DIRECTOR_TRY(read.err, file_at(table, "stderr"));
    DIRECTOR_TRY(const auto code, table.find_int("exit"));
    read.exit_code = static_cast<int>(code.value_or(0));
    DIRECTOR_TRY(read.expect, table.get_string("expect"));
    if (std::find(kEndings.begin(), kEndings.end(), read.expect) == kEndings.end()) {
      return table.error("expect: expected one of " + text::join(kEndings, ", "));
    }
    DIRECTOR_TRY(read.usage, totals(table));
    return read;
  }

  Status read_runner(const Json& root, Options& options) const {
    const auto runner = root.find("runner");
    if (!runner) {
      return ok();
    }
    DIRECTOR_CHECK(only(*runner, {"model", "call", "case"}));
    DIRECTOR_TRY(const auto model, runner->find_string("model"));
    DIRECTOR_TRY(const auto call, runner->find_string("call"));
    options.model = model.value_or(options.model);
    options.call = call.value_or("");
    if (const auto cases = runner->find("case")) {
      for (const auto& [name, table] : cases->members()) {
        DIRECTOR_TRY(ToolCase read, tool_case(name, table));
        options.cases.push_back(std::move(read));
      }
    }
    return ok();
  }

  Status read_others(const Json& root, Options& options) const {
    if (const auto reviewer = root.find("reviewer")) {
      DIRECTOR_CHECK(only(*reviewer, {"pass", "block"}));
      DIRECTOR_TRY(options.review_pass, file_at(*reviewer, "pass"));
      DIRECTOR_TRY(options.review_block, file_at(*reviewer, "block"));
    }
    if (const auto sink = root.find("sink")) {
      DIRECTOR_CHECK(only(*sink, {"files"}));
      DIRECTOR_TRY(const auto found, sink->find_strings("files"));
      options.sink_files = found.value_or(std::vector<std::string>());
    }
    if (const auto vcs = root.find("vcs")) {
      DIRECTOR_CHECK(only(*vcs, {"init"}));
      DIRECTOR_TRY(const auto init, vcs->find_string("init"));
      options.vcs_init = init.value_or("");
    }
    if (const auto launcher = root.find("launcher")) {
      DIRECTOR_CHECK(only(*launcher, {"runs_here"}));
      DIRECTOR_TRY(const auto runs, launcher->find_bool("runs_here"));
      options.launcher_runs = runs.value_or(true);
    }
    return ok();
  }

  fs::path here_;
  ports::FileStore& files_;
};

}  // namespace

Result<Options> read_options(const fs::path& path, ports::FileStore& files) {
  if (path.empty()) {
    return Options();
  }
  std::error_code error;
  const fs::path whole = fs::absolute(path, error);
  DIRECTOR_TRY(const std::string text, files.read(whole));
  DIRECTOR_TRY(const std::string json, config::toml_to_json(path.string(), text));
  DIRECTOR_TRY(const Json root, parse_json(json));
  return Reader(whole.parent_path(), files).read(root).context("'" + path.string() + "'");
}

}  // namespace director::kit
