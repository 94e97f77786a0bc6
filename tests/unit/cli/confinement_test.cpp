// What doctor says of the sandbox.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/doctor_machine.hpp"

namespace director::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ConfinementFinding, SaysWhatIsInForce) {
  config::Sandbox wanted;
  Confinement there;
  there.policy = platform::SandboxPolicy{};
  there.policy->program = "/opt/bwrap";
  Finding finding = confinement_finding(ok(), there, wanted);
  EXPECT_EQ(finding.level, Level::Ok);
  EXPECT_THAT(finding.text, HasSubstr("'/opt/bwrap', gates without network"));
  EXPECT_THAT(finding.text, Not(HasSubstr("layer")));
  there.policy->layers = true;
  EXPECT_THAT(confinement_finding(ok(), there, wanted).text, HasSubstr("thrown away with a layer"));
  wanted.gate_network = true;
  EXPECT_THAT(confinement_finding(ok(), there, wanted).text, HasSubstr("gates with network"));
  wanted.gate_network = false;
  wanted.network_gates = {"e2e", "tests"};
  wanted.agent_network = false;
  wanted.setup_network = false;
  EXPECT_THAT(confinement_finding(ok(), there, wanted).text,
              HasSubstr("gates without network but 'e2e', 'tests', agents without, setup without"));
}

TEST(ConfinementFinding, LandlockAloneIsAWarningThatSaysWhatItDoesNotHold) {
  Confinement half;
  half.policy = platform::SandboxPolicy{};
  half.why_not = "there is no bubblewrap";
  half.shortfall = "/tmp is shared";
  const Finding finding = confinement_finding(ok(), half, {});
  EXPECT_EQ(finding.level, Level::Warning);
  EXPECT_THAT(
      finding.text,
      HasSubstr("by Landlock alone (there is no bubblewrap): /tmp is shared; gates without"));
}

TEST(ConfinementFinding, LandlockThatIsAskedForIsANote) {
  Confinement half;
  half.policy = platform::SandboxPolicy{};
  half.shortfall = "/tmp is shared";
  config::Sandbox wanted;
  wanted.backend = config::SandboxChoice::Landlock;
  const Finding finding = confinement_finding(ok(), half, wanted);
  EXPECT_EQ(finding.level, Level::Note);
  EXPECT_THAT(finding.text, HasSubstr("by Landlock alone: /tmp is shared"));
}

TEST(ConfinementFinding, MissingIsAWarningAndUnwantedANote) {
  config::Sandbox wanted;
  const Finding missing =
      confinement_finding(ok(), {std::nullopt, "there is no bubblewrap", ""}, wanted);
  EXPECT_EQ(missing.level, Level::Warning);
  EXPECT_THAT(missing.text, HasSubstr("not confined: there is no bubblewrap"));
  wanted.mode = config::SandboxMode::Off;
  EXPECT_EQ(confinement_finding(ok(), {}, wanted).level, Level::Note);
}

TEST(ConfinementFinding, RefusalIsAProblem) {
  const Finding refused = confinement_finding(Error(Errc::External, "cannot confine"), {}, {});
  EXPECT_EQ(refused.level, Level::Problem);
  EXPECT_THAT(refused.text, HasSubstr("cannot confine"));
}

}  // namespace
}  // namespace director::cli
