/// A job whose agents are played by runner-scripted: two files, two nodes, no OpenCode, no model.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/e2e/support.hpp"

namespace director::e2e {

/// A repository of git with the scripted runner.
class ScriptedJob : public World {
 public:
  ScriptedJob();

  /// A configuration whose tiers are "<models>/planner", "<models>/executor", ...; `more` stands at
  /// its end.
  [[nodiscard]] std::string config(const std::string& models, const std::string& more = "") const;
  void add_profile(const std::string& name, const std::string& more = "");

  /// What the agents do: `first` are rules (JSON objects, a comma behind each) that come before
  /// those of a job that goes well, in which every call of "<models>/executor" costs what
  /// `executor_usd` says (else nothing) and every call of the planner $0.25.
  void script(const std::string& first, const std::map<std::string, double>& executor_usd = {});

  /// Starts director, waits until the shell condition holds, ends it with the signal ("KILL",
  /// "INT") and waits for it. A director that ends before that fails the test.
  [[nodiscard]] Ran stopped(const std::vector<std::string>& args, const std::string& condition,
                            const std::string& signal);

  /// Every file of .director by its path, but for the lock and what is below `without`.
  [[nodiscard]] std::map<std::string, std::string> state_files(const std::string& without) const;
  /// The branches under director/, a name a line.
  [[nodiscard]] std::string branches();
};

}  // namespace director::e2e
