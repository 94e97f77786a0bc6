// Plays scenarios: `director_scenarios [name...]`, all of them without a name.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
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

class PlayedScenario : public ::testing::Test {
 public:
  explicit PlayedScenario(fs::path folder) : folder_(std::move(folder)) {}

  void TestBody() override {
    const Result<Scenario> scenario = read_scenario(folder_);
    ASSERT_TRUE(scenario) << scenario.error().message();
    Stage stage(*scenario);
    for (std::size_t i = 0; i < scenario->steps.size() && !HasFailure(); ++i) {
      const Step& step = scenario->steps[i];
      SCOPED_TRACE("step " + std::to_string(i + 1) + ": director " +
                   text::join(step.director, " "));
      play(step, stage);
    }
    if (!HasFailure()) {
      SCOPED_TRACE("at the end");
      check(scenario->end, stage);
      check_always(stage);
    }
    EXPECT_FALSE(HasFailure()) << asked(stage);
  }

 private:
  static void play(const Step& step, Stage& stage) {
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
    const std::string before = world.fingerprint();
    const Ran ran = world.director(args);
    EXPECT_EQ(world.fingerprint(), before) << "the user's repository was touched";
    EXPECT_EQ(ran.exit_code, step.exit) << ran.out << ran.err;
    expect_none(differences(stage.fill(step.out), ran.out), "on stdout");
    expect_none(differences(stage.fill(step.err), ran.err), "on stderr");
    for (std::size_t i = 0; i < kept.size(); ++i) {
      EXPECT_EQ(read_file(stage.path(step.unchanged[i])), kept[i]) << step.unchanged[i];
    }
    check(step.then, stage);
  }

  fs::path folder_;
};

std::vector<std::string> all_scenarios() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(DIRECTOR_SCENARIOS)) {
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
  if (names.empty()) {
    names = director::e2e::all_scenarios();
  }
  for (const std::string& name : names) {
    const director::e2e::fs::path folder = director::e2e::fs::path(DIRECTOR_SCENARIOS) / name;
    if (!director::e2e::fs::exists(folder)) {
      std::fprintf(stderr, "there is no scenario '%s'\n", folder.c_str());
      return 2;
    }
    ::testing::RegisterTest("Scenario", name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [folder]() -> ::testing::Test* { return new PlayedScenario(folder); });
  }
  return RUN_ALL_TESTS();
}
