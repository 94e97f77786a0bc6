// Agents and gates that look for the user's secrets.
#include <string>
#include <vector>

#include "tests/e2e/sandbox_fixture.hpp"

namespace director::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SandboxSecrets : public Sandbox {
 protected:
  void SetUp() override {
    Sandbox::SetUp();
    for (const char* name : {"GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "NPM_TOKEN",
                             "SERVICE_API_KEY", "DIRECTOR_SECRET"}) {
      world.environment()[name] = std::string("sesame-") + name;
    }
  }
};

// Whether there is a sandbox or not: it needs no kernel.
TEST_F(SandboxSecrets, TheEnvironmentHasNone) {
  for (const char* mode : {"sandbox.mode=required", "sandbox.mode=off"}) {
    attack("env | sort; cat /proc/self/environ; echo; echo looked\n");
    const std::string said = run_job({"--set", mode});
    EXPECT_THAT(said, HasSubstr("looked")) << mode;
    EXPECT_THAT(said, HasSubstr("HOME=")) << mode;
    EXPECT_THAT(said, Not(HasSubstr("sesame"))) << mode;
    fs::remove_all(world.state());
    configure(kSandboxConfig);
  }
}

TEST_F(SandboxSecrets, TheEnvironmentHasWhatIsNamed) {
  attack("env; echo looked\n");
  const std::string said = run_job({"--set", "sandbox.pass_env=[\"NPM_TOKEN\", \"AWS_*\"]"});
  EXPECT_THAT(said, HasSubstr("sesame-NPM_TOKEN"));
  EXPECT_THAT(said, HasSubstr("sesame-AWS_SECRET_ACCESS_KEY"));
  EXPECT_THAT(said, Not(HasSubstr("sesame-GITHUB_TOKEN")));
}

}  // namespace
}  // namespace director::e2e
