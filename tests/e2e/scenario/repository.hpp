/// The user's repository as a scenario sees it: git's own commands for git, the interface
/// director::vcs for every other backend. Whatever goes wrong fails the current test.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/scenario/backends.hpp"
#include "tests/e2e/support.hpp"

namespace director::e2e {

class Repository {
 public:
  virtual ~Repository() = default;

  /// Makes world.repo() a repository with the files of a folder in one commit.
  virtual void make(const fs::path& files) = 0;
  /// A fresh checkout of a branch, or of the user's HEAD where it is empty; `folder` is absent.
  virtual void check_out(const std::string& branch, const fs::path& folder) = 0;
  /// Commits what check_out() brought and somebody changed, moves the branch there (and makes it),
  /// and removes the folder.
  virtual void commit(const fs::path& folder, const std::string& message,
                      const std::string& branch) = 0;
  /// Runs git in a folder. Other backends have nothing like it: a failure.
  virtual void git(const fs::path& folder, std::vector<std::string> args) = 0;

  /// Everything of the user's that director must leave alone, as one text.
  [[nodiscard]] virtual std::string fingerprint() = 0;
  /// Paths that differ between the user's HEAD and a branch, sorted.
  [[nodiscard]] virtual std::vector<std::string> changed(const std::string& branch) = 0;
  /// The values of the trailer Director-Node of each commit beyond HEAD.
  [[nodiscard]] virtual std::vector<std::string> landed(const std::string& branch) = 0;
  /// A file's bytes on a branch; none: there is no such file.
  [[nodiscard]] virtual std::optional<std::string> read(const std::string& branch,
                                                        const std::string& path) = 0;
  /// Every ref leads to commits and trees that are there, whole.
  virtual void check_whole() = 0;
};

[[nodiscard]] std::unique_ptr<Repository> open_repository(World& world, const Backends& backends);

}  // namespace director::e2e
