// `director plugin new`: what it refuses, and that every template is whole. That what it writes
// works is shown in tests/sdk.
#include "cli/plugin_new.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

#include "tests/unit/matchers.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;
using testing::FailsWith;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;

class PluginNew : public ::testing::Test {
 protected:
  PluginNew() {
    std::string name = (fs::temp_directory_path() / "director-new-XXXXXX").string();
    work_ = fs::canonical(::mkdtemp(name.data()));
    installation_.program = "/opt/director/bin/director";
    installation_.templates = DIRECTOR_TEMPLATES_DIR;
  }
  ~PluginNew() override {
    std::error_code error;
    fs::remove_all(work_, error);
  }
  [[nodiscard]] Result<std::string> write(const std::string& kind, const std::string& name,
                                          const std::string& language,
                                          const std::string& folder = "made") const {
    return write_new_plugin({kind, name, (work_ / folder).string(), language}, installation_);
  }
  [[nodiscard]] std::string read(const std::string& file) const {
    std::ifstream in(work_ / file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  fs::path work_;
  platform::Installation installation_;
};

// Third-party code defaults to a program, which crashes alone.
TEST_F(PluginNew, WithoutALanguageItIsAProgramWhereThatCanBe) {
  for (const char* kind : {"runner", "gate", "reviewer", "sink"}) {
    ASSERT_THAT(write(kind, "mine", "", kind), IsOk());
    EXPECT_THAT(read(std::string(kind) + "/mine.plugin"), HasSubstr("#!/usr/bin/env python3"));
  }
  for (const char* kind : {"vcs", "launcher"}) {
    ASSERT_THAT(write(kind, "mine", "", kind), IsOk());
    EXPECT_TRUE(fs::exists(work_ / kind / (std::string(kind) + ".cpp")));
  }
}

TEST_F(PluginNew, NamesThatCannotBeAreRefusedWithWhatToDo) {
  for (const char* bad : {"", "-", "a-", "-a", "1st", "A", "a b", "a/b", "..", "a.b", "\xff",
                          "$(x)", "a\nb", "@NAME@"}) {
    EXPECT_THAT(write("gate", bad, "cpp"), FailsWith(Errc::Invalid, "such as my-gate")) << bad;
  }
  EXPECT_THAT(write("gate", std::string(65, 'a'), "cpp"), FailsWith(Errc::Invalid, "64"));
  EXPECT_THAT(write("gate", "test", "cpp"), FailsWith(Errc::Invalid, "my-test"));
  EXPECT_THAT(write("vcs", "vcs-git", "cpp"), FailsWith(Errc::Invalid, "use another"));
  EXPECT_FALSE(fs::exists(work_ / "made")) << "nothing is written before all is known to be right";
}

TEST_F(PluginNew, LanguagesThatCannotBeAreRefusedWithThoseThatCan) {
  for (const char* kind : {"vcs", "launcher"}) {
    for (const char* language : {"python", "sh"}) {
      EXPECT_THAT(write(kind, "mine", language),
                  FailsWith(Errc::Invalid, "a program can be a runner, gate, reviewer or sink"));
      EXPECT_THAT(write(kind, "mine", language), FailsWith(Errc::Invalid, "--lang cpp"));
    }
  }
  installation_.templates = work_ / "none";
  EXPECT_THAT(write("gate", "mine", "cpp"),
              FailsWith(Errc::NotFound, "belong to the installation"));
  EXPECT_FALSE(fs::exists(work_ / "made"));
}

TEST_F(PluginNew, NothingIsOverwritten) {
  std::ofstream(work_ / "file") << "mine\n";
  EXPECT_THAT(write("gate", "mine", "cpp", "file"), FailsWith(Errc::Conflict, "it is no folder"));
  fs::create_directories(work_ / "full/.git");
  EXPECT_THAT(write("gate", "mine", "cpp", "full"), FailsWith(Errc::Conflict, "it is not empty"));
  EXPECT_EQ(read("file"), "mine\n");
  EXPECT_FALSE(fs::exists(work_ / "full/gate.cpp"));
  fs::create_directories(work_ / "empty");
  EXPECT_THAT(write("gate", "mine", "cpp", "empty"), IsOk());
}

TEST_F(PluginNew, EveryTemplateIsWholeAndNamedAfterThePlugin) {
  int count = 0;
  for (const char* kind : {"runner", "gate", "vcs", "reviewer", "sink", "launcher"}) {
    for (const char* language : {"c", "cpp", "python", "sh"}) {
      if (!fs::exists(fs::path(DIRECTOR_TEMPLATES_DIR) / kind / language)) {
        continue;
      }
      ++count;
      const std::string folder = std::string(kind) + "-" + language;
      const Result<std::string> next = write(kind, "my-own", language, folder);
      ASSERT_THAT(next, IsOk());
      EXPECT_THAT(*next, HasSubstr("director plugin check"));
      EXPECT_THAT(*next, HasSubstr(read(folder + "/config.toml").substr(0, 10)));
      for (const char* file : {"README.md", "kit.toml", "config.toml"}) {
        EXPECT_NE(read(folder + "/" + file), "") << folder << " has no " << file;
      }
      for (const auto& entry : fs::recursive_directory_iterator(work_ / folder)) {
        const std::string text = entry.is_regular_file()
                                     ? read(entry.path().lexically_relative(work_).string())
                                     : std::string();
        EXPECT_THAT(text, Not(::testing::ContainsRegex("@[A-Z]+@"))) << entry.path();
        EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr("NAME")));
        EXPECT_EQ(entry.status().permissions() & fs::perms::others_write, fs::perms::none);
      }
    }
  }
  EXPECT_GE(count, 19);
}

TEST_F(PluginNew, TellsWhereTheSdkIsWhereCMakeDoesNotLook) {
  const std::string far = write("gate", "my-own", "cpp", "far").value();
  EXPECT_THAT(far, HasSubstr("-DCMAKE_PREFIX_PATH=/opt/director\n"));
  installation_.program = "/usr/bin/director";
  EXPECT_THAT(write("gate", "my-own", "cpp", "near").value(), Not(HasSubstr("CMAKE_PREFIX_PATH")));
}

}  // namespace
}  // namespace director::cli
