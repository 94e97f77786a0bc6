// What a command may touch, as arguments. That bubblewrap does as it is told is for the process and
// end-to-end tests.
#include "core/platform/sandbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/nesting.hpp"

namespace director::platform {
namespace {

using ports::Purpose;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using Words = std::vector<std::string>;

SandboxPolicy policy() {
  SandboxPolicy policy;
  policy.program = "/usr/bin/bwrap";
  policy.workspaces = "/c";
  policy.temp = "/tmp";
  policy.protect = {"/home/u/repo", "/c"};
  policy.visible = {"/home/u/repo", "/c"};
  return policy;
}

ports::Command command(Purpose purpose, std::string cwd = "/c/slot") {
  ports::Command command;
  command.purpose = purpose;
  command.argv = {"sh"};
  command.cwd = std::move(cwd);
  return command;
}

/// The targets of one kind of mount, in order.
Words mounts(const Words& arguments, const std::string& kind) {
  Words found;
  const std::size_t target = kind == "--tmpfs" ? 1 : 2;
  for (std::size_t i = 0; i + target < arguments.size(); ++i) {
    if (arguments[i] == kind) {
      found.push_back(arguments[i + target]);
    }
  }
  return found;
}

/// What a command could write there, as the kernel sees it: the last mount that holds the path.
bool may_write(const Words& arguments, const std::string& path) {
  bool writable = false;
  for (std::size_t i = 0; i + 2 < arguments.size(); ++i) {
    const bool is_fresh = arguments[i] == "--tmpfs";
    if (!is_fresh && arguments[i] != "--bind" && arguments[i] != "--ro-bind") {
      continue;
    }
    const std::string& target = arguments[i + (is_fresh ? 1 : 2)];
    if (lies_within(path, target)) {
      writable = arguments[i] != "--ro-bind";
    }
  }
  return writable;
}

TEST(Sandbox, ToolsAloneAreNotConfined) {
  EXPECT_TRUE(is_confined(Purpose::Agent));
  EXPECT_TRUE(is_confined(Purpose::Gate));
  EXPECT_TRUE(is_confined(Purpose::Setup));
  EXPECT_FALSE(is_confined(Purpose::Tool));
}

TEST(Sandbox, WholeLineOfAGate) {
  EXPECT_THAT(bubblewrap_arguments(policy(), command(Purpose::Gate), "/c/slot"),
              ElementsAre("/usr/bin/bwrap", "--die-with-parent", "--new-session", "--unshare-pid",
                          "--as-pid-1", "--unshare-ipc", "--cap-drop", "ALL", "--unshare-net",
                          "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs",
                          "/tmp", "--bind", "/c/slot", "/c/slot", "--chdir", "/c/slot", "--"));
}

TEST(Sandbox, NetworkIsForAllButGates) {
  for (const Purpose purpose : {Purpose::Agent, Purpose::Setup}) {
    EXPECT_THAT(bubblewrap_arguments(policy(), command(purpose), "/c/slot"),
                Not(Contains("--unshare-net")));
  }
  SandboxPolicy open = policy();
  open.gate_network = true;
  EXPECT_THAT(bubblewrap_arguments(open, command(Purpose::Gate), "/c/slot"),
              Not(Contains("--unshare-net")));
}

TEST(Sandbox, WhoReadsOnlyMayNotWriteItsOwnFolder) {
  ports::Command reads = command(Purpose::Agent, "/c/slot");
  reads.reads_only = true;
  reads.writable = {"/c/plugins/x/agent"};
  const Words words = bubblewrap_arguments(policy(), reads, "/c/slot");
  EXPECT_FALSE(may_write(words, "/c/slot/x"));
  EXPECT_TRUE(may_write(words, "/c/plugins/x/agent/x"));
  reads.cwd = "/c/plugins/x/agent/server";
  EXPECT_TRUE(may_write(bubblewrap_arguments(policy(), reads, reads.cwd), reads.cwd + "/x"))
      << "it lies in a folder that it may write";
}

TEST(Sandbox, OnlyAWorkspaceIsWritable) {
  struct Case {
    const char* folder;
    bool writable;
  };
  for (const Case& one : {Case{"/c/slot", true},
                          {"/c/gates/job", true},
                          {"/c", false},
                          {"/home/u/repo", false},
                          {"/", false},
                          {"/cc/slot", false}}) {
    const Words words =
        bubblewrap_arguments(policy(), command(Purpose::Agent, one.folder), one.folder);
    EXPECT_EQ(may_write(words, std::string(one.folder) + "/x"), one.writable) << one.folder;
  }
  const Words words = bubblewrap_arguments(policy(), command(Purpose::Agent), "/c/slot");
  for (const char* path : {"/c/slot.meta/x", "/c/slot-2/x", "/c/x", "/home/u/repo/.git/config",
                           "/home/u/x", "/etc/x"}) {
    EXPECT_FALSE(may_write(words, path)) << path;
  }
}

TEST(Sandbox, LinkedFolderIsMountedWhereItReallyIs) {
  const Words words =
      bubblewrap_arguments(policy(), command(Purpose::Agent, "/link/slot"), "/c/slot");
  EXPECT_THAT(mounts(words, "--bind"), ElementsAre("/c/slot"));
  EXPECT_EQ(*(std::find(words.begin(), words.end(), "--chdir") + 1), "/link/slot");
}

TEST(Sandbox, WhatTheUserOpensStillShutsTheRepository) {
  SandboxPolicy wide = policy();
  wide.writable = {"/home/u", "/var/cache/x"};
  const Words words = bubblewrap_arguments(wide, command(Purpose::Agent), "/c/slot");
  EXPECT_TRUE(may_write(words, "/home/u/.npm/x"));
  EXPECT_TRUE(may_write(words, "/var/cache/x/y"));
  EXPECT_FALSE(may_write(words, "/home/u/repo/.git/config"));
  wide.writable = {"/"};
  const Words all = bubblewrap_arguments(wide, command(Purpose::Agent), "/c/slot");
  EXPECT_FALSE(may_write(all, "/c/slot.meta/x"));
  EXPECT_TRUE(may_write(all, "/c/slot/x"));
}

TEST(Sandbox, StateOfTheToolIsWritable) {
  ports::Command agent = command(Purpose::Agent);
  agent.writable = {"/c/plugins/runner/agent"};
  const Words words = bubblewrap_arguments(policy(), agent, "/c/slot");
  EXPECT_TRUE(may_write(words, "/c/plugins/runner/agent/data/db"));
  EXPECT_FALSE(may_write(words, "/c/plugins/runner/config/agents/x.md"));
}

TEST(Sandbox, WhatACommandMaySeeOfWhatIsHiddenItMayNotWrite) {
  SandboxPolicy hiding = policy();
  hiding.empty = {"/c/slots"};
  ports::Command reader = command(Purpose::Agent, "/c/plugins/runner/agent");
  reader.writable = {"/c/plugins/runner/agent"};
  reader.readable = {"/c/slots"};
  const Words words = bubblewrap_arguments(hiding, reader, reader.cwd);
  EXPECT_THAT(mounts(words, "--ro-bind"), Contains("/c/slots"));
  EXPECT_FALSE(may_write(words, "/c/slots/verify-1/x"));
  EXPECT_TRUE(may_write(words, "/c/plugins/runner/agent/db"));
}

TEST(Sandbox, WhatIsNeededBelowTempIsShownWithItsWholeFolder) {
  SandboxPolicy below = policy();
  below.workspaces = "/tmp/w/home/.cache/director/r";
  below.visible = {"/tmp/w/repo", "/tmp/venv/bin", below.workspaces, "/usr/bin"};
  ports::Command gate = command(Purpose::Gate, below.workspaces + "/slot");
  gate.argv = {"/tmp/tool/bin/check"};
  const Words words = bubblewrap_arguments(below, gate, gate.cwd);
  EXPECT_THAT(mounts(words, "--ro-bind"), ElementsAre("/", "/tmp/tool", "/tmp/venv", "/tmp/w"));
  EXPECT_TRUE(may_write(words, gate.cwd + "/x"));
  EXPECT_TRUE(may_write(words, "/tmp/x"));
  EXPECT_FALSE(may_write(words, "/tmp/w/repo/x"));
}

TEST(Sandbox, DaemonsAreHiddenAndWhatIsNeededBesideThemIsNot) {
  SandboxPolicy hiding = policy();
  hiding.empty = {"/run/user"};
  hiding.blank = {"/run/docker.sock"};
  hiding.visible.emplace_back("/run/user/1/repo");
  const Words words = bubblewrap_arguments(hiding, command(Purpose::Agent), "/c/slot");
  EXPECT_THAT(mounts(words, "--tmpfs"), ElementsAre("/tmp", "/run/user"));
  EXPECT_THAT(mounts(words, "--ro-bind"), ElementsAre("/", "/run/docker.sock", "/run/user/1/repo"));
}

// A read-only mount stops no connection, nor does a network namespace one by the file system.
TEST(Sandbox, NoDaemonIsReached) {
  SandboxPolicy hiding = policy();
  hiding.daemons = {"/run", "/home/u/lone"};
  hiding.sockets = {"/home/u/x/socket", "/run/y/socket"};
  hiding.names = {"/run/systemd/resolve", "/etc/resolv.conf"};
  hiding.links = {{"/run/current-system", "/nix/store/x"}};
  hiding.empty = {"/run/user", "/run/mine/repo/keys"};
  hiding.blank = {"/run/docker.sock"};
  hiding.protect.emplace_back("/run/mine/repo");
  hiding.visible.emplace_back("/run/mine/repo");
  const Words gate = bubblewrap_arguments(hiding, command(Purpose::Gate), "/c/slot");
  EXPECT_THAT(mounts(gate, "--tmpfs"),
              ElementsAre("/tmp", "/home/u/lone", "/run", "/run/mine/repo/keys"));
  EXPECT_THAT(mounts(gate, "--ro-bind"), ElementsAre("/", "/home/u/x/socket", "/run/mine/repo"));
  EXPECT_THAT(mounts(gate, "--symlink"), ElementsAre("/run/current-system"));
  hiding.gate_network = true;
  const Words open = bubblewrap_arguments(hiding, command(Purpose::Gate), "/c/slot");
  EXPECT_EQ(mounts(open, "--tmpfs"), mounts(gate, "--tmpfs"));
  EXPECT_EQ(mounts(open, "--symlink"), mounts(gate, "--symlink"));
  EXPECT_THAT(mounts(open, "--ro-bind"),
              ElementsAre("/", "/home/u/x/socket", "/run/mine/repo", "/run/systemd/resolve"));
}

TEST(Sandbox, WhatIsHiddenStaysHiddenWhereTheUserOpensAround) {
  SandboxPolicy hiding = policy();
  hiding.empty = {"/c/slots", "/home/u/.ssh", "/run/user"};
  hiding.blank = {"/home/u/.netrc"};
  hiding.writable = {"/home/u", "/run/user/1/mine"};
  const Words words =
      bubblewrap_arguments(hiding, command(Purpose::Agent, "/c/slots/a"), "/c/slots/a");
  const auto at = [&words](const std::string& kind, const std::string& target) {
    const std::size_t offset = kind.starts_with("--tmpfs") || kind == "--remount-ro" ? 1 : 2;
    for (std::size_t i = words.size(); i-- > 0;) {
      if (words[i] == kind && i + offset < words.size() && words[i + offset] == target) {
        return static_cast<std::ptrdiff_t>(i);
      }
    }
    return std::ptrdiff_t{-1};
  };
  EXPECT_GT(at("--tmpfs", "/home/u/.ssh"), at("--bind", "/home/u"));
  EXPECT_GT(at("--ro-bind", "/home/u/.netrc"), at("--bind", "/home/u"));
  EXPECT_GT(at("--bind", "/run/user/1/mine"), at("--tmpfs", "/run/user")) << "named by the user";
  EXPECT_GT(at("--bind", "/c/slots/a"), at("--tmpfs", "/c/slots"));
  // The folders that are shown empty take no files, but only once their inner mounts are there.
  for (const char* folder : {"/c/slots", "/home/u/.ssh", "/run/user"}) {
    EXPECT_GT(at("--remount-ro", folder), at("--bind", "/c/slots/a")) << folder;
  }
}

TEST(Sandbox, AgentsMayBeWithoutNetwork) {
  SandboxPolicy shut = policy();
  shut.agent_network = false;
  EXPECT_THAT(bubblewrap_arguments(shut, command(Purpose::Agent), "/c/slot"),
              Contains("--unshare-net"));
  EXPECT_THAT(bubblewrap_arguments(shut, command(Purpose::Setup), "/c/slot"),
              Not(Contains("--unshare-net")));
}

TEST(Sandbox, PreparingMayBeWithoutNetwork) {
  SandboxPolicy shut = policy();
  shut.setup_network = false;
  EXPECT_THAT(bubblewrap_arguments(shut, command(Purpose::Setup), "/c/slot"),
              Contains("--unshare-net"));
  EXPECT_THAT(bubblewrap_arguments(shut, command(Purpose::Agent), "/c/slot"),
              Not(Contains("--unshare-net")));
}

TEST(Sandbox, OneGateMayHaveWhatTheOthersHaveNot) {
  ports::Command gate = command(Purpose::Gate);
  gate.network = true;
  EXPECT_THAT(bubblewrap_arguments(policy(), gate, "/c/slot"), Not(Contains("--unshare-net")));
}

/// What a command sees of a path: the kind and source of the last mount that holds it.
std::string seen(const Words& arguments, const std::string& path) {
  std::string last;
  for (std::size_t i = 0; i + 2 < arguments.size(); ++i) {
    const bool is_fresh = arguments[i] == "--tmpfs";
    if (!is_fresh && arguments[i] != "--bind" && arguments[i] != "--ro-bind") {
      continue;
    }
    const std::string& target = arguments[i + (is_fresh ? 1 : 2)];
    if (lies_within(path, target)) {
      last = is_fresh ? "nothing" : arguments[i + 1] == "/dev/null" ? "nothing" : arguments[i];
    }
  }
  return last;
}

// Git does not work in a repository whose configuration it may not open.
TEST(Sandbox, WhatIsToBeBareOpensAndHoldsNothing) {
  SandboxPolicy hiding = policy();
  hiding.bare = {"/home/u/repo/.git/config"};
  hiding.writable = {"/home/u"};
  const Words words = bubblewrap_arguments(hiding, command(Purpose::Gate), "/c/slot");
  EXPECT_THAT(mounts(words, "--dev-bind"), ElementsAre("/home/u/repo/.git/config"));
}

// Each is laid over what it lies in, whatever order they are named in.
TEST(Sandbox, WhatIsHiddenInWhatIsShownInWhatIsHidden) {
  SandboxPolicy nested = policy();
  nested.empty = {"/home", "/home/u/.ssh", "/home/u/tools/keys"};
  nested.blank = {"/home/u/.netrc", "/home/u/work/token"};
  nested.visible = {"/home/u/tools", "/home/u", "/home/u/repo", "/home/u/.ssh"};
  nested.writable = {"/home/u/work"};
  const Words words = bubblewrap_arguments(nested, command(Purpose::Agent), "/c/slot");
  for (const char* path : {"/home/v/x", "/home/u/.ssh/id", "/home/u/.netrc", "/home/u/tools/keys/x",
                           "/home/u/work/token"}) {
    EXPECT_EQ(seen(words, path), "nothing") << path;
  }
  EXPECT_EQ(seen(words, "/home/u/tools/x"), "--ro-bind");
  EXPECT_EQ(seen(words, "/home/u/work/x"), "--bind");
}

TEST(Sandbox, TheRepositoryStaysShutInWhatIsOpenedOfWhatIsHidden) {
  SandboxPolicy nested = policy();
  nested.empty = {"/run/user"};
  nested.writable = {"/run/user/1"};
  nested.protect = {"/run/user/1/w/repo"};
  nested.visible = nested.protect;
  const Words words = bubblewrap_arguments(nested, command(Purpose::Agent), "/c/slot");
  EXPECT_EQ(seen(words, "/run/user/2/x"), "nothing");
  EXPECT_EQ(seen(words, "/run/user/1/w/x"), "--bind");
  EXPECT_EQ(seen(words, "/run/user/1/w/repo/.git/config"), "--ro-bind");
  EXPECT_THAT(mounts(words, "--bind"), Contains("/run/user/1/w")) << "it is given no other name";
}

// A folder with the repository or a secret somewhere in it, moved by one command, would show them
// to the next.
TEST(Sandbox, FoldersAroundWhatIsShutAreMounted) {
  SandboxPolicy wide = policy();
  wide.protect = {"/home/u/work/a/repo", "/c"};
  wide.empty = {"/home/u/.config/gh"};
  wide.blank = {"/home/u/.m2/settings.xml"};
  wide.writable = {"/home/u"};
  const Words words = bubblewrap_arguments(wide, command(Purpose::Agent), "/c/slot");
  const Words opened = mounts(words, "--bind");
  for (const char* way : {"/home/u/work", "/home/u/work/a", "/home/u/.config", "/home/u/.m2"}) {
    EXPECT_THAT(opened, Contains(way));
    EXPECT_TRUE(may_write(words, std::string(way) + "/x")) << way;
  }
  EXPECT_EQ(seen(words, "/home/u/work/a/repo/x"), "--ro-bind");
  EXPECT_EQ(seen(words, "/home/u/.config/gh/x"), "nothing");
  EXPECT_EQ(seen(words, "/home/u/.m2/settings.xml"), "nothing");
}

TEST(Sandbox, OddNamesAreWordsOfTheirOwn) {
  for (const char* name : {"/c/with space", "/c/\"'$(x)", "/c/a\nb", "/c/\xff\xfe", "/c/--bind"}) {
    const Words words = bubblewrap_arguments(policy(), command(Purpose::Agent, name), name);
    EXPECT_THAT(mounts(words, "--bind"), ElementsAre(name));
  }
}

}  // namespace
}  // namespace director::platform
