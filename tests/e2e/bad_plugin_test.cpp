// A job that loads a plugin which breaks the ABI ends with an error that names it, and nothing
// lands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "tests/e2e/scripted_job.hpp"

namespace director::e2e {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

struct Bad {
  std::string folder;
  std::string id;    ///< what the job is configured with
  std::string said;  ///< of the error
};
void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.id; }

class BadPlugin : public ::testing::TestWithParam<Bad> {
 protected:
  /// A job that is planned with good plugins and then run with this one.
  Ran run_with(ScriptedJob& job, const std::string& kind, const Bad& bad) {
    write_file(job.state() / "config.toml", job.config("any"));
    const Ran planned = job.director({"plan", "Write two files", "--auto", "--no-critique"});
    EXPECT_EQ(planned.exit_code, 0) << planned.out << planned.err;
    std::string config = job.config("any");
    const std::string place = "runner = \"runner-scripted\"\npath = [";
    config.replace(config.find(place), place.size(),
                   (kind == "runner" ? "" : std::string("runner = \"runner-scripted\"\n")) + kind +
                       " = \"" + bad.id + "\"\npath = [\"" + bad.folder + "\", ");
    write_file(job.state() / "config.toml", config);
    return job.director({"run", "--max-attempts", "1", "--set", "limits.infra_retries=0"});
  }
};

TEST_P(BadPlugin, EndsAJobWithANamedErrorAndNothingLands) {
  ScriptedJob job;
  const std::string kind = GetParam().id.starts_with("runner-") ? "runner" : "gate";
  const Ran ran = run_with(job, kind, GetParam());
  EXPECT_THAT(ran.exit_code, AnyOf(1, 2)) << ran.out << ran.err;
  EXPECT_THAT(ran.out + ran.err, HasSubstr(GetParam().said));
  const std::string branch = job.branches();
  if (!branch.empty()) {
    EXPECT_THAT(job.git_says({"ls-tree", "-r", "--name-only", branch}),
                ::testing::Not(HasSubstr("one.txt")));
  }
}

constexpr const char* kOurs = DIRECTOR_NONCONFORMING;
constexpr const char* kLoaders = DIRECTOR_MISBEHAVING;

std::string name_of(const ::testing::TestParamInfo<Bad>& info) {
  std::string name = info.param.id;
  for (char& c : name) {
    c = c == '-' ? '_' : c;
  }
  return name;
}

// A sanitizer has something of its own to say about a crash.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
INSTANTIATE_TEST_SUITE_P(
    Crashing, BadPlugin,
    ::testing::Values(
        Bad{kOurs, "gate-crashes-in-call", "plugin 'gate-crashes-in-call' crashed (segmentation"},
        Bad{kOurs, "gate-crashes-in-create", "plugin 'gate-crashes-in-create' crashed"},
        Bad{kOurs, "gate-exits-in-call", "plugin 'gate-exits-in-call' ended the program (exit)"}),
    name_of);
#endif

INSTANTIATE_TEST_SUITE_P(
    Each, BadPlugin,
    ::testing::Values(
        Bad{kOurs, "gate-throws-an-int", "plugin 'gate-throws-an-int' threw an exception"},
        Bad{kOurs, "gate-throws-in-create", "plugin 'gate-throws-in-create' threw an exception"},
        Bad{kOurs, "gate-does-not-say-why", "'gate-does-not-say-why' failed with status 7 and did"},
        Bad{kOurs, "gate-gives-an-unknown-status", "status 99, which the ABI does not have"},
        Bad{kOurs, "gate-gives-two-verdicts", "'gate-gives-two-verdicts' gave two verdicts"},
        Bad{kOurs, "gate-garbage-sizes", "'gate-garbage-sizes' has an unfinished table"},
        Bad{kOurs, "gate-lacks-a-function", "'gate-lacks-a-function' lacks a function"},
        Bad{kOurs, "gate-schema-of-unknown-types",
            "schema of plugin 'gate-schema-of-unknown-types'"},
        Bad{kOurs, "runner-sends-no-ending", "'runner-sends-no-ending' ended a call without"},
        Bad{kOurs, "runner-sends-two-endings", "sent an event after the one that ends the call"},
        Bad{kOurs, "runner-sends-an-unknown-event", "kind that the ABI does not have"},
        Bad{kLoaders, "bad-crashes_on_load", "'bad-crashes_on_load"},
        Bad{kLoaders, "bad-exits_on_load", "'bad-exits_on_load"},
        Bad{kLoaders, "bad-throws_in_entry", "'bad-throws_in_entry"}),
    name_of);

}  // namespace
}  // namespace director::e2e
