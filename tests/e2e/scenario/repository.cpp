#include "tests/e2e/scenario/repository.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <utility>

namespace director::e2e {
namespace {

class GitRepository final : public Repository {
 public:
  explicit GitRepository(World& world) : world_(world) {}

  void make(const fs::path& files) override { world_.make_repository(files); }

  void check_out(const std::string& branch, const fs::path& folder) override {
    std::vector<std::string> args{"clone", "--quiet"};
    if (!branch.empty()) {
      args.insert(args.end(), {"--branch", branch});
    }
    args.insert(args.end(), {world_.repo().string(), folder.string()});
    git(world_.root(), std::move(args));
  }

  void commit(const fs::path& folder, const std::string& message,
              const std::string& branch) override {
    git(folder, {"add", "-A"});
    git(folder, {"-c", "user.name=A User", "-c", "user.email=user@localhost", "commit", "--quiet",
                 "--allow-empty", "-m", message});
    git(folder, {"push", "--quiet", "origin", "HEAD:refs/heads/" + branch});
    fs::remove_all(folder);
  }

  void git(const fs::path& folder, std::vector<std::string> args) override {
    args.insert(args.begin(), "git");
    const Ran ran = run(args, folder, world_.environment());
    ASSERT_EQ(ran.exit_code, 0) << "git " << args[1] << ": " << ran.err;
  }

  std::string fingerprint() override { return world_.fingerprint(); }

  std::vector<std::string> changed(const std::string& branch) override {
    // Names are bytes: git would quote them without -z.
    return parts(world_.git_says({"diff", "-z", "--name-only", "HEAD", branch}), '\0');
  }

  std::vector<std::string> landed(const std::string& branch) override {
    return parts(world_.git_says({"log", "--format=%(trailers:key=Director-Node,valueonly)",
                                  "HEAD.." + branch}),
                 '\n');
  }

  std::optional<std::string> read(const std::string& branch, const std::string& path) override {
    Ran shown = world_.git({"show", branch + ":" + path});
    return shown.exit_code == 0 ? std::optional(std::move(shown.out)) : std::nullopt;
  }

  void check_whole() override {
    const Ran fsck = world_.git({"fsck", "--strict", "--no-dangling"});
    EXPECT_EQ(fsck.exit_code, 0) << fsck.err;
    EXPECT_EQ(fsck.out, "");
  }

 private:
  static std::vector<std::string> parts(const std::string& text, char end) {
    std::vector<std::string> all;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, end);) {
      if (!part.empty()) {
        all.push_back(std::move(part));
      }
    }
    return all;
  }

  World& world_;
};

}  // namespace

std::unique_ptr<Repository> open_plugin_repository(World& world, const Backends& backends);

std::unique_ptr<Repository> open_repository(World& world, const Backends& backends) {
  if (backends.in_memory()) {
    return open_plugin_repository(world, backends);
  }
  return std::make_unique<GitRepository>(world);
}

}  // namespace director::e2e
