// What a command may touch where there is Landlock alone. That the kernel does as it is told is for
// the process and end-to-end tests.
#include "core/platform/landlock_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/base/nesting.hpp"
#include "core/platform/landlock.hpp"

namespace director::platform {
namespace {

using ports::Purpose;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using Words = std::vector<std::string>;

/// A machine in which a user's home, repository and director's cache lie.
Words children(const std::string& folder) {
  static const std::map<std::string, Words> kMachine{
      {"/", {"/dev", "/etc", "/home", "/usr", "/c", "/tmp"}},
      {"/home", {"/home/u", "/home/v"}},
      {"/home/u", {"/home/u/.ssh", "/home/u/.netrc", "/home/u/.gitconfig", "/home/u/repo"}},
      {"/c", {"/c/plugins", "/c/slots", "/c/tmp"}}};
  const auto found = kMachine.find(folder);
  return found == kMachine.end() ? Words() : found->second;
}

SandboxPolicy policy() {
  SandboxPolicy policy;
  policy.backend = SandboxBackend::Landlock;
  policy.program = "/libexec/director-supervise";
  policy.workspaces = "/c";
  policy.temps = "/c/tmp";
  policy.protect = {"/home/u/repo", "/c"};
  policy.visible = {"/home/u/repo", "/c"};
  policy.empty = {"/c/slots", "/c/tmp", "/home/u/.ssh"};
  policy.blank = {"/home/u/.netrc"};
  return policy;
}

ports::Command command(Purpose purpose) {
  ports::Command command;
  command.purpose = purpose;
  command.argv = {"sh"};
  command.cwd = "/c/slots/a";
  return command;
}

Words rules(const SandboxPolicy& policy, const ports::Command& command) {
  return landlock_arguments(policy, command, command.cwd, "/c/tmp/1.x", &children);
}

/// What the kernel makes of it: the right on any of the folders that hold the path.
bool may(const Words& words, const std::string& right, const std::string& path) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == right && lies_within(path, words[i + 1])) {
      return true;
    }
  }
  return false;
}
bool may_write(const Words& words, const std::string& path) {
  return may(words, landlock::kWrite, path);
}
bool may_read(const Words& words, const std::string& path) {
  return may(words, landlock::kRead, path) || may_write(words, path);
}

TEST(LandlockRules, AWorkspaceAndTheTemporaryFolderAreWritable) {
  ports::Command agent = command(Purpose::Agent);
  agent.writable = {"/c/plugins/runner/agent"};
  const Words words = rules(policy(), agent);
  EXPECT_EQ(words.front(), "/libexec/director-supervise");
  EXPECT_EQ(words[1], landlock::kConfined);
  EXPECT_EQ(words.back(), landlock::kRulesEnd);
  for (const char* path : {"/c/slots/a/x", "/c/tmp/1.x/y", "/c/plugins/runner/agent/db"}) {
    EXPECT_TRUE(may_write(words, path)) << path;
  }
  for (const char* path : {"/c/slots/b/x", "/c/slots/a.meta/x", "/c/x", "/c/tmp/2.y/x", "/tmp/x",
                           "/home/u/repo/.git/config", "/home/u/x", "/etc/x", "/dev/sda",
                           "/c/plugins/runner/config/x"}) {
    EXPECT_FALSE(may_write(words, path)) << path;
  }
}

TEST(LandlockRules, WhatACommandMaySeeOfWhatIsHiddenItMayNotWrite) {
  ports::Command reader = command(Purpose::Agent);
  reader.readable = {"/c/slots"};
  const Words words = rules(policy(), reader);
  EXPECT_TRUE(may_read(words, "/c/slots/b/x"));
  EXPECT_FALSE(may_write(words, "/c/slots/b/x"));
  EXPECT_FALSE(may_read(words, "/c/tmp/2.y/x"));
}

TEST(LandlockRules, AllIsReadableButWhatIsHidden) {
  const Words words = rules(policy(), command(Purpose::Gate));
  for (const char* path : {"/usr/bin/sh", "/home/u/.gitconfig", "/home/u/repo/.git/HEAD",
                           "/home/v/x", "/tmp/x", "/c/plugins/x", "/c/slots/a/x"}) {
    EXPECT_TRUE(may_read(words, path)) << path;
  }
  for (const char* path : {"/home/u/.ssh/id", "/home/u/.netrc", "/c/slots/b/x", "/c/tmp/2.y/x",
                           "/c/slots/a.meta/x", "/dev/sda", "/dev/shm/x"}) {
    EXPECT_FALSE(may_read(words, path)) << path;
  }
  EXPECT_TRUE(may(words, landlock::kDevice, "/dev/null"));
  for (const char* path : {"/dev/pts/0", "/dev/ptmx", "/dev/sda"}) {
    EXPECT_FALSE(may(words, landlock::kDevice, path)) << path;
  }
}

TEST(LandlockRules, WhatTheUserOpensStillShutsTheRepositoryAndWhatIsHidden) {
  SandboxPolicy wide = policy();
  wide.writable = {"/"};
  const Words all = rules(wide, command(Purpose::Agent));
  for (const char* path : {"/etc/x", "/home/u/.gitconfig", "/home/v/x"}) {
    EXPECT_TRUE(may_write(all, path)) << path;
  }
  for (const char* path : {"/home/u/repo/.git/config", "/c/slots/b/x", "/c/plugins/x",
                           "/home/u/.netrc", "/home/u/.ssh/id", "/dev/sda"}) {
    EXPECT_FALSE(may_write(all, path)) << path;
  }
}

TEST(LandlockRules, WhatIsHiddenInWhatIsShownInWhatIsHidden) {
  SandboxPolicy nested = policy();
  nested.empty.emplace_back("/home");
  nested.visible = {"/home/u", "/home/u/repo", "/home/u/.ssh"};
  nested.writable = {"/home/u"};
  const Words words = rules(nested, command(Purpose::Agent));
  for (const char* path : {"/home/v/x", "/home/u/.ssh/id", "/home/u/.netrc"}) {
    EXPECT_FALSE(may_read(words, path)) << path;
  }
  EXPECT_TRUE(may_write(words, "/home/u/.gitconfig"));
  EXPECT_TRUE(may_read(words, "/home/u/repo/x"));
  EXPECT_FALSE(may_write(words, "/home/u/repo/x"));
}

TEST(LandlockRules, WhatIsToBeBareIsHidden) {
  SandboxPolicy hiding = policy();
  hiding.bare = {"/home/u/.gitconfig"};
  EXPECT_FALSE(may_read(rules(hiding, command(Purpose::Agent)), "/home/u/.gitconfig"));
}

TEST(LandlockRules, WhatIsHiddenIsNotShownForBeingNeeded) {
  SandboxPolicy whole = policy();
  whole.empty.emplace_back("/home/u");
  whole.visible = {"/home/u", "/c"};
  EXPECT_FALSE(may_read(rules(whole, command(Purpose::Agent)), "/home/u/.gitconfig"));
}

TEST(LandlockRules, NetworkIsAsForAnySandbox) {
  EXPECT_THAT(rules(policy(), command(Purpose::Gate)), Contains(landlock::kNoNetwork));
  EXPECT_THAT(rules(policy(), command(Purpose::Agent)), Not(Contains(landlock::kNoNetwork)));
  SandboxPolicy other = policy();
  other.gate_network = true;
  other.agent_network = false;
  EXPECT_THAT(rules(other, command(Purpose::Gate)), Not(Contains(landlock::kNoNetwork)));
  EXPECT_THAT(rules(other, command(Purpose::Agent)), Contains(landlock::kNoNetwork));
  ports::Command named = command(Purpose::Gate);
  named.network = true;
  EXPECT_THAT(rules(policy(), named), Not(Contains(landlock::kNoNetwork)));
}

TEST(LandlockRules, OlderKernelsHoldLess) {
  EXPECT_THAT(landlock_shortfall(landlock::kScopingAbi), Not(HasSubstr("signals")));
  EXPECT_THAT(landlock_shortfall(landlock::kScopingAbi), HasSubstr("tmux and screen"));
  EXPECT_THAT(landlock_shortfall(landlock::kScopingAbi - 1), HasSubstr("signals"));
}

}  // namespace
}  // namespace director::platform
