#include "core/base/nesting.hpp"

#include <gtest/gtest.h>

namespace director {
namespace {

TEST(Nesting, KnowsWholeNames) {
  EXPECT_TRUE(lies_below("/a/b", "/a"));
  EXPECT_TRUE(lies_below("/a/b/c", "/a"));
  EXPECT_TRUE(lies_below("a/b", "a"));
  EXPECT_FALSE(lies_below("/ab", "/a"));
  EXPECT_FALSE(lies_below("/a", "/a/b"));
}

TEST(Nesting, AFolderLiesWithinItselfAndNotBelow) {
  for (const char* const folder : {"/a", "/a/", "/"}) {
    EXPECT_FALSE(lies_below(folder, folder)) << folder;
    EXPECT_TRUE(lies_within(folder, folder)) << folder;
  }
  EXPECT_FALSE(lies_below("/a/", "/a")) << "nothing stands behind the slash";
  EXPECT_FALSE(lies_within("/b", "/a"));
}

TEST(Nesting, ASlashAtTheEndOfAFolderChangesNothing) {
  EXPECT_TRUE(lies_below("/a/b", "/a/"));
  EXPECT_TRUE(lies_within("/a", "/a/"));
  EXPECT_FALSE(lies_below("/ab", "/a/"));
}

TEST(Nesting, TheRootHoldsEveryAbsolutePath) {
  EXPECT_TRUE(lies_below("/a", "/"));
  EXPECT_FALSE(lies_below("a", "/"));
}

TEST(Nesting, AFolderHoldsItselfAndWhatLiesBelow) {
  EXPECT_TRUE(holds_any("/a", {"/c", "/a"}));
  EXPECT_TRUE(holds_any("/a", {"/c", "/a/b"}));
  EXPECT_FALSE(holds_any("/a/b", {"/a", "/ab"}));
  EXPECT_FALSE(holds_any("/a", {}));
}

}  // namespace
}  // namespace director
