/// Looking at the system from a test, and running the test binary as a command.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "core/platform/local_launcher.hpp"
#include "core/platform/sandboxed_launcher.hpp"
#include "core/platform/system_clock.hpp"
#include "tests/support/processes.hpp"

namespace director::process_test {

struct Line {
  bool is_stderr = false;
  bool cut = false;
  std::string text;
};

std::string own_executable();
using test_support::marked;
std::size_t open_descriptors();
/// Whether this process has a child, living or dead.
bool has_children();
std::vector<std::string> texts(const std::vector<Line>& lines);

/// How the launchers of these tests confine what they start: the test binary's --sandboxed and
/// --landlocked. nullopt: not at all.
extern std::optional<platform::SandboxBackend> sandbox;

/// The launcher under test.
class TestLauncher final : public ports::ProcessLauncher {
 public:
  TestLauncher(const ports::Clock& clock, platform::Environment environment,
               platform::Grace grace = {});
  [[nodiscard]] Result<ports::Exit> run(const ports::Command& command,
                                        const ports::LineHandler& on_line,
                                        const ports::CancelToken& cancel) override;
  void use(platform::Cgroups* groups) { local_.use(groups); }

 private:
  platform::LocalLauncher local_;
  platform::SandboxedLauncher sandboxed_;
};

/// A launcher with short grace, and the commands' environment marked for each test.
class ProcessTest : public testing::Test {
 protected:
  ProcessTest();
  ~ProcessTest() override;
  void SetUp() override;

  [[nodiscard]] ports::Command child(const std::string& mode,
                                     const std::vector<std::string>& args = {}) const;
  /// Collects the lines in `lines`.
  Result<ports::Exit> run(const ports::Command& command, const ports::CancelToken& cancel = {});

  std::string mark;
  std::string folder;  ///< an empty one, real path
  platform::SystemClock clock;
  TestLauncher launcher;
  std::vector<Line> lines;
};

}  // namespace director::process_test
