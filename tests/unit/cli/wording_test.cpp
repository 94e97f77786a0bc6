#include "cli/wording.hpp"

#include <gtest/gtest.h>

#include "cli/commands.hpp"

namespace director::cli {
namespace {

TEST(WithSettings, ACommandIsToldAsItWasGiven) {
  CommonOptions common;
  EXPECT_EQ(with_settings("director run", common), "director run");
  common.profile = "cheap";
  common.set = {"models.executor=a/b", "gates.all=it's $HOME"};
  common.repo = "/tmp/my work";
  EXPECT_EQ(with_settings("director run", common),
            "director run --repo '/tmp/my work' --set models.executor=a/b "
            "--set 'gates.all=it'\\''s $HOME' --profile cheap");
}

}  // namespace
}  // namespace director::cli
