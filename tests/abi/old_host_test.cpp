// Today's plugins in hosts of released versions: they load there, find the services of that time,
// and do their work without what came later.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "director/plugin.h"
#include "tests/e2e/support.hpp"

namespace director::e2e {
namespace {

using ::testing::HasSubstr;

struct Use {
  std::string library;
  std::string kind;
  std::string config;             ///< @ROOT@, @KIT@
  std::vector<std::string> says;  ///< parts of what the host prints
  std::string answer{};           ///< of an agent
};
void PrintTo(const Use& use, std::ostream* out) { *out << use.library; }

std::vector<std::string> versions() {
  std::istringstream list(DIRECTOR_FROZEN_ABIS);
  std::vector<std::string> all;
  for (std::string version; std::getline(list, version, ';');) {
    all.push_back(version);
  }
  return all;
}

fs::path library_of(const std::string& name) {
  for (const char* folder :
       {DIRECTOR_BUNDLED, DIRECTOR_TEST_PLUGINS, DIRECTOR_BUILT, DIRECTOR_MISBEHAVING}) {
    const fs::path path = fs::path(folder) / (name + ".so");
    if (fs::exists(path)) {
      return path;
    }
  }
  ADD_FAILURE() << "there is no plugin '" << name << "'";
  return {};
}

class OldHost : public ::testing::TestWithParam<Use> {
 protected:
  OldHost() {
    world.make_repository();
    fs::create_directories(world.state());
    fs::create_directories(world.root() / "repo.cache/agent");
    // An agent tool that says what the kit knows of OpenCode's events.
    write_file(world.root() / "tool",
               "#!/bin/sh\ncase $1 in --version) echo 1.18.33 ;; models) echo openai/m1 ;; *) cat "
               ">/dev/null; cat '" DIRECTOR_KIT_CONFIGS "/opencode/ok.jsonl' ;; esac\n");
    fs::permissions(world.root() / "tool", fs::perms::owner_all);
    write_file(world.root() / "script.json",
               R"({"rules": [{"steps": [{"run": "echo hi", "exits": 0}, {"text": "DONE"}]}]})");
    write_file(world.root() / "gates.json",
               R"({"rules": [{"command": "true", "verdict": "pass"},
                             {"command": "exit", "verdict": "fail", "exit_code": 3}]})");
  }
  Ran use(const std::string& version, const Use& what) {
    const std::string config = filled(what.config, "@ROOT@", world.root().string());
    return run(
        {(fs::path(DIRECTOR_OLD_HOSTS) / ("director_old_host_" + version)).string(),
         library_of(what.library).string(), what.kind, world.repo().string(), config, what.answer},
        world.root(), world.environment());
  }

  World world;
};

TEST_P(OldHost, UsesATodaysPlugin) {
  for (const std::string& version : versions()) {
    const Ran ran = use(version, GetParam());
    EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("on a host of " + version));
    for (const std::string& part : GetParam().says) {
      EXPECT_THAT(ran.out, HasSubstr(part)) << version;
    }
  }
}

const std::vector<std::string> kVerdicts{"outcome 1, exit 0", "outcome 2, exit 3"};
const std::string kToday =
    "of ABI " + std::to_string(DIRECTOR_ABI_MAJOR) + "." + std::to_string(DIRECTOR_ABI_MINOR);

INSTANTIATE_TEST_SUITE_P(
    Each, OldHost,
    ::testing::Values(
        Use{"gate-shell", "gate", "{}", kVerdicts},
        Use{"gate-scripted",
            "gate",
            R"({"script":"@ROOT@/gates.json"})",
            {"outcome 1", "outcome 2, exit 3"}},
        Use{"gate-gcc",
            "gate",
            "{}",
            {"outcome 1, exit 0", "outcome 2, exit 3", "asked for director.host.not-yet/9",
             kToday}},
        Use{"gate-c11", "gate", "{}", {"asked for director.host.not-yet/9", "outcome 2, exit 3"}},
        Use{"runner-opencode", "runner", R"({"command":"@ROOT@/tool"})", {"event 5"}},
        Use{"runner-scripted",
            "runner",
            R"({"script":"@ROOT@/script.json"})",
            {"event 2", "event 5: DONE"}},
        Use{"vcs-git", "vcs", "{}", {"tree is as it was"}},
        Use{"vcs-memory", "vcs", "{}", {"tree is as it was"}},
        Use{"review-llm",
            "reviewer",
            "{}",
            {"severity 2: loud", "summary: Short."},
            R"({"verdict": "pass", "summary": "Short.",
                "findings": [{"severity": "major", "file": "one.txt", "summary": "loud"}]})"},
        Use{"metrics-jsonl", "sink", "{}", {}}, Use{"sink-memory", "sink", "{}", {}},
        Use{"launcher-wrapping", "launcher", "{}", {"argument: make"}}),
    [](const auto& tested) {
      std::string name = tested.param.library;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST_F(OldHost, KeepsWhatTodaysSinksWereGiven) {
  const std::string version = versions().front();
  ASSERT_EQ(use(version, {"metrics-jsonl", "sink", "{}", {}}).exit_code, 0);
  EXPECT_THAT(read_file(world.state() / "costs.jsonl"), HasSubstr("\"cost\":0.5"));
  ASSERT_EQ(use(version, {"sink-memory", "sink", "{}", {}}).exit_code, 0);
  EXPECT_THAT(read_file(world.state() / "records.jsonl"), HasSubstr("\"cost\":0.5"));
}

TEST_F(OldHost, RefusesByNameWhatItCannotHave) {
  for (const std::string& version : versions()) {
    const Ran major = use(version, {"bad-wrong_major", "gate", "{}", {}});
    EXPECT_EQ(major.exit_code, 3) << major.out;
    EXPECT_THAT(major.out, HasSubstr("bad-wrong_major.so' was built for ABI 2."));
    EXPECT_THAT(major.out, HasSubstr("this host has " + version));
    const Ran minor = use(version, {"bad-newer_minor", "gate", "{}", {}});
    EXPECT_EQ(minor.exit_code, 3) << minor.out;
    EXPECT_THAT(minor.out, HasSubstr("bad-newer_minor.so' needs ABI 1."));
  }
}

// That the pairs would show a struct that was changed: a host and a plugin whose headers have two
// fields of the verdict in each other's place.
TEST_F(OldHost, ABrokenStructIsFound) {
  const std::string version = versions().front();
  const Use gate{"gate-shell", "gate", "{}", {}};
  EXPECT_THAT(use(version, gate).out, HasSubstr("outcome 1, exit 0"));
  const Ran there = run({DIRECTOR_BROKEN_HOST, library_of("gate-shell").string(), "gate",
                         world.repo().string(), "{}", ""},
                        world.root(), world.environment());
  EXPECT_THAT(there.out, HasSubstr("outcome 0, exit 1"));
  const Ran here = run({DIRECTOR_PROGRAM, "plugin", "check", DIRECTOR_BROKEN_GATE, "--config",
                        DIRECTOR_KIT_CONFIGS "/gate.toml"},
                       world.root(), world.environment());
  EXPECT_EQ(here.exit_code, 1) << here.out << here.err;
  EXPECT_THAT(here.out, HasSubstr("verdict"));
}

}  // namespace
}  // namespace director::e2e
