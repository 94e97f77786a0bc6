#include "cli/sandbox_policy.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>

#include "cli/places_of_secrets.hpp"
#include "cli/repository.hpp"
#include "core/base/nesting.hpp"
#include "core/platform/environment.hpp"
#include "core/platform/listening_sockets.hpp"
#include "core/platform/paths.hpp"
#include "core/platform/sandboxed_launcher.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;
using platform::SandboxPolicy;

/// Hides what has this name: now, or as soon as there is such a thing.
void hide(SandboxPolicy& policy, const std::string& path) {
  if (const std::optional<std::string> real = platform::hideable(policy, path)) {
    platform::hide_real(policy, *real);
  } else {
    policy.awaited.push_back(path);
  }
}

/// The same of what a variable names, unless there is more in it than secrets.
void hide_named(SandboxPolicy& policy, const std::string& path, bool can_be_folder) {
  static const std::vector<std::string> kSystem{
      "/bin",       "/etc",         "/lib",      "/lib64",    "/opt",     "/run",
      "/sbin",      "/sys",         "/var",      "/usr/bin",  "/usr/lib", "/usr/lib64",
      "/usr/local", "/usr/libexec", "/usr/sbin", "/usr/share"};
  std::error_code error;
  if (const std::string real = fs::canonical(path, error).string();
      !error &&
      (holds_any(real, policy.visible) || holds_any(real, kSystem) ||
       lies_below(real, policy.workspaces) || (!can_be_folder && fs::is_directory(real, error)))) {
    return;
  }
  hide(policy, path);
}

void hide_secrets(SandboxPolicy& policy, const PlacesOfSecrets& places) {
  for (const std::string& path : places.usual) {
    hide(policy, path);
  }
  for (const std::string& path : places.folders) {
    hide_named(policy, path, true);
  }
  for (const std::string& path : places.files) {
    hide_named(policy, path, false);
  }
}

/// Adds the real path if there is such a thing.
void add_existing(std::vector<std::string>& paths, const fs::path& path) {
  std::error_code error;
  if (const fs::path real = fs::canonical(path, error); !error) {
    paths.push_back(real.string());
  }
}

/// Where git keeps what belongs to the repository outside of it: a linked worktree's repository,
/// and the object stores that are borrowed from, at any remove.
std::vector<std::string> git_folders(const fs::path& repository) {
  const GitFolders git = git_folders_of(repository);
  std::vector<std::string> found;
  add_existing(found, git.own);
  if (git.shared != git.own) {
    add_existing(found, git.shared);
  }
  std::vector<fs::path> stores{git.shared / "objects"};
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

/// Git's configuration holds addresses with tokens in them, and headers that checkouts of CI leave.
/// A workspace has one of its own. `folders`: of git, and stores of objects.
void hide_configuration(SandboxPolicy& policy, const std::vector<std::string>& folders) {
  for (const fs::path folder : folders) {
    const fs::path git = folder.filename() == "objects" ? folder.parent_path() : folder;
    std::error_code error;
    const std::optional<std::string> config = platform::hideable(policy, git / "config");
    if (config && fs::is_regular_file(*config, error)) {
      policy.bare.push_back(*config);
    }
    hide(policy, git / "config.worktree");
    hide(policy, git / "modules");
  }
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
  for (const char* folder : {"/run/user", "/run/dbus", "/run/podman", "/run/containerd",
                             "/run/libvirt", "/run/crio", "/run/buildkit", "/run/screen"}) {
    hide(policy, folder);
  }
  const std::string_view home = platform::variable(environment, "HOME");
  for (const char* folder :
       {"/.docker/run", "/.docker/desktop", "/.colima", "/.lima", "/.screen"}) {
    if (home.starts_with('/')) {
      hide(policy, std::string(home) + folder);
    }
  }
  const std::string_view runtime = platform::variable(environment, "XDG_RUNTIME_DIR");
  if (runtime.starts_with('/') && runtime != "/") {
    hide(policy, std::string(runtime));
  }
  // Of terminals: what is written there is typed in the user's own shell.
  if (const std::string_view screens = platform::variable(environment, "SCREENDIR");
      screens.starts_with('/')) {
    hide_named(policy, std::string(screens), true);
  }
  if (const std::string_view temp = platform::variable(environment, "TMUX_TMPDIR");
      temp.starts_with('/')) {
    hide(policy, std::string(temp) + "/tmux-" + std::to_string(::geteuid()));
  }
  for (const char* socket :
       {"/run/docker.sock", "/run/snapd.socket", "/run/systemd/private", "/var/lib/lxd/unix.socket",
        "/var/lib/incus/unix.socket", "/var/snap/lxd/common/lxd/unix.socket"}) {
    hide(policy, socket);
  }
}

bool holds_sockets(const fs::path& folder) {
  std::error_code error;
  return std::any_of(fs::directory_iterator(folder, error), fs::directory_iterator(),
                     [](const fs::directory_entry& entry) {
                       std::error_code unknown;
                       return entry.is_socket(unknown);
                     });
}

/// Shows a file of /etc that leads below /run, maybe by way of other links there. Where it is put
/// in its folder anew, and that is nobody else's, the folder: one file would stay what it was.
void show_what_it_leads_to(SandboxPolicy& policy, fs::path at) {
  std::error_code error;
  for (int hop = 0; hop < 40; ++hop) {
    const fs::path target = fs::read_symlink(at, error);
    if (error) {
      break;
    }
    // Links directly in /run are there anyway.
    if (lies_below(at.string(), "/run") && at.parent_path() != "/run" &&
        !lies_within_any(at.string(), policy.names) &&
        !lies_within_any(at.string(), policy.visible)) {
      policy.links.push_back({at.string(), target.string()});
    }
    const fs::path next = at.parent_path() / target;
    at = fs::canonical(next.parent_path(), error) / next.filename();
    if (error) {
      return;
    }
  }
  const fs::path folder = at.parent_path();
  add_existing(policy.names, folder.parent_path() == "/run" && !holds_sockets(folder)
                                 ? folder.string()
                                 : at.string());
}

/// What tells those with network the names of hosts and users.
void know_names(SandboxPolicy& policy) {
  for (const char* path : {"/run/systemd/resolve", "/run/systemd/userdb", "/run/nscd", "/run/nslcd",
                           "/run/avahi-daemon", "/run/samba/winbindd", "/var/lib/sss/pipes/nss"}) {
    add_existing(policy.names, path);
  }
  for (const char* file : {"/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf",
                           "/etc/localtime"}) {
    show_what_it_leads_to(policy, file);
  }
}

/// Where all the others listen: databases, printers, and whatever comes next.
void know_daemons(SandboxPolicy& policy) {
  know_names(policy);
  for (const char* folder : {"/run", "/var/run"}) {
    std::error_code error;
    const std::string real = fs::canonical(folder, error).string();
    if (error || platform::is_needed_to_run(policy, real) ||
        lies_within_any(real, policy.protect) || lies_within_any(real, policy.empty) ||
        lies_within_any(real, policy.daemons) ||
        std::find(policy.writable.begin(), policy.writable.end(), real) != policy.writable.end()) {
      continue;
    }
    policy.daemons.push_back(real);
    for (fs::directory_iterator entry(real, error), end; !error && entry != end;
         entry.increment(error)) {
      std::error_code unknown;
      if (const fs::path target = fs::read_symlink(entry->path(), unknown); !unknown) {
        policy.links.push_back({entry->path().string(), target.string()});
      }
    }
  }
  platform::hide_listeners(policy, platform::table_of_sockets());
}

/// What other commands work on: their workspaces, what is kept of those, their temporary files.
Status hide_neighbours(SandboxPolicy& policy) {
  policy.temps = policy.workspaces + "/tmp";
  for (const std::string& folder :
       {policy.workspaces + "/slots", policy.workspaces + "/gates", policy.temps}) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
      return Error(Errc::External, "cannot create '" + folder + "': " + error.message());
    }
    policy.empty.push_back(folder);
  }
  return ok();
}

/// What lies in a folder that is hidden already is not there to be mounted on, if nothing around it
/// is shown again.
void drop_inner(std::vector<std::string>& paths, const std::vector<std::string>& folders,
                const SandboxPolicy& policy) {
  std::erase_if(
      paths, [&](const std::string& path) { return platform::is_covered(path, folders, policy); });
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
}

/// One that is hidden unless somebody says otherwise is not hidden where it is named here.
Status add_writable(SandboxPolicy& policy, const std::vector<std::string>& wanted) {
  for (const std::string& path : wanted) {
    std::error_code error;
    const std::string real = fs::canonical(path, error).string();
    if (error) {
      return Error(Errc::Invalid, "cannot open '" + path +
                                      "' to agents and gates: " + error.message() +
                                      "; make it, or take it out of sandbox.writable");
    }
    if (lies_within_any(real, policy.protect)) {
      return Error(Errc::Invalid, "cannot open '" + path +
                                      "' to agents and gates: it is the repository's, which only "
                                      "landed work changes; take it out of sandbox.writable");
    }
    std::erase(policy.empty, real);
    std::erase(policy.blank, real);
    policy.writable.push_back(real);
  }
  return ok();
}

/// What the user hides. Errors: Invalid if it is not there, since nobody would see that nothing is
/// hidden, or if agents and gates cannot do without it.
Status add_hidden(SandboxPolicy& policy, const std::vector<std::string>& wanted) {
  for (const std::string& path : wanted) {
    const auto refused = [&path](const std::string& why) {
      return Error(Errc::Invalid, "cannot hide '" + path + "' from agents and gates: " + why +
                                      ", or take it out of sandbox.hide");
    };
    std::error_code error;
    const std::string real = fs::canonical(platform::resolve_path(path, "/"), error).string();
    if (error) {
      return refused(error.message() + "; make it");
    }
    if (holds_any(real, policy.protect) || lies_below(real, policy.workspaces)) {
      return refused("they need the repository and director's cache; hide what lies beside them");
    }
    if (std::find(policy.writable.begin(), policy.writable.end(), real) != policy.writable.end()) {
      return refused("it stands in sandbox.writable, too; take it out of there");
    }
    if (platform::is_needed_to_run(policy, real)) {
      return refused("nothing runs without it; hide what is in it");
    }
    platform::hide_real(policy, real);
  }
  return ok();
}

}  // namespace

Result<SandboxPolicy> policy_for(const config::Sandbox& wanted, const engine::Folders& folders,
                                 const std::vector<std::string>& environment) {
  SandboxPolicy policy;
  policy.agent_network = wanted.agent_network;
  policy.setup_network = wanted.setup_network;
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
  const std::vector<std::string> git = policy.protect;
  policy.protect.insert(policy.protect.end(), {repository, policy.workspaces});
  add_existing(policy.protect, git_folders_of(repository).checkout);
  policy.visible.insert(policy.visible.end(), policy.protect.begin(), policy.protect.end());
  hide_daemons(policy, environment);
  DIRECTOR_CHECK(hide_neighbours(policy));
  // Agents' words stand in the journal and the logs of a job, and in the state of their tools.
  add_existing(policy.of_agents, folders.state.string());
  policy.of_agents.push_back(policy.workspaces + "/plugins");
  hide_secrets(policy, places_of_secrets(environment, wanted.pass_env));
  hide_configuration(policy, git);
  DIRECTOR_CHECK(add_writable(policy, wanted.writable));
  DIRECTOR_CHECK(add_hidden(policy, wanted.hide));
  know_daemons(policy);
  drop_inner(policy.blank, policy.empty, policy);
  drop_inner(policy.bare, policy.empty, policy);
  drop_inner(policy.empty, std::vector<std::string>(policy.empty), policy);
  return policy;
}

}  // namespace director::cli
