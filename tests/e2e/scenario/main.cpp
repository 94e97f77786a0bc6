// Plays scenarios: `director_scenarios [--in FOLDER] [--runner R] [--vcs V] [--gate G] [--sink S]
// [--plugins FOLDER] [--transport T] [--isolation I] [name...]`, all of them without a name.
// docs/testing-with-swapped-backends.md has the values; T and I are of runner-opencode's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/text.hpp"
#include "tests/e2e/scenario/checks.hpp"
#include "tests/e2e/scenario/match.hpp"
#include "tests/e2e/scenario/scenario.hpp"
#include "tests/e2e/scenario/stage.hpp"

namespace director::e2e {
namespace {

/// For whoever reads a failure: what the model was asked and by which rule it answered.
std::string asked(const Stage& stage) {
  std::string all = "requests to the model:\n";
  for (const Json& request : stage.requests()) {
    all += "  " + text_of(request, "model") + ", rule " + text_of(request, "rule") + ", turn " +
           std::to_string(request.get_int("turn").value_or(-1)) + ": " +
           text_of(request, "answer") + "\n";
  }
  return all;
}

/// And what became of calls that went wrong: one that never got to ask is not among the requests.
std::string ended_badly(Stage& stage) {
  std::string all = "calls that went wrong:\n";
  for (const Json& line : lines_of(stage.world().state() / "journal.jsonl")) {
    if (text_of(line, "type") == "agent_ended" && text_of(line, "outcome") != "ok") {
      all += "  " + text_of(line, "node") + ", " + text_of(line, "outcome") + ": " +
             text_of(line, "why") + "\n";
    }
  }
  return all;
}

std::string journal(Stage& stage) {
  return "journal:\n" + text::cut_middle(read_file(stage.world().state() / "journal.jsonl"), 20000);
}

/// Asked without the code under test.
bool has_sandbox() {
  return run({"bwrap", "--ro-bind", "/", "/", "--proc", "/proc", "--unshare-net", "true"}, "/",
             {{"PATH", "/usr/bin:/bin"}})
             .exit_code == 0;
}

/// What director says, once, when OpenCode's server cannot be had.
constexpr std::string_view kOtherTransport = "runs OpenCode as one process a call";

int occurrences(std::string_view text, std::string_view part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

bool expects_other_transport(const Step& step) {
  return std::any_of(step.err.has.begin(), step.err.has.end(), [](const std::string& part) {
    return part.find(kOtherTransport) != std::string::npos;
  });
}

class PlayedScenario : public ::testing::Test {
 public:
  PlayedScenario(fs::path folder, Backends backends)
      : folder_(std::move(folder)), backends_(std::move(backends)) {}

  void TestBody() override {
    Result<Scenario> scenario = read_scenario(folder_);
    ASSERT_TRUE(scenario) << scenario.error().message();
    if (scenario->needs_sandbox && !has_sandbox()) {
      GTEST_SKIP() << "this machine allows no sandbox";
    }
    const Result<Backends> backends = fitted(backends_, *scenario);
    ASSERT_TRUE(backends) << backends.error().message();
    if (backends->runner == "runner-opencode") {
      for (const auto& [key, value] : {std::pair("TRANSPORT", backends->transport),
                                       std::pair("ISOLATION", backends->isolation)}) {
        if (!value.empty()) {
          scenario->environment[std::string("DIRECTOR_PLUGIN__RUNNER_OPENCODE__") + key] = value;
        }
      }
    }
    Stage stage(*scenario, *backends);
    ASSERT_FALSE(HasFailure()) << "the stage could not be set";
    for (std::size_t i = 0; i < scenario->steps.size() && !HasFailure(); ++i) {
      const Step& step = scenario->steps[i];
      SCOPED_TRACE("step " + std::to_string(i + 1) + ": director " +
                   text::join(step.director, " "));
      play(step, stage, scenario->touches_repository);
    }
    if (!HasFailure()) {
      SCOPED_TRACE("at the end");
      check(scenario->end, stage);
      check_always(stage);
    }
    EXPECT_FALSE(HasFailure()) << (stage.scripted() ? journal(stage)
                                                    : asked(stage) + ended_badly(stage));
  }

 private:
  static void play(const Step& step, Stage& stage, bool touches_repository) {
    World& world = stage.world();
    std::vector<std::string> kept;
    for (const std::string& path : step.unchanged) {
      kept.push_back(read_file(stage.path(path)));
    }
    stage.apply(step.before);
    std::vector<std::string> args;
    for (const std::string& word : step.director) {
      args.push_back(stage.fill(word));
    }
    const std::string before = stage.repository().fingerprint();
    const Ran ran = world.director(args);
    if (touches_repository) {
      EXPECT_NE(stage.repository().fingerprint(), before)
          << "the user's repository was not touched";
    } else {
      EXPECT_EQ(stage.repository().fingerprint(), before) << "the user's repository was touched";
    }
    EXPECT_EQ(ran.exit_code, step.exit) << ran.out << ran.err;
    expect_none(differences(stage.fill(step.out), ran.out), "on stdout");
    expect_none(differences(stage.fill(step.err), ran.err), "on stderr");
    EXPECT_EQ(occurrences(ran.err, kOtherTransport), expects_other_transport(step) ? 1 : 0)
        << "another transport was tested than the one that is meant: " << ran.err;
    for (std::size_t i = 0; i < kept.size(); ++i) {
      EXPECT_EQ(read_file(stage.path(step.unchanged[i])), kept[i]) << step.unchanged[i];
    }
    check(step.then, stage);
  }

  fs::path folder_;
  Backends backends_;
};

std::vector<std::string> all_scenarios(const fs::path& root) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(root)) {
    if (fs::exists(entry.path() / "scenario.json")) {
      names.push_back(entry.path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace
}  // namespace director::e2e

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  using director::e2e::PlayedScenario;
  std::vector<std::string> names(argv + 1, argv + argc);
  director::e2e::fs::path root = DIRECTOR_SCENARIOS;
  director::e2e::Backends backends;
  while (names.size() > 1 && names[0].starts_with("--")) {
    if (names[0] == "--in") {
      root = names[1];
    } else if (names[0] == "--plugins") {
      backends.path.emplace_back(names[1]);
    } else if (const director::Status chosen = director::e2e::choose(backends, names[0], names[1]);
               !chosen) {
      std::fprintf(stderr, "%s\n", chosen.error().message().c_str());
      return 2;
    }
    names.erase(names.begin(), names.begin() + 2);
  }
  if (names.empty()) {
    names = director::e2e::all_scenarios(root);
  }
  for (const std::string& name : names) {
    const director::e2e::fs::path folder = root / name;
    if (!director::e2e::fs::exists(folder)) {
      std::fprintf(stderr, "there is no scenario '%s'\n", folder.c_str());
      return 2;
    }
    ::testing::RegisterTest(
        "Scenario", name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
        [folder, backends]() -> ::testing::Test* { return new PlayedScenario(folder, backends); });
  }
  return RUN_ALL_TESTS();
}
