/// What the tests of the loader share.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "core/platform/disk_file_store.hpp"
#include "core/platform/local_launcher.hpp"
#include "core/platform/system_clock.hpp"
#include "core/plugin/adapters/adapters.hpp"
#include "core/plugin/call_host.hpp"
#include "core/plugin/catalog.hpp"

namespace director::abi_test {

/// The built test plugin: plugin_file("good-gate").
std::filesystem::path plugin_file(const std::string& name);

class ListLog final : public ports::Log {
 public:
  void write(ports::LogLevel level, std::string_view text) override;
  std::vector<std::string> lines;

 private:
  std::mutex mutex_;
};

/// A desk that answers with the role and message.
class EchoDesk final : public ports::AgentDesk {
 public:
  [[nodiscard]] Result<std::string> ask(const std::string& role, const std::string& message,
                                        const std::string& workdir, const std::string& node,
                                        const ports::CancelToken& cancel) override;
};

/// A temporary folder, a launcher, and a host.
class PluginTest : public testing::Test {
 protected:
  PluginTest();
  ~PluginTest() override;

  /// A probe whose child is this test binary.
  [[nodiscard]] plugin::Probe probe();
  [[nodiscard]] plugin::TrustRules trust() const;
  /// Opens good-... or bad-... and makes an instance of it.
  template <typename Made>
  Result<std::unique_ptr<Made>> make(
      const std::string& name,
      Result<std::unique_ptr<Made>> (*maker)(const plugin::Making& making)) {
    DIRECTOR_TRY(const plugin::Library* library, plugin::open_library(plugin_file(name)));
    const instance_info info{"{\"word\":1}", "/repo", "/repo/.director", "/cache"};
    return maker({*library, info, hosts, {}});
  }
  /// A host for one call.
  director::host& host(ports::CallScope scope = {});
  /// Copies a built plugin into a folder below `folder`, mode 0644.
  std::filesystem::path install(const std::string& name, const std::string& below);

  std::filesystem::path folder;
  platform::SystemClock clock;
  platform::LocalLauncher launcher;
  platform::DiskFileStore files;
  ListLog log;
  EchoDesk desk;
  plugin::PluginHost hosts;

 private:
  std::vector<std::unique_ptr<ports::CallHost>> calls_;
};

/// EXPECT_THAT-like check that says what came instead.
testing::AssertionResult fails_with(const Error& error, Errc code,
                                    const std::vector<std::string>& parts);
template <typename T>
testing::AssertionResult fails_with(const Result<T>& result, Errc code,
                                    const std::vector<std::string>& parts) {
  return result ? testing::AssertionFailure() << "succeeded"
                : fails_with(result.error(), code, parts);
}

}  // namespace director::abi_test
