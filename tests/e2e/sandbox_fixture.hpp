/// One node's job whose agent and gate try to get out of their sandbox, with the scripted runner.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/support.hpp"

namespace director::e2e {

/// A configuration with the scripted runner; @PLUGINS@ and @SCRIPT@ are filled in by configure().
extern const char* const kSandboxConfig;

/// Shell: `attempt NAME 'COMMAND'` prints "[NAME: done]" or "[NAME: refused]"; $repo and $cache are
/// the repository and director's cache of it; $ROOT is the world's folder.
extern const char* const kAttempt;

/// What an agent or a gate tries, and whether it can.
struct Attempt {
  std::string name;
  std::string command;  ///< shell
  bool bubblewrap = false;
  bool landlock = false;
  bool unconfined = true;
};
/// kAttempt and each of them.
[[nodiscard]] std::string script_of(const std::vector<Attempt>& attempts);

/// Its agent runs attack.sh, its gate gate.sh, both in the world's folder and both empty at first.
class Sandbox : public ::testing::Test {
 public:
  std::string backend = "bubblewrap";  ///< what confines the jobs: bubblewrap or landlock
  World world;
  Ran ran;  ///< the last job's `run`

 protected:
  void SetUp() override;

  /// Why the machine allows none of the kind; empty: it does. Asked without the code under test.
  [[nodiscard]] std::string why_no(const std::string& kind);
  /// Puts one on PATH that does not work, so that Landlock takes over.
  void break_bubblewrap();
  void configure(const std::string& config) const;
  /// The agent's commands, after kAttempt.
  void attack(const std::string& commands) const;
  /// Plans and runs the job, which has to be confined if `options` do not say otherwise; what its
  /// agents' commands said.
  std::string run_job(const std::vector<std::string>& options = {});
  /// Holds what was said against what each attempt can do; `confined` with the backend.
  void expect_attempts(const std::vector<Attempt>& attempts, const std::string& said,
                       bool confined) const;
  [[nodiscard]] bool anything_evil() const;
  /// The journal tells what a failed gate said.
  [[nodiscard]] std::string journal() const { return read_file(world.state() / "journal.jsonl"); }
};

/// With each backend.
class AnySandbox : public Sandbox, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override;
};
[[nodiscard]] std::string backend_name(const ::testing::TestParamInfo<const char*>& info);

}  // namespace director::e2e
