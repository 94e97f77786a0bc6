/// What the tests of executable plugins share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/platform/local_launcher.hpp"
#include "core/plugin/call_host.hpp"
#include "core/plugin/exec/backends.hpp"

namespace director::exec_test {

/// The steady clock, which a test makes leap.
class LeapingClock final : public ports::Clock {
 public:
  [[nodiscard]] ports::SteadyTime now() const override {
    return std::chrono::steady_clock::now() + std::chrono::hours(leaps_.load());
  }
  [[nodiscard]] ports::WallTime wall() const override {
    return std::chrono::system_clock::now() + std::chrono::hours(leaps_.load());
  }
  void leap() { leaps_.fetch_add(1); }

 private:
  std::atomic<int> leaps_ = 0;
};

/// Keeps what is logged; a plugin that logs "leap" or "cancel" has it done.
class ActingLog final : public ports::Log {
 public:
  ActingLog(LeapingClock& clock, ports::CancelToken cancel)
      : clock_(clock), cancel_(std::move(cancel)) {}
  void write(ports::LogLevel level, std::string_view text) override;

  std::vector<std::pair<ports::LogLevel, std::string>> lines;

 private:
  LeapingClock& clock_;
  ports::CancelToken cancel_;
};

/// Answers with what it was asked.
class EchoDesk final : public ports::AgentDesk {
 public:
  [[nodiscard]] Result<std::string> ask(const std::string& role, const std::string& message,
                                        const std::string& workdir, const std::string& node,
                                        const ports::CancelToken& cancel) override;
};

/// A private folder with a workdir, and a host over a real launcher whose every process is marked.
/// No process of a test outlives it.
class ExecTest : public ::testing::Test {
 protected:
  ExecTest();
  ~ExecTest() override;

  /// Writes an executable file; a script without "#!" is one of /bin/sh that has said hello.
  std::filesystem::path write(const std::string& name, const std::string& script) const;
  /// A program of that kind, as if it had been found.
  [[nodiscard]] plugin::exec::Making making(plugin::Kind kind, const std::string& script);
  /// The host of one call, whose deadline is a minute away.
  director::host& host(ports::Purpose purpose = ports::Purpose::Gate,
                       ports::AgentDesk* desk = nullptr);
  /// What a gate of that script says about `workdir`.
  verdict check(const std::string& script, const std::string& command = "true");

  std::string mark;
  std::filesystem::path folder;
  std::filesystem::path workdir;
  LeapingClock clock;
  ports::CancelToken cancel;
  ActingLog log;
  platform::LocalLauncher launcher;
  plugin::PluginHost hosts;
  plugin::exec::Limits limits;
  std::string config = "{}";

 private:
  std::vector<std::unique_ptr<ports::CallHost>> calls_;
};

/// The line that says hello.
[[nodiscard]] std::string hello(plugin::Kind kind, const std::string& id = "probed",
                                const std::string& version = "1.0");

}  // namespace director::exec_test
