#include "core/platform/repository_caches.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/platform/paths.hpp"
#include "tests/contract/process/system.hpp"

namespace director::process_test {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;
using Paths = std::vector<fs::path>;

class RepositoryCaches : public ProcessTest {
 protected:
  void make(const fs::path& path) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "bytes";
  }
  /// A repository that was used, with two slots of which nobody needs anything.
  fs::path use(const std::string& name) {
    fs::create_directories(repository(name));
    const Result<fs::path> cache = platform::repository_cache(root(), repository(name));
    EXPECT_TRUE(cache);
    EXPECT_TRUE(platform::note_repository(*cache, repository(name)));
    for (const char* file : {"slots/agent-1/src/file", "slots/agent-1.meta/stat-cache",
                             "slots/verify-1/src/file", "plugins/runner/agent/db", "tmp/x"}) {
      make(*cache / file);
    }
    fs::create_directories(*cache / "gates");
    return *cache;
  }
  [[nodiscard]] fs::path root() const { return fs::path(folder) / "cache"; }
  [[nodiscard]] fs::path repository(const std::string& name) const {
    return fs::path(folder) / "work" / name;
  }
  [[nodiscard]] std::vector<std::string> gone() const {
    std::vector<std::string> names;
    for (const platform::GoneRepository& one : platform::gone_repositories(root())) {
      names.push_back(fs::path(one.repository).filename().string());
    }
    return names;
  }
};

TEST_F(RepositoryCaches, AreGoneWithTheirRepositoryAlone) {
  (void)use("there");
  const fs::path cache = use("away");
  (void)use("moved");
  EXPECT_EQ(gone(), Names{});
  fs::remove_all(repository("away"));
  fs::rename(repository("moved"), repository("elsewhere"));
  EXPECT_EQ(gone(), (Names{"away", "moved"}));
  EXPECT_TRUE(platform::remove_cache_of(platform::gone_repositories(root()).front()));
  EXPECT_FALSE(fs::exists(cache));
  EXPECT_EQ(gone(), (Names{"moved"}));
}

TEST_F(RepositoryCaches, AreNotGoneWhereNobodyCanTell) {
  const fs::path cache = use("one");
  const fs::path link = use("linked");
  fs::remove_all(repository("linked"));
  fs::create_symlink("nowhere", repository("linked"));  // somebody's place for it
  // A note that was cut off, of another repository, or no note.
  const fs::path cut = use("cut");
  const fs::path other = use("other");
  const fs::path none = use("none");
  const fs::path pipe = use("pipe");
  for (const char* name : {"cut", "other", "none", "pipe"}) {
    fs::remove_all(repository(name));
  }
  std::ofstream(cut / "repository") << repository("cut").string().substr(0, 5);
  std::ofstream(other / "repository") << repository("never").string();
  fs::remove(none / "repository");
  fs::remove(pipe / "repository");
  ASSERT_EQ(::mkfifo((pipe / "repository").c_str(), 0600), 0);
  EXPECT_EQ(gone(), Names{});
}

TEST_F(RepositoryCaches, KeepWhatAPersonMayStillWant) {
  const fs::path cache = use("away");
  make(cache / "slots/agent-2/src/file");
  make(cache / "slots/agent-2.meta/in-use.json");
  make(cache / "gates/20260101-000000/tests/one.sh");
  fs::remove_all(repository("away"));
  const std::vector<platform::GoneRepository> found = platform::gone_repositories(root());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().work, (Paths{cache / "slots/agent-2", cache / "gates"}));
  EXPECT_TRUE(platform::remove_cache_of(found.front()));
  EXPECT_TRUE(fs::exists(cache / "slots/agent-2/src/file"));
  EXPECT_TRUE(fs::exists(cache / "gates/20260101-000000/tests/one.sh"));
  for (const char* path : {"slots/agent-1", "slots/agent-1.meta", "slots/verify-1", "plugins"}) {
    EXPECT_FALSE(fs::exists(cache / path)) << path;
  }
  EXPECT_EQ(gone(), (Names{"away"})) << "it can still be named";
}

TEST_F(RepositoryCaches, KnowWhenTheyWereLastUsed) {
  using namespace std::chrono_literals;
  const fs::path cache = use("away");
  fs::last_write_time(cache / "repository", fs::file_time_type::clock::now() - 24h * 40);
  EXPECT_TRUE(platform::note_repository(cache, repository("away")));
  fs::remove_all(repository("away"));
  const auto age =
      std::chrono::system_clock::now() - platform::gone_repositories(root()).front().last_used;
  EXPECT_LT(age, 24h) << "it was used again";
}

}  // namespace
}  // namespace director::process_test
