#include "tests/contract/process/system.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <iterator>
#include <utility>

#include "core/platform/landlock.hpp"
#include "core/platform/paths.hpp"

namespace director::process_test {

namespace fs = std::filesystem;

std::string own_executable() { return fs::read_symlink("/proc/self/exe").string(); }

std::size_t open_descriptors() {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), {}));
}

bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

std::vector<std::string> texts(const std::vector<Line>& lines) {
  std::vector<std::string> all;
  for (const Line& line : lines) {
    all.push_back(line.text);
  }
  return all;
}

std::optional<platform::SandboxBackend> sandbox;

namespace {

/// Everything is below /tmp, so that what a private /tmp hides has to be shown again.
platform::SandboxPolicy test_policy() {
  platform::SandboxPolicy policy;
  policy.backend = sandbox.value_or(platform::SandboxBackend::Bubblewrap);
  policy.program = "/usr/bin/bwrap";
  if (policy.backend == platform::SandboxBackend::Landlock) {
    const auto installation = platform::find_installation();
    policy.program = installation ? installation->supervisor.string() : "";
  }
  policy.temp = fs::canonical("/tmp").string();
  policy.workspaces = fs::canonical(fs::temp_directory_path()).string();
  policy.temps = policy.workspaces + "/director-process-temps";
  policy.visible = {own_executable()};
  return policy;
}

}  // namespace

TestLauncher::TestLauncher(const ports::Clock& clock, platform::Environment environment,
                           platform::Grace grace)
    : local_(clock, std::move(environment), grace), sandboxed_(local_, test_policy()) {}

Result<ports::Exit> TestLauncher::run(const ports::Command& command,
                                      const ports::LineHandler& on_line,
                                      const ports::CancelToken& cancel) {
  ports::Command asked = command;
  if (sandbox) {
    asked.purpose = ports::Purpose::Agent;
    return sandboxed_.run(asked, on_line, cancel);
  }
  return local_.run(asked, on_line, cancel);
}

void ProcessTest::SetUp() {
  if (!sandbox) {
    return;
  }
  if (sandbox == platform::SandboxBackend::Landlock) {
    if (platform::landlock::abi() < platform::landlock::kScopingAbi) {
      GTEST_SKIP() << "the Landlock of this machine cannot do what is asked of it here";
    }
    return;
  }
  // What the machine allows is asked without the code under test.
  ports::Command bare = child("");
  bare.argv = {"bwrap", "--ro-bind", "/", "/", "--proc", "/proc", "--unshare-pid", "true"};
  platform::LocalLauncher local(clock, platform::Environment::of_this_process());
  const auto tried = local.run(bare, {}, {});
  ASSERT_TRUE(tried) << tried.error().message();
  if (tried->exit_code != 0) {
    GTEST_SKIP() << "this machine allows no sandbox";
  }
}

ProcessTest::ProcessTest()
    : launcher(clock, platform::Environment::of_this_process(),
               platform::Grace{std::chrono::milliseconds(100), std::chrono::milliseconds(50)}) {
  std::string name = (fs::temp_directory_path() / "director-process-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    std::abort();
  }
  folder = fs::canonical(name).string();
  mark = fs::path(folder).filename().string();
}

ProcessTest::~ProcessTest() {
  EXPECT_EQ(marked(mark), std::vector<pid_t>{});
  std::error_code error;
  fs::remove_all(folder, error);
}

ports::Command ProcessTest::child(const std::string& mode,
                                  const std::vector<std::string>& args) const {
  ports::Command command;
  command.argv = {own_executable(), "--child=" + mode};
  command.argv.insert(command.argv.end(), args.begin(), args.end());
  command.cwd = folder;
  command.env_set = {"MARK=" + mark};
  return command;
}

Result<ports::Exit> ProcessTest::run(const ports::Command& command,
                                     const ports::CancelToken& cancel) {
  return launcher.run(
      command,
      [this](const ports::OutputLine& line) {
        lines.push_back({line.is_stderr, line.cut, std::string(line.text)});
        return true;
      },
      cancel);
}

}  // namespace director::process_test
