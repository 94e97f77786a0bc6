// What is hidden is hidden by its other names, too: by real mounts, in a namespace of their own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "core/platform/sandboxed_launcher.hpp"
#include "tests/unit/cli/sandbox_policy_fixture.hpp"
#include "tests/unit/matchers.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;

using SandboxMountsFor = SandboxPolicyFor;

bool show_also(const std::string& from, const std::string& to) {
  return ::mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) == 0;
}

bool holds(const std::vector<std::string>& paths, const std::string& path) {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

TEST_F(SandboxMountsFor, HidesWhatIsHiddenWhereverItIsMounted) {
  for (const char* folder : {"disk", "alone", "covered", "disk-over"}) {
    fs::create_directories(at(folder));
  }
  write(".ssh/id");
  write("id");
  write("keys/inner/x");
  const auto hidden = policy({at("keys")});
  ASSERT_THAT(hidden, director::testing::IsOk());
  constexpr int kNoMounts = 77;
  const pid_t child = ::fork();
  if (child == 0) {
    const int user = ::geteuid() == 0 ? 0 : CLONE_NEWUSER;
    if (::unshare(CLONE_NEWNS | user) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        !show_also(at(""), at("disk")) || !show_also(at(".ssh"), at("alone")) ||
        !show_also(at(".ssh/id"), at("id")) || !show_also(at(""), at("disk-over")) ||
        !show_also(at("covered"), at("disk-over/keys"))) {
      ::_exit(kNoMounts);
    }
    int wrong = 0;
    const platform::SandboxPolicy now = platform::policy_now(*hidden, ports::Purpose::Agent);
    for (const char* path : {"keys", "disk/.ssh", "disk/keys", "alone", "disk-over/.ssh"}) {
      wrong += holds(now.empty, at(path)) ? 0 : 1;
    }
    for (const char* path : {"id", "disk/.netrc"}) {
      wrong += holds(now.blank, at(path)) ? 0 : 1;
    }
    // Something else is mounted there.
    wrong += holds(now.empty, at("disk-over/keys")) ? 1 : 0;
    ::_exit(wrong);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNoMounts) {
    GTEST_SKIP() << "nothing can be mounted here";
  }
  EXPECT_EQ(WEXITSTATUS(status), 0) << "so many are wrong";
}

}  // namespace
}  // namespace director::cli
