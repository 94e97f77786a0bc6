/// A home with what a policy is about.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "cli/sandbox_policy.hpp"

namespace director::cli {

/// A home with a repository and director's cache in it.
class SandboxPolicyFor : public ::testing::Test {
 protected:
  SandboxPolicyFor() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "director-policy-XXXXXX").string();
    home_ = std::filesystem::canonical(mkdtemp(pattern.data()));
    if (const char* before = std::getenv("HOME")) {
      before_ = before;
    }
    setenv("HOME", home_.c_str(), 1);
    for (const char* folder : {"work/repo/.git/objects", "cache", ".ssh", "keys/inner", "open"}) {
      std::filesystem::create_directories(home_ / folder);
    }
    std::ofstream(home_ / "token") << "secret";
    std::ofstream(home_ / ".netrc") << "secret";
  }
  ~SandboxPolicyFor() override {
    if (before_) {
      setenv("HOME", before_->c_str(), 1);
    } else {
      unsetenv("HOME");
    }
    std::filesystem::remove_all(home_);
  }
  SandboxPolicyFor(const SandboxPolicyFor&) = delete;
  SandboxPolicyFor& operator=(const SandboxPolicyFor&) = delete;

  [[nodiscard]] std::string at(const std::string& path) const { return (home_ / path).string(); }
  [[nodiscard]] Result<platform::SandboxPolicy> policy(
      const std::vector<std::string>& hide, const std::vector<std::string>& writable = {},
      const std::string& path = "/bin") const {
    config::Sandbox wanted;
    wanted.hide = hide;
    wanted.writable = writable;
    engine::Folders folders;
    folders.repo = home_ / "work/repo";
    folders.state = folders.repo / ".director";
    folders.cache = home_ / "cache";
    wanted.pass_env = passed_;
    std::vector<std::string> environment{"HOME=" + home_.string(), "PATH=" + path};
    environment.insert(environment.end(), variables_.begin(), variables_.end());
    return policy_for(wanted, folders, environment);
  }
  void write(const std::string& path) const {
    std::filesystem::create_directories(std::filesystem::path(at(path)).parent_path());
    std::ofstream(at(path)) << "secret";
  }

  std::vector<std::string> variables_;  ///< "NAME=value"
  std::vector<std::string> passed_;

 private:
  std::filesystem::path home_;
  std::optional<std::string> before_;
};

}  // namespace director::cli
