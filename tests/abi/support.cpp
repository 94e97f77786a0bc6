#include "tests/abi/support.hpp"

#include <unistd.h>

#include <cstdlib>

namespace director::abi_test {

namespace fs = std::filesystem;

fs::path plugin_file(const std::string& name) {
  return fs::path(DIRECTOR_TEST_PLUGINS) / (name + ".so");
}

void ListLog::write(ports::LogLevel level, std::string_view text) {
  const std::lock_guard lock(mutex_);
  lines.push_back(std::to_string(static_cast<int>(level)) + " " + std::string(text));
}

Result<std::string> EchoDesk::ask(const std::string& role, const std::string& message,
                                  const std::string& workdir, const std::string& node,
                                  const ports::CancelToken&) {
  return role + "|" + message + "|" + workdir + "|" + node;
}

PluginTest::PluginTest()
    : launcher(clock, platform::Environment::of_this_process()),
      hosts(launcher, clock, log, "0.1-test") {
  std::string name = (fs::temp_directory_path() / "director-abi-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    std::abort();
  }
  folder = fs::canonical(name);
}

PluginTest::~PluginTest() {
  std::error_code error;
  fs::remove_all(folder, error);
}

plugin::Probe PluginTest::probe() {
  return plugin::Probe(launcher, clock, files,
                       {{fs::read_symlink("/proc/self/exe").string(), "--probe-plugin"},
                        folder / "cache/plugins.json",
                        std::chrono::milliseconds(2000)});
}

plugin::TrustRules PluginTest::trust() const { return {::geteuid(), folder / "repo", {}}; }

director::host& PluginTest::host(ports::CallScope scope) {
  return calls_.emplace_back(hosts.open(std::move(scope)))->services();
}

fs::path PluginTest::install(const std::string& name, const std::string& below) {
  const fs::path path = folder / below / (name + ".so");
  fs::create_directories(path.parent_path());
  fs::copy_file(plugin_file(name), path);
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read |
                            fs::perms::others_read);
  for (fs::path at = path.parent_path(); at != folder; at = at.parent_path()) {
    fs::permissions(at, fs::perms::owner_all);
  }
  return path;
}

testing::AssertionResult fails_with(const Error& error, Errc code,
                                    const std::vector<std::string>& parts) {
  if (error.code() != code) {
    return testing::AssertionFailure() << to_string(error.code()) << ": " << error.message();
  }
  for (const std::string& part : parts) {
    if (error.message().find(part) == std::string::npos) {
      return testing::AssertionFailure()
             << "message '" << error.message() << "' lacks '" << part << "'";
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace director::abi_test
