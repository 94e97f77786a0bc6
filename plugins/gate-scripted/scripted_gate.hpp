/// A gate whose verdicts stand in a file. For tests.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "director/gate.hpp"
#include "gate_script.hpp"

namespace gate_scripted {

/// A script and how often each of its rules was met. Shared by all instances of a process that
/// follow the same file. Thread-safe.
class Judge {
 public:
  /// The one for `path`; a new one if the file's content is not what it was. Errors: Io, Invalid.
  [[nodiscard]] static director::Result<std::shared_ptr<Judge>> open(const std::string& path);

  Judge(Script script, std::string text)
      : script_(std::move(script)), text_(std::move(text)), met_(script_.rules.size()) {}

  /// The rule that answers this call; counts it. Null: none does.
  [[nodiscard]] const Rule* next(const director::gate_request& request);

 private:
  std::mutex mutex_;
  const Script script_;
  const std::string text_;
  std::vector<std::int64_t> met_;
};

class ScriptedGate final : public director::gate {
 public:
  static constexpr const char* summary = "gives the verdicts of a script, for tests";
  static constexpr const char* config_schema = R"({
    "type": "object",
    "properties": {"script": {"type": "string"}},
    "required": ["script"]
  })";

  /// Errors: Invalid, Io.
  [[nodiscard]] static director::Result<std::unique_ptr<ScriptedGate>> create(
      const director::instance_info& info, director::host& services);

  explicit ScriptedGate(std::shared_ptr<Judge> judge) : judge_(std::move(judge)) {}

  /// Runs nothing but, for `sleep_ms`, a sleep.
  [[nodiscard]] director::verdict check(const director::gate_request& request,
                                        director::host& services) override;

 private:
  std::shared_ptr<Judge> judge_;
};

}  // namespace gate_scripted
