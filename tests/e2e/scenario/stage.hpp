/// Where a scenario is played: a user's world with the scenario's repository, configuration and
/// model. Whatever goes wrong fails the current test.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "tests/e2e/scenario/backends.hpp"
#include "tests/e2e/scenario/repository.hpp"
#include "tests/e2e/scenario/scenario.hpp"
#include "tests/e2e/support.hpp"

namespace director::e2e {

class Stage {
 public:
  /// `backends` fit the scenario: see fitted().
  Stage(const Scenario& scenario, Backends backends);
  explicit Stage(const Scenario& scenario) : Stage(scenario, fitted({}, scenario).value()) {}

  [[nodiscard]] World& world() { return world_; }
  [[nodiscard]] Repository& repository() { return *repository_; }
  /// False if OpenCode plays the agents: then there are its events and requests to a model.
  [[nodiscard]] bool scripted() const { return backends_.runner != "runner-opencode"; }
  [[nodiscard]] fs::path path(const std::string& relative) const {
    return world_.repo() / relative;
  }

  /// What a person does before a step. Edits on the branch are made in a checkout and committed.
  void apply(const std::vector<Edit>& edits);

  /// The text with {{branch}}, {{job}}, {{repo}}, {{root}} and {{tests}} filled in.
  [[nodiscard]] std::string fill(std::string text) const;
  [[nodiscard]] Texts fill(Texts texts) const;

  /// The present job's branch, empty if there is none.
  [[nodiscard]] std::string branch() const;

  /// Every request that the model got so far, or call that the scripted runner did.
  [[nodiscard]] std::vector<Json> requests() const;
  /// Of requests to the model that a rule answers, how many a call is.
  [[nodiscard]] std::int64_t requests_of_call(const std::string& rule) const;

  /// The records that the sink has of costs, and of nodes and runs.
  [[nodiscard]] std::vector<Json> costs() const;
  [[nodiscard]] std::vector<Json> metrics() const;

  /// A fresh checkout of the job branch, under a name of its own.
  [[nodiscard]] fs::path check_out(const std::string& name);

  void stop_model() { model_.reset(); }

 private:
  void set_up(const Scenario& scenario);
  void use_model(const Scenario& scenario);
  /// What the configuration says of other backends than the bundled ones.
  [[nodiscard]] std::string use_backends(const Scenario& scenario);
  void write_script(const Scenario& scenario);
  [[nodiscard]] std::vector<Json> records(const std::vector<std::string>& kinds) const;
  /// Where a person edits the tests at gate 2.
  [[nodiscard]] std::string gate_checkout() const;
  void use_plan(const Scenario& scenario);
  void apply_in(const fs::path& folder, const Edit& edit);

  Backends backends_;
  World world_;
  std::unique_ptr<Repository> repository_;
  std::unique_ptr<ScriptedModel> model_;
  std::map<std::string, std::int64_t> turns_;  ///< of the model's rules, where a script plays them
};

/// The values of a file with one on each line; none if there is no such file.
[[nodiscard]] std::vector<Json> lines_of(const fs::path& file);

/// The member as text; "(no <key>)" if there is none.
[[nodiscard]] std::string text_of(const Json& object, std::string_view key);

}  // namespace director::e2e
