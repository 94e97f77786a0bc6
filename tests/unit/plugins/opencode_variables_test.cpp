// Which of the user's variables reach an agent tool: the key of its provider, and no other secret.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "passed_variables.hpp"

namespace runner_opencode {
namespace {

using ::testing::UnorderedElementsAreArray;
using Texts = std::vector<std::string>;

const Texts kOfAUser{"ANTHROPIC_API_KEY=k",
                     "ANTHROPIC_BASE_URL=u",
                     "OPENAI_API_KEY=k",
                     "AWS_PROFILE=p",
                     "AWS_SECRET_ACCESS_KEY=s",
                     "GITHUB_TOKEN=t",
                     "SSH_AUTH_SOCK=s",
                     "NPM_TOKEN=t",
                     "GOOGLE_CLOUD_PROJECT=p",
                     "OPENCODE_API_KEY=k",
                     "OPENCODE_CONFIG=c",
                     "DIRECTOR_API_KEY=k",
                     "HOME=/h",
                     "MY_PROXY_PASS=s",
                     "API_KEY=k",
                     "_API_KEY=k",
                     "garbage",
                     "ACME_2_URL=u"};

struct Case {
  const char* model;  ///< "": none
  Texts pass_env;
  const char* config;
  Texts expected;
};

TEST(PassedVariables, AreThoseOfTheProviderAndThoseNamed) {
  const Texts keys{"ANTHROPIC_API_KEY=k", "OPENAI_API_KEY=k", "OPENCODE_API_KEY=k", "_API_KEY=k"};
  const auto with = [](Texts all, const Texts& more) {
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const std::vector<Case> cases{
      {"other/m", {}, "", {}},
      {"other/m", default_pass_env(), "", keys},
      {"anthropic/claude", {}, "", {"ANTHROPIC_API_KEY=k", "ANTHROPIC_BASE_URL=u"}},
      {"amazon-bedrock/m", {}, "", {"AWS_PROFILE=p", "AWS_SECRET_ACCESS_KEY=s"}},
      {"google-vertex-anthropic/m", {}, "", {"GOOGLE_CLOUD_PROJECT=p"}},
      {"github-copilot/m", {}, "", {"GITHUB_TOKEN=t"}},
      {"opencode/m", {}, "", {"OPENCODE_API_KEY=k"}},
      {"acme.2/m", {}, "", {"ACME_2_URL=u"}},
      {"other/m", {}, R"({"apiKey":"{env:MY_PROXY_PASS}"})", {"MY_PROXY_PASS=s"}},
      {"other/m", {"NPM_TOKEN", "SSH_*"}, "{env:}", {"NPM_TOKEN=t", "SSH_AUTH_SOCK=s"}},
      {"other/m", {"OPENCODE*", "DIRECTOR_*"}, "", {"OPENCODE_API_KEY=k"}},
      {"", default_pass_env(), "",
       with(keys, {"AWS_PROFILE=p", "AWS_SECRET_ACCESS_KEY=s", "GOOGLE_CLOUD_PROJECT=p",
                   "GITHUB_TOKEN=t"})}};
  for (const Case& one : cases) {
    EXPECT_THAT(passed_variables(kOfAUser, one.pass_env, split_model(one.model), one.config),
                UnorderedElementsAreArray(one.expected))
        << one.model << ::testing::PrintToString(one.pass_env);
  }
}

TEST(PassedVariables, APatternHasOneStar) {
  for (const char* good : {"A", "A_*", "*_KEY", "A_*_KEY"}) {
    EXPECT_TRUE(is_name_pattern(good)) << good;
  }
  for (const char* bad : {"", "*", "A=1", "*A*", "=", "a=*"}) {
    EXPECT_FALSE(is_name_pattern(bad)) << bad;
  }
  EXPECT_TRUE(matches_name("A_1_KEY", "A_*_KEY"));
  EXPECT_FALSE(matches_name("A_KEY", "A_*_KEY")) << "the two parts do not overlap";
  EXPECT_FALSE(matches_name("A", "a"));
}

}  // namespace
}  // namespace runner_opencode
