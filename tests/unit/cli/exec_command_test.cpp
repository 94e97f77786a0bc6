// `director plugin check --exec CMD`: which words a command has, and which program it means.
#include "cli/exec_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <system_error>

#include "core/platform/disk_file_store.hpp"
#include "tests/unit/matchers.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::HasSubstr;
using testing::IsOk;

TEST(SplitCommand, ReadsWordsAsAShellDoes) {
  const auto words = [](std::string_view command) { return split_command(command).value(); };
  EXPECT_THAT(words("python3 gate.py"), ElementsAre("python3", "gate.py"));
  EXPECT_THAT(words("  a \t b\n"), ElementsAre("a", "b"));
  EXPECT_THAT(words("'a b' \"c d\" e\\ f"), ElementsAre("a b", "c d", "e f"));
  EXPECT_THAT(words("x'y'\"z\" '' \"\""), ElementsAre("xyz", "", ""));
  EXPECT_THAT(words(R"("say \"it\" \\ \n" '\' \')"), ElementsAre(R"(say "it" \ \n)", "\\", "'"));
  EXPECT_THAT(words("sh -c 'a | b > $c; *'"), ElementsAre("sh", "-c", "a | b > $c; *"));
}

TEST(SplitCommand, WhatItCannotMeanIsSaid) {
  for (const char* shells :
       {"a | b", "a; b", "a && b", "a > b", "echo $HOME", "`a`", "ls *", "a\\"}) {
    EXPECT_THAT(split_command(shells), FailsWith(Errc::Invalid, "sh -c")) << shells;
  }
  EXPECT_THAT(split_command("a 'b"), FailsWith(Errc::Invalid, "no end"));
  EXPECT_THAT(split_command("a \"b'"), FailsWith(Errc::Invalid, "no end"));
  EXPECT_THAT(split_command(" \t"), FailsWith(Errc::Invalid, "empty"));
}

class ProgramOf : public ::testing::Test {
 protected:
  ProgramOf() : before_(fs::current_path()) {
    std::string name = (fs::temp_directory_path() / "director-exec-XXXXXX").string();
    work_ = fs::canonical(::mkdtemp(name.data()));
    fs::current_path(work_);
  }
  ~ProgramOf() override {
    fs::current_path(before_);
    std::error_code error;
    fs::remove_all(work_, error);
  }
  void write(const std::string& name, const std::string& text) {
    ASSERT_THAT(files_.write(work_ / name, text), IsOk());
  }
  [[nodiscard]] Result<fs::path> program(const std::string& command) {
    return program_of(command, work_ / "made", files_);
  }
  [[nodiscard]] std::string script(const std::string& command) {
    return files_.read(program(command).value()).value();
  }

  fs::path before_;
  fs::path work_;
  platform::DiskFileStore files_;
};

TEST_F(ProgramOf, AFileIsItself) {
  write("my gate", "");
  EXPECT_EQ(program("my gate").value(), "my gate");
  EXPECT_FALSE(fs::exists("made"));
}

TEST_F(ProgramOf, ACommandBecomesAProgramThatRunsAnywhere) {
  write("it's.py", "");
  fs::create_directories("rules");
  const Result<fs::path> made = program("sh \"it's.py\" --rules rules 'a b'");
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->filename(), "it's.plugin") << "named after its script";
  EXPECT_EQ(fs::status(*made).permissions(), fs::perms::owner_all) << "director trusts it";
  const std::string here = work_.string();
  EXPECT_THAT(files_.read(*made).value(),
              HasSubstr("/sh' '" + here + "/it'\\''s.py' '--rules' '" + here + "/rules' 'a b'\n"));
}

TEST_F(ProgramOf, OneWordIsFoundOnThePath) {
  EXPECT_THAT(script("true"), HasSubstr("/true'\n"));
  EXPECT_EQ(program("true").value().filename(), "true.plugin");
}

TEST_F(ProgramOf, WhatIsNotThereIsNamed) {
  EXPECT_THAT(program("no-such-program gate.py"), FailsWith(Errc::NotFound, "'no-such-program'"));
  EXPECT_THAT(program("./gone.plugin"), FailsWith(Errc::NotFound, "./gone.plugin"));
}

}  // namespace
}  // namespace director::cli
