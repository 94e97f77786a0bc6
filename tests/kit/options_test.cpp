// What an author says to the kit.
#include "sdk/kit/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/platform/disk_file_store.hpp"
#include "sdk/kit/folders.hpp"

namespace director::kit {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class KitOptions : public ::testing::Test {
 protected:
  KitOptions() {
    std::string name = (fs::temp_directory_path() / "director-kit-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~KitOptions() override {
    std::error_code error;
    fs::remove_all(folder_, error);
  }
  Result<Options> read(const std::string& text) {
    EXPECT_TRUE(write_file(folder_ / "kit.toml", text));
    return read_options(folder_ / "kit.toml", files_);
  }

  fs::path folder_;
  platform::DiskFileStore files_;
};

TEST_F(KitOptions, NoFileSaysNothing) {
  const Result<Options> options = read_options({}, files_);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->plugin_json, "{}");
  EXPECT_FALSE(options->gate_pass);
}

TEST_F(KitOptions, PathsAreTakenFromTheFilesFolder) {
  ASSERT_TRUE(write_file(folder_ / "out.txt", "said\n"));
  fs::create_directory(folder_ / "good");
  const Result<Options> options = read(R"(
[plugin]
shell = "${here}/sh"
n = 3
[gate.pass]
workdir = "good"
[runner]
call = "run"
[runner.case.works]
stdout = "out.txt"
expect = "finish"
usage = {input = 3, cost_usd = 0.5}
[vcs]
init = "true"
)");
  ASSERT_TRUE(options) << options.error().message();
  EXPECT_EQ(options->plugin_json, R"({"n":3,"shell":"${here}/sh"})");
  EXPECT_EQ(options->gate_pass->workdir, folder_ / "good");
  EXPECT_FALSE(options->gate_fail);
  ASSERT_EQ(options->cases.size(), 1U);
  EXPECT_EQ(options->cases[0].out, "said\n");
  EXPECT_EQ(options->cases[0].usage->input, 3);
  EXPECT_EQ(options->vcs_init, "true");
}

TEST_F(KitOptions, MistakesAreNamed) {
  for (const auto& [text, said] :
       {std::pair{"[gates]\n", "did you mean 'gate'?"},
        std::pair{"[gate.pass]\nworkdir = \"none\"\n", "there is no folder"},
        std::pair{"[gate.pass]\ncmd = \"x\"\n", "unknown key"},
        std::pair{"[runner.case.a]\nexpect = \"done\"\n", "expected one of finish, auth"},
        std::pair{"[runner.case.a]\nexpect = \"auth\"\nstdout = \"none\"\n",
                  "runner.case.a.stdout"},
        std::pair{"[vcs]\ninit = 7\n", "vcs.init"}, std::pair{"[launcher\n", "kit.toml"}}) {
    const Result<Options> options = read(text);
    ASSERT_FALSE(options) << text;
    EXPECT_THAT(options.error().message(), HasSubstr(said)) << text;
    EXPECT_THAT(options.error().message(), HasSubstr("kit.toml")) << text;
  }
}

}  // namespace
}  // namespace director::kit
