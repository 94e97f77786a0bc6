// Version control plugins that do wrong, in a job: what they do to its files is found where a job
// would land something else than what its agents wrote and its gates saw.
#include "core/platform/paths.hpp"
#include "director/host.hpp"
#include "memory_vcs.hpp"
#include "tests/e2e/bad_plugin.hpp"

namespace director::e2e {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

using Files = std::map<std::string, std::string>;

/// What is on the job's branch and was not in the user's files, as the backend under the faulty one
/// has it.
Files landed_files(ScriptedJob& job, const std::string& id) {
  const fs::path root(job.environment()["XDG_CACHE_HOME"]);
  const auto cache = platform::repository_cache(root / "director", job.repo());
  director_host raw{};
  raw.struct_size = sizeof raw;
  raw.get_service = [](const director_host*, const char*) -> const void* { return nullptr; };
  host services(&raw);
  const std::string store = (*cache / "plugins" / id).string();
  auto vcs = vcs_memory::MemoryVcs::create({"{}", job.repo().string(), job.state().string(), store},
                                           services);
  Files files;
  const auto head = (*vcs)->resolve("HEAD");
  const auto branches = (*vcs)->list_refs("refs/heads/director/job-");
  if (!head || !branches || branches->empty()) {
    return files;
  }
  const std::string tree = (*vcs)->resolve(branches->front().oid)->tree;
  for (const change& one : *(*vcs)->changes(head->tree, tree)) {
    files[one.path] = one.new_type == file_type::none ? std::string("deleted")
                                                      : (*vcs)->read_file(tree, one.path).value();
  }
  return files;
}

/// Two nodes that know nothing of each other; the second is done when the first has ended.
std::string apart(const ScriptedJob& job) {
  return filled(
      R"JSON({"role": "planner", "steps": [{"text": "{\"nodes\": [{\"id\": \"one\", \"title\": \"One\", \"spec\": \"Write one.txt\", \"files\": [\"one.txt\"], \"depends_on\": [], \"test_cmd\": \"sh tests/one.sh\", \"tests\": [\"tests/one.sh\"], \"estimated_difficulty\": \"easy\"}, {\"id\": \"two\", \"title\": \"Two\", \"spec\": \"Write two.txt\", \"files\": [\"two.txt\"], \"depends_on\": [], \"test_cmd\": \"sh tests/two.sh\", \"tests\": [\"tests/two.sh\"], \"estimated_difficulty\": \"hard\"}]}"}]},
  {"role": "executor", "contains": "Node two", "steps": [{"write": {"two.txt": "right\n"}}, {"run": "until grep -qE '\"(landed|work_failed)\"|\"violation\":\"[^\"]' JOURNAL; do sleep 0.05; done", "exits": 0}, {"text": "DONE"}]},)JSON",
      "JOURNAL", (job.state() / "journal.jsonl").string());
}

class BadVcs : public BadPlugin {
 protected:
  /// Plans and runs with it; what the failed or last command said.
  static Ran work(ScriptedJob& job, Bad bad) {
    write_file(job.repo() / "run.sh", "#!/bin/sh\n");
    fs::permissions(job.repo() / "run.sh", fs::perms(0755));
    write_file(job.repo() / "src/a.txt", "one\n");
    write_file(job.repo() / "data.bin", "\n");
    bad.rules = bad.rules == "apart" ? apart(job) : bad.rules;
    job.script(bad.rules);
    configure(job, bad);
    Ran ran = job.director({"plan", "Write two files", "--auto", "--no-critique"});
    return ran.exit_code == 0 ? job.director(run_command(bad)) : ran;
  }
  static const Files& right() {
    static const Files files{{"one.txt", "right\n"},
                             {"two.txt", "right\n"},
                             {"tests/one.sh", "grep -q right one.txt\n"},
                             {"tests/two.sh", "grep -q right two.txt\n"}};
    return files;
  }
  /// What landed is what should.
  static void expect_nothing_wrong(ScriptedJob& job, const Bad& bad) {
    for (const auto& [path, bytes] : landed_files(job, bad.id())) {
      ASSERT_TRUE(right().contains(path)) << path;
      EXPECT_EQ(bytes, right().at(path)) << path;
    }
  }
};

TEST_P(BadVcs, EndsAJobWithANamedErrorAndNothingWrongLands) {
  ScriptedJob job;
  const Ran ran = work(job, GetParam());
  EXPECT_THAT(ran.exit_code, AnyOf(1, 2)) << ran.out << ran.err;
  EXPECT_THAT(ran.out + ran.err, HasSubstr("plugin '" + GetParam().id() + "' "));
  EXPECT_THAT(ran.out + ran.err, HasSubstr(GetParam().said));
  expect_nothing_wrong(job, GetParam());
}

class CarelessVcs : public BadVcs {};

TEST_P(CarelessVcs, LandsWhatIsRightAndNothingElse) {
  ScriptedJob job;
  const Ran ran = work(job, GetParam());
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(landed_files(job, GetParam().id()), right());
}

// Whether they err depends on who comes first, and so does whether that can be told: the snapshot
// of a slot in which nothing was done looks like an agent who did nothing.
class RacingVcs : public BadVcs {};

TEST_P(RacingVcs, LandsNothingWrong) {
  ScriptedJob job;
  const Ran ran = work(job, GetParam());
  if (ran.exit_code == 0) {
    EXPECT_EQ(landed_files(job, GetParam().id()), right());
    return;
  }
  EXPECT_THAT(ran.exit_code, AnyOf(1, 2)) << ran.out << ran.err;
  expect_nothing_wrong(job, GetParam());
}

std::string executor_runs(const std::string& command) {
  return R"({"role": "executor", "contains": "Node one", "steps": [{"write": {"one.txt": "right\n"}}, {"run": ")" +
         command + R"(", "exits": 0}, {"text": "DONE"}]},)";
}

const std::vector<std::string> kTwo{"--parallel", "2"};
constexpr const char* kOtherCheckout = "checked out something else than it was asked for: ";
constexpr const char* kOtherSnapshot = "took a snapshot that does not list ";

INSTANTIATE_TEST_SUITE_P(
    Each, BadVcs,
    ::testing::Values(
        Bad{kOurs, "vcs-forgets-modes", kOtherCheckout},
        Bad{kOurs, "vcs-converts-line-ends", kOtherCheckout},
        Bad{kOurs, "vcs-leaves-a-slot-as-it-is", kOtherCheckout},
        Bad{kOurs, "vcs-misses-deletions", kOtherSnapshot, executor_runs("rm src/a.txt")},
        Bad{kOurs, "vcs-forgets-where-files-were", kOtherSnapshot,
            executor_runs("mv src/a.txt src/b.txt")},
        Bad{kOurs, "vcs-skips-odd-names", kOtherSnapshot,
            executor_runs("touch $(printf 'odd\\\\377')")},
        Bad{kOurs, "vcs-believes-the-agents-rules", kOtherSnapshot,
            executor_runs("echo seen >.gitignore && echo x >seen")},
        Bad{kOurs, "vcs-writes-any-ref", "says that it wrote the ref 'refs/heads/director/job-"},
        Bad{kOurs, "vcs-tells-history-from-the-root", "does not begin at its tip"},
        Bad{kOurs, "vcs-merges-to-one-side", "merged two trees without the change of 'two.txt'",
            "apart", "", kTwo}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Each, CarelessVcs,
    ::testing::Values(Bad{kOurs, "vcs-none", "", "apart", "", kTwo},
                      Bad{kOurs, "vcs-hides-what-no-tree-holds", "", executor_runs("mkfifo pipe")},
                      Bad{kOurs, "vcs-keeps-nothing", "", "",
                          "[workspace]\nkeep = [\"built/\"]\nsetup = \"mkdir -p built\"\n"},
                      Bad{kOurs, "vcs-fails-in-general-at-the-unknown", ""},
                      Bad{kOurs, "vcs-swaps-blindly", "", "apart", "", kTwo},
                      Bad{kOurs, "vcs-swaps-after-a-look", "", "apart", "", kTwo},
                      Bad{kOurs, "vcs-fails-at-conflicts", "", "apart", "", kTwo},
                      Bad{kOurs, "vcs-sees-no-uncommitted-work", ""},
                      Bad{kOurs, "vcs-follows-links", ""}),
    name_of);

INSTANTIATE_TEST_SUITE_P(Each, RacingVcs,
                         ::testing::Values(Bad{kOurs, "vcs-shares-slots", "", "apart", "", kTwo},
                                           Bad{kOurs, "vcs-mixes-slots-up", "", "apart", "", kTwo}),
                         name_of);

}  // namespace
}  // namespace director::e2e
