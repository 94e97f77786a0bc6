/// Where a scenario is played: a user's world with the scenario's repository, configuration and
/// model. Whatever goes wrong fails the current test.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "tests/e2e/scenario/scenario.hpp"
#include "tests/e2e/support.hpp"

namespace director::e2e {

class Stage {
 public:
  explicit Stage(const Scenario& scenario);

  [[nodiscard]] World& world() { return world_; }
  /// True if runner-scripted plays the agents, false if OpenCode does.
  [[nodiscard]] bool scripted() const { return scripted_; }
  [[nodiscard]] fs::path path(const std::string& relative) const {
    return world_.repo() / relative;
  }

  /// What a person does before a step. Edits on the branch are made in a clone and pushed.
  void apply(const std::vector<Edit>& edits);

  /// The text with {{branch}}, {{job}}, {{repo}}, {{root}} and {{tests}} filled in.
  [[nodiscard]] std::string fill(std::string text) const;
  [[nodiscard]] Texts fill(Texts texts) const;

  /// The present job's branch, empty if there is none.
  [[nodiscard]] std::string branch() const;

  /// Every request that the model got so far.
  [[nodiscard]] std::vector<Json> requests() const;

  /// A fresh checkout of the job branch, under a name of its own.
  [[nodiscard]] fs::path check_out(const std::string& name);

  void stop_model() { model_.reset(); }

 private:
  void set_up(const Scenario& scenario);
  void use_model(const Scenario& scenario);
  /// What the configuration says of the runner that plays the script.
  [[nodiscard]] std::string use_script(const Scenario& scenario);
  /// Where a person edits the tests at gate 2.
  [[nodiscard]] std::string gate_checkout() const;
  void use_plan(const Scenario& scenario);
  void apply_in(const fs::path& folder, const Edit& edit);
  void commit_and_push(const fs::path& clone, const std::string& message,
                       const std::string& branch);
  void git_in(const fs::path& folder, std::vector<std::string> args);

  World world_;
  std::unique_ptr<ScriptedModel> model_;
  bool scripted_ = false;
};

/// The values of a file with one on each line; none if there is no such file.
[[nodiscard]] std::vector<Json> lines_of(const fs::path& file);

/// The member as text; "(no <key>)" if there is none.
[[nodiscard]] std::string text_of(const Json& object, std::string_view key);

}  // namespace director::e2e
