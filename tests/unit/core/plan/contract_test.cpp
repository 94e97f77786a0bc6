#include "core/plan/contract.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace director::plan {
namespace {

using ::testing::HasSubstr;

Node node() {
  Node made;
  made.id = NodeId("a");
  made.files = {"src/a.py", "src/shared-with-tests.py"};
  made.tests = {"tests/a.py"};
  return made;
}

const std::set<std::string> kFrozen{"tests/a.py", "tests/b.py", "src/shared-with-tests.py"};

change changed(std::string path, file_type now = file_type::regular,
               file_type before = file_type::regular) {
  const change_kind kind = now == file_type::none      ? change_kind::deleted
                           : before == file_type::none ? change_kind::added
                                                       : change_kind::modified;
  return {kind, std::move(path), before, now};
}

TEST(Judge, AllowsExactlyTheListedFiles) {
  for (const file_type now : {file_type::regular, file_type::executable, file_type::none}) {
    const Contract contract = judge(node(), kFrozen, {changed("src/a.py", now)});
    EXPECT_TRUE(contract.ok);
    EXPECT_FALSE(contract.empty);
    EXPECT_EQ(contract.feedback, "");
  }
}

TEST(Judge, NoChangeIsItsOwnVerdict) {
  const Contract contract = judge(node(), kFrozen, {});
  EXPECT_FALSE(contract.ok);
  EXPECT_TRUE(contract.empty);
  EXPECT_TRUE(contract.violations.empty());
  EXPECT_THAT(contract.feedback, HasSubstr("No file was changed"));
}

TEST(Judge, RefusesEverythingElse) {
  const std::string frozen =
      "the tests are frozen: leave them as they are and make the code pass them";
  const std::string outside = "is not one of this node's files: leave it as it was";
  const std::pair<change, std::string> cases[] = {
      {changed("tests/a.py"), frozen},
      {changed("tests/a.py", file_type::none), frozen},
      {changed("tests/a.py", file_type::executable), frozen},
      {changed("tests/b.py"), frozen},
      {changed("src/shared-with-tests.py"), frozen},
      {changed("src/b.py", file_type::regular, file_type::none), outside},
      {changed("src/A.py"), outside},
      {changed("src"), outside},
      {changed("src/a.py/x"), outside},
      {changed("./src/a.py"), outside},
      {changed(".gitignore"), outside},
      {changed(".gitattributes", file_type::none), outside},
      {changed(""), outside},
      {changed("src/a.py", file_type::symlink), "is a symbolic link now: write a regular file"},
      {changed("src/a.py", file_type::submodule), "is a submodule now: write a regular file"},
      {changed("src/a.py", file_type::other),
       "is not a file that can be kept (a folder with a repository in it, a pipe, a socket, more "
       "than 100 MB, or 256 MB with the others): write a regular file"},
      {changed("src/a.py", static_cast<file_type>(99)),
       "is of an unknown type: write a regular file"},
  };
  for (const auto& [change, why] : cases) {
    const Contract contract = judge(node(), kFrozen, {changed("src/a.py"), change});
    EXPECT_FALSE(contract.ok) << change.path;
    ASSERT_EQ(contract.violations.size(), 1U) << change.path;
    EXPECT_EQ(contract.violations[0].path, change.path);
    EXPECT_EQ(contract.violations[0].why, why);
  }
}

TEST(Judge, FeedbackListsAllInOrder) {
  const Contract contract =
      judge(node(), kFrozen, {changed("x\x1b[2J\n"), changed("tests/a.py"), changed("src/a.py")});
  EXPECT_EQ(contract.feedback,
            "The change was refused, because it touches what this node may not:\n"
            "- 'x\\x1b[2J\\n': is not one of this node's files: leave it as it was\n"
            "- 'tests/a.py': the tests are frozen: leave them as they are and make the code pass "
            "them\n"
            "Only these files may be changed:\n"
            "- 'src/a.py'\n"
            "- 'src/shared-with-tests.py'\n");
}

TEST(Judge, FeedbackIsBounded) {
  std::vector<change> changes;
  for (int i = 0; i < 10'000; ++i) {
    changes.push_back(changed(std::string(5000, 'x') + std::to_string(i)));
  }
  const Contract contract = judge(node(), kFrozen, changes);
  EXPECT_EQ(contract.violations.size(), 10'000U);
  EXPECT_LT(contract.feedback.size(), 30'000U);
  EXPECT_THAT(contract.feedback, HasSubstr("- and 9950 more\n"));
}

TEST(FrozenTests, AreThoseOfEveryNode) {
  Node other = node();
  other.tests = {"t2", "t1"};
  EXPECT_THAT(frozen_tests({node(), other}), ::testing::ElementsAre("t1", "t2", "tests/a.py"));
}

}  // namespace
}  // namespace director::plan
