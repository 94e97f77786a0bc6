#include "cli/doctor_machine.hpp"

#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

#include "core/base/text.hpp"
#include "core/platform/landlock.hpp"
#include "core/platform/os_error.hpp"
#include "core/platform/repository_caches.hpp"

namespace director::cli {
namespace {

struct Attempt {
  bool worked = false;
  std::string said;  ///< its last line of stderr, or why it did not start
};

Attempt attempt(std::vector<std::string> argv, ports::ProcessLauncher& launcher,
                const ports::Clock& clock, const ports::CancelToken& cancel) {
  constexpr std::chrono::seconds kPatience{10};
  ports::Command command;
  command.argv = std::move(argv);
  command.cwd = "/";
  command.deadline = clock.now() + kPatience;
  Attempt result;
  const Result<ports::Exit> exit = launcher.run(
      command,
      [&](const ports::OutputLine& line) {
        if (line.is_stderr) {
          result.said = line.text;
        }
        return true;
      },
      cancel);
  result.worked = exit && exit->kind == ports::ExitKind::Exited && exit->exit_code == 0;
  if (!exit) {
    result.said = exit.error().message();
  }
  return result;
}

Finding note(bool there, std::string text) {
  return {there ? Level::Ok : Level::Note, "sandbox", std::move(text), ""};
}

Finding landlock() {
  if (const int abi = platform::landlock::abi(); abi > 0) {
    return note(true, "Landlock ABI " + std::to_string(abi));
  }
  return note(false, "no Landlock: " + platform::os_reason(errno));
}

std::string network_of(const config::Sandbox& wanted) {
  std::string text = std::string("gates with") + (wanted.gate_network ? "" : "out") + " network";
  if (!wanted.gate_network && !wanted.network_gates.empty()) {
    text += " but '" + text::join(wanted.network_gates, "', '") + "'";
  }
  text += wanted.agent_network ? "" : ", agents without";
  return text + (wanted.setup_network ? "" : ", setup without");
}

}  // namespace

Finding confinement_finding(const Status& confined, const Confinement& confinement,
                            const config::Sandbox& wanted) {
  if (!confined) {
    return {Level::Problem, "sandbox", confined.error().message(),
            "or change [sandbox] in the configuration"};
  }
  if (confinement.policy && !confinement.shortfall.empty()) {
    if (wanted.backend == config::SandboxChoice::Landlock) {
      return {Level::Note, "sandbox", limits_of(confinement) + "; " + network_of(wanted), ""};
    }
    return {Level::Warning, "sandbox", limits_of(confinement) + "; " + network_of(wanted),
            "install bubblewrap, or allow user namespaces, for the rest"};
  }
  if (confinement.policy) {
    return {
        Level::Ok, "sandbox",
        "agents and gates are confined by '" + confinement.policy->program + "', " +
            network_of(wanted) +
            (confinement.policy->layers ? "; what tests write is thrown away with a layer" : ""),
        ""};
  }
  if (wanted.mode == config::SandboxMode::Off) {
    return {Level::Note, "sandbox", "agents and gates are not confined: sandbox.mode is \"off\"",
            ""};
  }
  return {Level::Warning, "sandbox", "agents and gates are not confined: " + confinement.why_not,
          "without it only the checks on what lands hold; what agents do elsewhere is not seen"};
}

std::vector<Finding> sandbox_findings(ports::ProcessLauncher& launcher, const ports::Clock& clock,
                                      const ports::CancelToken& cancel) {
  std::vector<Finding> found;
  found.push_back(landlock());
  const Attempt namespaces =
      attempt({"unshare", "--user", "--map-root-user", "true"}, launcher, clock, cancel);
  if (namespaces.worked) {
    found.push_back(note(true, "user namespaces can be made"));
  } else {
    found.push_back(note(false, "no user namespaces: " + namespaces.said));
  }
  return found;
}

std::vector<Finding> gone_findings(const std::filesystem::path& caches) {
  std::vector<Finding> found;
  for (const platform::GoneRepository& gone : platform::gone_repositories(caches)) {
    for (const std::filesystem::path& work : gone.work) {
      found.push_back(
          {Level::Note, "disk",
           "'" + text::printable(work.string()) + "' holds work that did not land in '" +
               text::printable(gone.repository) + "', which is gone",
           "take what you want of it and remove '" + text::printable(gone.cache.string()) + "'"});
    }
  }
  return found;
}

Finding space_finding(const std::string& what, const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::path there = folder;
  while (!std::filesystem::exists(there, error) && there.has_relative_path()) {
    there = there.parent_path();
  }
  const std::filesystem::space_info space = std::filesystem::space(there, error);
  if (error) {
    return {Level::Warning, "disk",
            "cannot see how much room '" + there.string() + "' has: " + error.message(), ""};
  }
  return judge_space(what, folder.string(), space.available);
}

}  // namespace director::cli
