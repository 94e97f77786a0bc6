// What is hidden and what is opened on this machine, by real folders.
#include "cli/sandbox_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "core/platform/sandboxed_launcher.hpp"
#include "tests/unit/cli/sandbox_policy_fixture.hpp"
#include "tests/unit/matchers.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;
using director::testing::FailsWith;
using director::testing::IsOk;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

TEST_F(SandboxPolicyFor, HidesWhatIsNamedBesideWhatIsAlways) {
  const auto made = policy({"~/keys", at("token")});
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(made->empty, AllOf(Contains(at("keys")), Contains(at(".ssh"))));
  EXPECT_THAT(made->blank, AllOf(Contains(at("token")), Contains(at(".netrc"))));
}

TEST_F(SandboxPolicyFor, HidesWhatAgentsLeaveForOthers) {
  fs::create_directories(at("work/repo/.director"));
  fs::create_directories(at(".docker/desktop"));
  const auto made = policy({});
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(made->empty, Contains(at(".docker/desktop")));
  EXPECT_THAT(made->of_agents, ElementsAre(at("work/repo/.director"), at("cache/plugins")));
}

TEST_F(SandboxPolicyFor, KnowsWhereDaemonsListen) {
  const auto made = policy({});
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(made->daemons, Contains(fs::canonical("/run").string()));
  EXPECT_THAT(made->daemons, Contains(fs::canonical("/var/run").string()));
  for (const platform::SandboxPolicy::Link& link : made->links) {
    EXPECT_EQ(fs::read_symlink(link.path).string(), link.target);
  }
}

TEST_F(SandboxPolicyFor, HidesWhereLinksLead) {
  fs::create_symlink(at("token"), at("link"));
  const auto made = policy({at("link"), at("keys/../keys/inner/")});
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(made->blank, Contains(at("token")));
  EXPECT_THAT(made->empty, Contains(at("keys/inner")));
}

TEST_F(SandboxPolicyFor, RefusesToHideWhatIsNeededOrMissing) {
  const std::pair<std::string, const char*> cases[] = {
      {at("missing"), "No such file or directory; make it, or take it out of sandbox.hide"},
      {at("work"), "they need the repository"},
      {at("work/repo"), "they need the repository"},
      {at("work/repo/.git"), "they need the repository"},
      {at("cache"), "they need the repository"},
      {at("cache/slots"), "they need the repository"},
      {"~/", "they need the repository"},
      {"/", "they need the repository"},
      {"/usr", "nothing runs without it"},
      {"/dev/null", "nothing runs without it"},
      {"/proc/self", "nothing runs without it"},
  };
  for (const auto& [path, why] : cases) {
    EXPECT_THAT(policy({path}), FailsWith(Errc::Invalid, why)) << path;
  }
}

TEST_F(SandboxPolicyFor, HidesInTheCheckoutAndBesideIt) {
  fs::create_directories(at("work/repo/secrets"));
  const auto made = policy({at("work/repo/secrets")});
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(made->empty, Contains(at("work/repo/secrets")));
}

TEST_F(SandboxPolicyFor, NothingIsHiddenAndOpen) {
  EXPECT_THAT(policy({at("open")}, {at("open")}),
              FailsWith(Errc::Invalid, "it stands in sandbox.writable, too"));
  // What is hidden unless somebody says otherwise, they can open by its name.
  const auto opened = policy({}, {at(".ssh")});
  ASSERT_THAT(opened, IsOk());
  EXPECT_THAT(opened->empty, Not(Contains(at(".ssh"))));
  EXPECT_THAT(opened->writable, Contains(at(".ssh")));
}

TEST_F(SandboxPolicyFor, WhatIsHiddenInWhatIsShownAgainStaysOnTheList) {
  fs::create_directories(at("keys/inner/deep"));
  const auto dropped = policy({at("keys"), at("keys/inner/deep")});
  ASSERT_THAT(dropped, IsOk());
  EXPECT_THAT(dropped->empty, Not(Contains(at("keys/inner/deep")))) << "it is not to be seen";
  const auto opened = policy({at("keys"), at("keys/inner/deep")}, {at("keys/inner")});
  ASSERT_THAT(opened, IsOk());
  EXPECT_THAT(opened->empty, Contains(at("keys/inner/deep")));
  const auto shown = policy({at("keys"), at("keys/inner/deep")}, {}, at("keys/inner"));
  ASSERT_THAT(shown, IsOk());
  EXPECT_THAT(shown->empty, Contains(at("keys/inner/deep")));
}

TEST_F(SandboxPolicyFor, HidesWhatComesIntoBeingLater) {
  const auto made = policy({});
  ASSERT_THAT(made, IsOk());
  fs::create_directories(at(".aws"));
  fs::create_directories(at(".docker"));
  std::ofstream(at(".docker/config.json")) << "secret";
  fs::create_symlink(at("open"), at(".kube"));
  EXPECT_THAT(made->empty, Not(Contains(at(".aws"))));
  const platform::SandboxPolicy now = platform::policy_now(*made, ports::Purpose::Agent);
  EXPECT_THAT(now.empty, AllOf(Contains(at(".aws")), Contains(at(".ssh"))));
  EXPECT_THAT(now.empty, Contains(at("open"))) << "what a name leads to is hidden";
  EXPECT_THAT(now.blank, AllOf(Contains(at(".docker/config.json")), Contains(at(".netrc"))));
}

// A link that somebody makes later takes nothing away that work is done on.
TEST_F(SandboxPolicyFor, HidesNothingLaterThatHoldsTheRepositoryOrTheCache) {
  const auto made = policy({});
  ASSERT_THAT(made, IsOk());
  fs::create_symlink(at("work"), at(".aws"));
  fs::create_symlink(at("cache"), at(".kube"));
  fs::create_symlink(at("nowhere"), at(".azure"));
  EXPECT_EQ(platform::policy_now(*made, ports::Purpose::Agent).empty, made->empty);
}

// Who keeps no history links it to where all is lost; who links a place of secrets to what every
// program needs would have no program run.
TEST_F(SandboxPolicyFor, HidesNothingThatEveryProgramNeeds) {
  fs::create_symlink("/dev/null", at(".bash_history"));
  fs::create_symlink("/usr", at(".azure"));
  const auto made = policy({});
  ASSERT_THAT(made, IsOk());
  fs::create_symlink("/dev/null", at(".zsh_history"));
  fs::create_symlink("/usr", at(".aws"));
  fs::create_symlink("/proc/self", at(".kube"));
  const platform::SandboxPolicy now = platform::policy_now(*made, ports::Purpose::Agent);
  EXPECT_EQ(now.empty, made->empty);
  EXPECT_EQ(now.blank, made->blank);
  for (const std::string& path : {std::string("/dev/null"), std::string("/usr")}) {
    EXPECT_THAT(now.blank, Not(Contains(path)));
    EXPECT_THAT(now.empty, Not(Contains(path)));
  }
}

TEST_F(SandboxPolicyFor, HidesNoPlaceTwiceThatComesIntoBeingWhereAllIsHidden) {
  const auto made = policy({at("keys")});
  ASSERT_THAT(made, IsOk());
  platform::SandboxPolicy waiting = *made;
  waiting.awaited = {at("keys/inner")};
  EXPECT_EQ(platform::policy_now(waiting, ports::Purpose::Agent).empty, made->empty);
}

TEST_F(SandboxPolicyFor, HidesWhatVariablesName) {
  variables_ = {"XDG_CONFIG_HOME=" + at("x/config/"),
                "XDG_DATA_HOME=" + at("x/data"),
                "XDG_CACHE_HOME=" + at("x/../x/cache"),
                "KUBECONFIG=" + at("kube/one") + "::" + at("kube/two"),
                "CARGO_HOME=" + at("cargo"),
                "GNUPGHOME=" + at("gpg"),
                "DOCKER_CONFIG=" + at("docker"),
                "npm_config_userconfig=" + at("npmrc"),
                "XAUTHORITY=" + at("xauth"),
                "GOOGLE_APPLICATION_CREDENTIALS=" + at("key.json")};
  for (const char* path :
       {"x/config/gh/hosts.yml", "x/data/opencode/auth.json", "x/cache/huggingface/token", "xauth",
        "x/cache/git/credential/socket", "kube/one", "kube/two", "cargo/credentials.toml",
        "cargo/bin/tool", "gpg/key", "docker/config.json", "npmrc", "key.json",
        ".config/gh/hosts.yml"}) {
    write(path);
  }
  const auto made = policy({});
  ASSERT_THAT(made, IsOk());
  for (const char* path :
       {"x/config/gh", "x/data/opencode", "gpg", ".config/gh", "x/cache/git/credential"}) {
    EXPECT_THAT(made->empty, Contains(at(path)));
  }
  for (const char* path :
       {"x/cache/huggingface/token", "kube/one", "kube/two", "docker/config.json",
        "cargo/credentials.toml", "npmrc", "key.json", "xauth"}) {
    EXPECT_THAT(made->blank, Contains(at(path)));
  }
  EXPECT_THAT(made->empty, Not(Contains(at("cargo")))) << "programs are in there";
  write("x/config/rclone/rclone.conf");
  EXPECT_THAT(platform::policy_now(*made, ports::Purpose::Gate).empty,
              Contains(at("x/config/rclone")));
}

TEST_F(SandboxPolicyFor, OddValuesOfVariablesHideNothing) {
  const auto before = policy({});
  ASSERT_THAT(before, IsOk());
  write("bin/tool");
  variables_ = {"GNUPGHOME=" + at(""),
                "CLOUDSDK_CONFIG=/etc",
                "PASSWORD_STORE_DIR=/usr",
                "CODEX_HOME=/",
                "GH_CONFIG_DIR=/bin",
                "GLAB_CONFIG_DIR=" + at("cache/slots/.."),
                "AZURE_CONFIG_DIR=" + at("work"),
                "DOCKER_CONFIG=work",
                "NETRC=/dev/null",
                "HISTFILE=",
                "KUBECONFIG=::token:" + at("open") + ":" + at("bin"),
                "XDG_DATA_HOME=relative",
                "SSH_AUTH_SOCK=" + at("missing")};
  const auto made = policy({}, {}, at("bin"));
  ASSERT_THAT(made, IsOk());
  const platform::SandboxPolicy now = platform::policy_now(*made, ports::Purpose::Agent);
  EXPECT_EQ(now.empty, before->empty);
  EXPECT_EQ(now.blank, before->blank);
}

// Who passes a variable on means what it names.
TEST_F(SandboxPolicyFor, HidesNoFileThatAVariableIsPassedOnFor) {
  variables_ = {"GOOGLE_APPLICATION_CREDENTIALS=" + at("token"), "KUBECONFIG=" + at("keys/kube")};
  write("keys/kube");
  passed_ = {"GOOGLE_*"};
  const auto made = policy({});
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(made->blank, AllOf(Not(Contains(at("token"))), Contains(at("keys/kube"))));
}

TEST_F(SandboxPolicyFor, HidesWhatAgentToolsAndPackageManagersKeep) {
  const char* const files[] = {".codex/auth.json",
                               ".claude/.credentials.json",
                               ".gemini/oauth_creds.json",
                               ".cache/huggingface/token",
                               ".composer/auth.json",
                               ".config/composer/auth.json",
                               ".yarnrc.yml",
                               ".nuget/NuGet/NuGet.Config",
                               ".bundle/config",
                               ".python_history",
                               ".config/opencode/opencode.json",
                               ".config/opencode/opencode.jsonc",
                               ".claude.json",
                               ".claude/.claude.json",
                               ".Xauthority"};
  const char* const folders[] = {
      ".config/github-copilot", ".local/share/opencode", ".config/rclone", ".config/sops/age",
      ".git-credential-cache",  ".cache/git/credential", ".1password"};
  for (const char* file : files) {
    write(file);
  }
  for (const char* folder : folders) {
    write(std::string(folder) + "/x");
  }
  const auto made = policy({});
  ASSERT_THAT(made, IsOk());
  for (const char* file : files) {
    EXPECT_THAT(made->blank, Contains(at(file)));
  }
  for (const char* folder : folders) {
    EXPECT_THAT(made->empty, Contains(at(folder)));
  }
}

// Addresses with tokens in them, and the header that CI's checkouts leave.
TEST_F(SandboxPolicyFor, EmptiesTheConfigurationOfTheRepository) {
  write("work/repo/.git/config");
  write("work/repo/.git/modules/lib/config");
  write("lender/.git/config");
  fs::create_directories(at("lender/.git/objects"));
  fs::create_directories(at("work/repo/.git/objects/info"));
  std::ofstream(at("work/repo/.git/objects/info/alternates")) << at("lender/.git/objects") << "\n";
  const auto made = policy({});
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(made->bare, ElementsAre(at("lender/.git/config"), at("work/repo/.git/config")));
  EXPECT_THAT(made->empty, Contains(at("work/repo/.git/modules")));
  write("work/repo/.git/config.worktree");
  const platform::SandboxPolicy now = platform::policy_now(*made, ports::Purpose::Gate);
  EXPECT_EQ(now.bare, made->bare);
  EXPECT_THAT(now.blank, Contains(at("work/repo/.git/config.worktree")));
}

TEST_F(SandboxPolicyFor, EmptiesTheConfigurationOfALinkedWorktree) {
  for (const char* path : {"main/.git/config", "main/.git/worktrees/repo/config.worktree",
                           "main/.git/objects/x", "main/.git/worktrees/repo/x"}) {
    write(path);
  }
  std::ofstream(at("main/.git/worktrees/repo/commondir")) << "../..\n";
  fs::remove_all(at("work/repo/.git"));
  std::ofstream(at("work/repo/.git")) << "gitdir: " << at("main/.git/worktrees/repo") << "\n";
  const auto made = policy({});
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(made->bare, ElementsAre(at("main/.git/config")));
  EXPECT_THAT(made->blank, Contains(at("main/.git/worktrees/repo/config.worktree")));
}

// Git looks for its folder upwards: what it finds there is what director's work lands in.
TEST_F(SandboxPolicyFor, ProtectsTheRepositoryAroundAFolderWithoutOne) {
  fs::remove_all(at("work/repo/.git"));
  for (const char* path : {"work/.git/HEAD", "work/.git/config", "work/.git/hooks/x",
                           "work/.git/objects/x", "work/repo/.director/config.toml"}) {
    write(path);
  }
  EXPECT_THAT(policy({}, {at("work")}), FailsWith(Errc::Invalid, "it is the repository's"));
  EXPECT_THAT(policy({}, {at("work/.git/hooks")}),
              FailsWith(Errc::Invalid, "it is the repository's"));
  EXPECT_THAT(policy({at("work")}), FailsWith(Errc::Invalid, "they need the repository"));
  const auto made = policy({}, {at("")});
  ASSERT_THAT(made, IsOk()) << "around it is another matter";
  EXPECT_THAT(made->protect, AllOf(Contains(at("work")), Contains(at("work/.git"))));
  EXPECT_THAT(made->bare, ElementsAre(at("work/.git/config")));
}

// A folder of that name which is none of git's is passed over, as git does.
TEST_F(SandboxPolicyFor, ProtectsTheRepositoryAroundAFolderThatIsNoneOfGits) {
  write("work/.git/HEAD");
  const auto made = policy({});
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(made->protect, AllOf(Contains(at("work")), Contains(at("work/.git"))));
}

// A linked worktree's repository is the repository, too.
TEST_F(SandboxPolicyFor, OpensNothingOfTheRepositoryWhereverItLies) {
  fs::create_directories(at("main/.git/objects"));
  fs::create_directories(at("main/.git/worktrees/repo"));
  fs::create_directories(at("main/.git/hooks"));
  std::ofstream(at("main/.git/worktrees/repo/commondir")) << "../..\n";
  fs::remove_all(at("work/repo/.git"));
  std::ofstream(at("work/repo/.git")) << "gitdir: " << at("main/.git/worktrees/repo") << "\n";
  for (const char* path : {"work/repo", "main/.git", "main/.git/hooks", "cache", "cache/tmp"}) {
    EXPECT_THAT(policy({}, {at(path)}), FailsWith(Errc::Invalid, "it is the repository's")) << path;
  }
  EXPECT_THAT(policy({}, {at("main")}), IsOk()) << "around it is another matter";
}

}  // namespace
}  // namespace director::cli
