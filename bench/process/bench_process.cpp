/// Start to end of /bin/true: through the launcher with its supervisor, confined, and with
/// posix_spawn and bubblewrap alone.
#include <benchmark/benchmark.h>
#include <spawn.h>
#include <sys/wait.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/platform/local_launcher.hpp"
#include "core/platform/sandboxed_launcher.hpp"
#include "core/platform/system_clock.hpp"

namespace {

using director::platform::Environment;
using director::platform::LocalLauncher;
using director::platform::SystemClock;

void run_true(benchmark::State& state) {
  const SystemClock clock;
  LocalLauncher launcher(clock, Environment::of_this_process());
  // What else this program has in memory, in MiB: fork copies the page tables.
  std::vector<char> ballast(static_cast<std::size_t>(state.range(0)) << 20, 'x');
  benchmark::DoNotOptimize(ballast.data());
  director::ports::Command command;
  command.argv = {"/bin/true"};
  command.cwd = "/";
  for (auto _ : state) {
    if (const auto exit = launcher.run(command, {}, {}); !exit || exit->exit_code != 0) {
      state.SkipWithError("/bin/true failed");
    }
  }
}
BENCHMARK(run_true)->Arg(0)->Arg(100)->Arg(500)->Unit(benchmark::kMicrosecond)->UseRealTime();

void sandboxed_true(benchmark::State& state) {
  const SystemClock clock;
  LocalLauncher local(clock, Environment::of_this_process());
  director::platform::SandboxPolicy policy;
  policy.program = "/usr/bin/bwrap";
  policy.temp = "/tmp";
  policy.workspaces = "/nowhere";
  policy.visible = {std::filesystem::canonical("/proc/self/exe").string()};
  director::platform::SandboxedLauncher launcher(local, policy);
  director::ports::Command command;
  command.purpose =
      state.range(0) == 0 ? director::ports::Purpose::Agent : director::ports::Purpose::Gate;
  command.argv = {"/bin/true"};
  command.cwd = "/";
  for (auto _ : state) {
    if (const auto exit = launcher.run(command, {}, {}); !exit || exit->exit_code != 0) {
      state.SkipWithError("/bin/true failed");
    }
  }
}
BENCHMARK(sandboxed_true)
    ->ArgName("gate")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

void spawn_all(benchmark::State& state, std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  for (auto _ : state) {
    pid_t pid = -1;
    int status = 0;
    if (::posix_spawn(&pid, argv[0], nullptr, nullptr, argv.data(), ::environ) != 0 ||
        ::waitpid(pid, &status, 0) != pid || status != 0) {
      state.SkipWithError("/bin/true failed");
    }
  }
}

void posix_spawn_true(benchmark::State& state) { spawn_all(state, {"/bin/true"}); }
BENCHMARK(posix_spawn_true)->Unit(benchmark::kMicrosecond)->UseRealTime();

/// The least that confines a gate.
void bubblewrap_true(benchmark::State& state) {
  spawn_all(state, {"/usr/bin/bwrap", "--unshare-pid", "--unshare-ipc", "--unshare-net",
                    "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "/bin/true"});
}
BENCHMARK(bubblewrap_true)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
