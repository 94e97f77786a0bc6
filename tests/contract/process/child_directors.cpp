#include "tests/contract/process/child_directors.hpp"

#include <grp.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

#include "core/platform/local_launcher.hpp"
#include "core/platform/system_clock.hpp"
#include "tests/contract/process/child_strays.hpp"
#include "tests/contract/process/system.hpp"

namespace director::process_test {
namespace {

/// Becomes a user from whom /proc hides what cannot be traced; false if that cannot be.
bool become_blind() {
  constexpr uid_t kNobody = 64'998;
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("proc", "/proc", "proc", 0, "hidepid=2") == 0 && ::setgroups(0, nullptr) == 0 &&
         ::setresgid(kNobody, kNobody, kNobody) == 0 && ::setresuid(kNobody, kNobody, kNobody) == 0;
}

}  // namespace

int act_as_director() {
  const platform::SystemClock clock;
  platform::LocalLauncher launcher(clock, platform::Environment::of_this_process());
  ports::Command command;
  command.argv = {own_executable(), "--child=daemon-hang"};
  command.cwd = "/";
  const auto exit = launcher.run(command,
                                 [](const ports::OutputLine& line) {
                                   say(std::string(line.text) + "\n");
                                   return true;
                                 },
                                 {});
  if (!exit) {
    say(exit.error().message() + "\n");
    return 1;
  }
  return 0;
}

int act_as_poor_director(const std::vector<std::string>& args) {
  const platform::SystemClock clock;
  platform::LocalLauncher launcher(clock, platform::Environment::of_this_process());
  const rlim_t most = std::stoul(args.at(0));
  const struct rlimit limit { most, most };
  constexpr uid_t kNobody = 64'999;
  if (::setrlimit(RLIMIT_NPROC, &limit) != 0 || ::setresuid(kNobody, kNobody, kNobody) != 0) {
    say("cannot become poor\n");
    return 1;
  }
  ports::Command command;
  command.argv = {"/bin/true"};
  command.cwd = "/";
  const auto exit = launcher.run(command, {}, {});
  say((exit ? "started" : exit.error().message()) + "\n");
  say(::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD ? "nothing left\n" : "a child\n");
  ::_exit(0);  // a sanitizer that looks for leaks would start a process
}

int act_as_blind_director() {
  const std::string folder = std::filesystem::current_path().string();
  ports::Command command;
  command.argv = {own_executable(), "--child=leave-hidden-orphan"};
  command.cwd = folder;
  command.env_set = {"MARK=" + std::string(std::getenv("MARK"))};
  if (!become_blind()) {
    say("cannot be blind\n");
    return 0;
  }
  const platform::SystemClock clock;
  platform::LocalLauncher launcher(clock, platform::Environment::of_this_process());
  const auto exit = launcher.run(command, {}, {});
  say(exit ? "ended\n" : exit.error().message() + "\n");
  say(::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD ? "nothing left\n" : "a child\n");

  ports::CommandHold hold;
  const ports::CancelToken cancel;
  std::latch has_stray(1);
  command.argv = {command.argv.front(), "--child=serve", "late", "hidden"};
  command.hold = &hold;
  std::thread runner([&] {
    const auto end = launcher.run(
        command,
        [&](const ports::OutputLine& line) {
          if (line.text == "ready") {
            hold.mark();
            std::ofstream("cue") << "\n";
          } else if (line.text.starts_with("stray")) {
            has_stray.count_down();
          }
          return true;
        },
        cancel);
    say(end ? "ended\n" : end.error().message() + "\n");
  });
  has_stray.wait();
  say(hold.weed(std::chrono::seconds(60)) ? "clean\n" : "not clean\n");
  cancel.cancel();
  runner.join();
  ::_exit(0);  // a sanitizer that looks for leaks would start a process
}

}  // namespace director::process_test
