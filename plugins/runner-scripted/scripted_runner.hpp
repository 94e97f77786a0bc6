/// A runner that plays an agent from a file. For tests.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "director/runner.hpp"
#include "script.hpp"

namespace runner_scripted {

/// A script and how often each of its rules was met. Shared by all instances of a process that play
/// the same file. Thread-safe.
class Stage {
 public:
  /// The one for `path`; a new one if the file's content is not what it was. With a `log` that one
  /// begins with the calls in there. Errors: Io, Invalid.
  [[nodiscard]] static director::Result<std::shared_ptr<Stage>> open(const std::string& path,
                                                                     const std::string& log);

  Stage(Script script, std::string text)
      : script_(std::move(script)), text_(std::move(text)), met_(script_.rules.size()) {}

  /// The rule that answers this call; counts it. Null: none does.
  [[nodiscard]] const Rule* next(const director::run_request& request);

 private:
  void replay(const std::string& log);

  std::mutex mutex_;
  const Script script_;
  const std::string text_;
  std::vector<std::int64_t> met_;
};

class ScriptedRunner final : public director::runner {
 public:
  static constexpr const char* summary = "plays an agent from a script, for tests";
  static constexpr const char* config_schema = R"({
    "type": "object",
    "properties": {"script": {"type": "string"}, "log": {"type": "string"}},
    "required": ["script"]
  })";

  /// Errors: Invalid, Io.
  [[nodiscard]] static director::Result<std::unique_ptr<ScriptedRunner>> create(
      const director::instance_info& info, director::host& services);

  /// `log`: where each call becomes a line; empty: nowhere.
  ScriptedRunner(std::shared_ptr<Stage> stage, std::string log)
      : stage_(std::move(stage)), log_(std::move(log)) {}

  [[nodiscard]] director::Status run(const director::run_request& request,
                                     const director::agent_events& events,
                                     director::host& services) override;
  [[nodiscard]] director::Result<std::string> probe(director::host& services) override;

 private:
  std::shared_ptr<Stage> stage_;
  std::string log_;
};

}  // namespace runner_scripted
