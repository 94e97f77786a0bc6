#include "cli/confinement.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "core/platform/environment.hpp"
#include "core/platform/paths.hpp"
#include "core/platform/sandboxed_launcher.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;
using platform::lies_below;
using platform::SandboxPolicy;

/// Adds the real path if there is such a thing.
void add_existing(std::vector<std::string>& paths, const fs::path& path) {
  std::error_code error;
  if (const fs::path real = fs::canonical(path, error); !error) {
    paths.push_back(real.string());
  }
}

std::string first_line(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string line;
  std::getline(in, line);
  return line;
}

/// Where git keeps what belongs to the repository outside of it: a linked worktree's repository,
/// and the object stores that are borrowed from, at any remove.
std::vector<std::string> git_folders(const fs::path& repository) {
  fs::path git = repository / ".git";
  std::vector<std::string> found;
  if (const std::string line = first_line(git); line.starts_with("gitdir: ")) {
    git = repository / line.substr(std::string_view("gitdir: ").size());
    add_existing(found, git);
    if (const std::string common = first_line(git / "commondir"); !common.empty()) {
      git /= common;
    }
  }
  add_existing(found, git);
  std::vector<fs::path> stores{git / "objects"};
  constexpr std::size_t kMost = 64;  // they may lead in a circle
  for (std::size_t i = 0; i < stores.size() && i < kMost; ++i) {
    std::ifstream in(stores[i] / "info" / "alternates", std::ios::binary);
    for (std::string line; std::getline(in, line);) {
      stores.push_back(stores[i] / line);
      add_existing(found, stores.back());
    }
  }
  return found;
}

/// What is needed to run anything: the programs, and director's own part.
std::vector<std::string> programs(const std::vector<std::string>& environment) {
  std::vector<std::string> found;
  if (const Result<platform::Installation> installation = platform::find_installation()) {
    add_existing(found, installation->supervisor);
  }
  std::string_view rest = platform::variable(environment, "PATH");
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    if (folder.starts_with('/')) {
      add_existing(found, folder);
    }
  }
  return found;
}

/// Daemons that do what they are asked to, whoever asks, outside of any sandbox.
void hide_daemons(SandboxPolicy& policy, const std::vector<std::string>& environment) {
  for (const char* folder :
       {"/run/user", "/run/dbus", "/run/podman", "/run/containerd", "/run/libvirt"}) {
    add_existing(policy.empty, folder);
  }
  const std::string_view runtime = platform::variable(environment, "XDG_RUNTIME_DIR");
  if (runtime.starts_with('/') && runtime != "/") {
    add_existing(policy.empty, runtime);
  }
  // A folder within one that is hidden already is not there to be mounted on.
  std::sort(policy.empty.begin(), policy.empty.end());
  std::vector<std::string> outer;
  for (std::string& path : policy.empty) {
    if (!lies_below(path, policy.temp) && path != policy.temp &&
        std::none_of(outer.begin(), outer.end(), [&path](const std::string& folder) {
          return path == folder || lies_below(path, folder);
        })) {
      outer.push_back(std::move(path));
    }
  }
  policy.empty = std::move(outer);
  add_existing(policy.blank, "/run/docker.sock");
}

Status add_writable(SandboxPolicy& policy, const std::vector<std::string>& wanted,
                    const std::string& repository) {
  for (const std::string& path : wanted) {
    std::error_code error;
    const std::string real = fs::canonical(path, error).string();
    if (error) {
      return Error(Errc::Invalid, "cannot open '" + path +
                                      "' to agents and gates: " + error.message() +
                                      "; make it, or take it out of sandbox.writable");
    }
    if (real == repository || lies_below(real, repository) || real == policy.workspaces ||
        lies_below(real, policy.workspaces)) {
      return Error(Errc::Invalid, "cannot open '" + path +
                                      "' to agents and gates: it is the repository's, which only "
                                      "landed work changes; take it out of sandbox.writable");
    }
    policy.writable.push_back(real);
  }
  return ok();
}

Result<SandboxPolicy> policy_for(const config::Sandbox& wanted, const engine::Folders& folders,
                                 std::string bubblewrap,
                                 const std::vector<std::string>& environment) {
  SandboxPolicy policy;
  policy.bubblewrap = std::move(bubblewrap);
  policy.gate_network = wanted.gate_network;
  std::error_code error;
  policy.temp = fs::canonical("/tmp", error).string();
  if (!error) {
    policy.workspaces = fs::canonical(folders.cache, error).string();
  }
  const std::string repository = error ? "" : fs::canonical(folders.repo, error).string();
  if (error) {
    return Error(Errc::External, "a folder that is needed is missing: " + error.message());
  }
  policy.visible = programs(environment);
  add_existing(policy.visible, platform::variable(environment, "HOME"));
  policy.protect = git_folders(repository);
  policy.protect.insert(policy.protect.end(), {repository, policy.workspaces});
  policy.visible.insert(policy.visible.end(), policy.protect.begin(), policy.protect.end());
  hide_daemons(policy, environment);
  DIRECTOR_CHECK(add_writable(policy, wanted.writable, repository));
  return policy;
}

/// Nothing is confined if this is an error, other than Invalid, where that is allowed.
Result<SandboxPolicy> working_policy(const config::Sandbox& wanted, const engine::Folders& folders,
                                     ports::ProcessLauncher& launcher, const ports::Clock& clock,
                                     const ports::CancelToken& cancel) {
  const std::vector<std::string> environment =
      platform::Environment::of_this_process().for_command({});
  Result<std::string> bubblewrap = platform::find_program("bwrap", environment, "/");
  if (!bubblewrap) {
    return Error(Errc::External, "there is no bubblewrap: install the package 'bubblewrap'");
  }
  DIRECTOR_TRY(SandboxPolicy policy,
               policy_for(wanted, folders, std::move(bubblewrap).value(), environment));
  if (const Status works = platform::try_sandbox(launcher, policy, clock, cancel); !works) {
    return Error(Errc::External, "bubblewrap does not work here (" + works.error().message() +
                                     "): see to it that user namespaces are allowed");
  }
  return policy;
}

}  // namespace

Result<Confinement> confine(const config::Sandbox& wanted, const engine::Folders& folders,
                            ports::ProcessLauncher& launcher, const ports::Clock& clock,
                            const ports::CancelToken& cancel) {
  if (wanted.mode == config::SandboxMode::Off) {
    return Confinement();
  }
  Result<SandboxPolicy> policy = working_policy(wanted, folders, launcher, clock, cancel);
  if (policy) {
    return Confinement{std::move(policy).value(), ""};
  }
  if (policy.error().code() == Errc::Invalid) {
    return policy.error();
  }
  if (wanted.mode == config::SandboxMode::Required) {
    return Error(Errc::External,
                 "cannot confine agents and gates, as sandbox.mode = \"required\" "
                 "asks: " +
                     policy.error().message());
  }
  return Confinement{std::nullopt, policy.error().message()};
}

}  // namespace director::cli
