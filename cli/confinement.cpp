#include "cli/confinement.hpp"

#include <cerrno>
#include <utility>
#include <vector>

#include "cli/sandbox_policy.hpp"
#include "core/platform/environment.hpp"
#include "core/platform/landlock.hpp"
#include "core/platform/landlock_rules.hpp"
#include "core/platform/os_error.hpp"
#include "core/platform/paths.hpp"
#include "core/platform/private_folder.hpp"
#include "core/platform/sandboxed_launcher.hpp"

namespace director::cli {
namespace {

using platform::SandboxBackend;
using platform::SandboxPolicy;

/// Where and with what a backend is tried.
struct Trial {
  SandboxPolicy policy;
  ports::ProcessLauncher& launcher;
  const ports::Clock& clock;
  const ports::CancelToken& cancel;
};

/// Errors: External, with what to do.
Result<SandboxPolicy> try_bubblewrap(Trial trial, bool layers,
                                     const std::vector<std::string>& environment) {
  Result<std::string> program = platform::find_program("bwrap", environment, "/");
  if (!program) {
    return Error(Errc::External, "there is no bubblewrap: install the package 'bubblewrap'");
  }
  trial.policy.backend = SandboxBackend::Bubblewrap;
  trial.policy.program = std::move(program).value();
  trial.policy.layers = layers;
  const auto try_it = [&trial] {
    return platform::try_sandbox(trial.launcher, trial.policy, trial.clock, trial.cancel);
  };
  Status works = try_it();
  if (!works && layers) {
    trial.policy.layers = false;
    works = try_it();
  }
  if (!works) {
    return Error(Errc::External, "bubblewrap does not work here (" + works.error().message() +
                                     "): see to it that user namespaces are allowed");
  }
  return std::move(trial.policy);
}

/// Errors: External.
Result<SandboxPolicy> try_landlock(Trial trial) {
  const int abi = platform::landlock::abi();
  if (abi == 0) {
    return Error(Errc::External, "this kernel has no Landlock: " + platform::os_reason(errno));
  }
  if (abi < platform::landlock::kLeastAbi) {
    return Error(Errc::External, "Landlock of this kernel has ABI " + std::to_string(abi) +
                                     ", and before ABI 3 (Linux 6.2) any file can be emptied");
  }
  DIRECTOR_TRY(const platform::Installation installation, platform::find_installation());
  trial.policy.backend = SandboxBackend::Landlock;
  trial.policy.program = installation.supervisor.string();
  if (const Status works =
          platform::try_sandbox(trial.launcher, trial.policy, trial.clock, trial.cancel);
      !works) {
    return Error(Errc::External, "Landlock does not work here: " + works.error().message());
  }
  return std::move(trial.policy);
}

/// Where the whole of a sandbox is not asked for, or Landlock by its name, Landlock will do.
/// Nothing is confined if this is an error, where that is allowed.
Result<Confinement> first_working(const config::Sandbox& wanted, const Trial& trial,
                                  const std::vector<std::string>& environment) {
  platform::PrivateFolder::sweep(trial.policy.temps);
  if (wanted.backend == config::SandboxChoice::Landlock) {
    DIRECTOR_TRY(SandboxPolicy policy, try_landlock(trial));
    return Confinement{std::move(policy), "",
                       platform::landlock_shortfall(platform::landlock::abi())};
  }
  Result<SandboxPolicy> whole = try_bubblewrap(trial, wanted.layers, environment);
  if (whole) {
    return Confinement{std::move(whole).value(), "", ""};
  }
  const std::string& why_not = whole.error().message();
  if (wanted.mode == config::SandboxMode::Required ||
      wanted.backend == config::SandboxChoice::Bubblewrap) {
    return whole.error();
  }
  Result<SandboxPolicy> half = try_landlock(trial);
  if (half) {
    return Confinement{std::move(half).value(), why_not,
                       platform::landlock_shortfall(platform::landlock::abi())};
  }
  return Error(Errc::External, why_not + "; " + half.error().message());
}

}  // namespace

Result<Confinement> confine(const config::Sandbox& wanted, const engine::Folders& folders,
                            ports::ProcessLauncher& launcher, const ports::Clock& clock,
                            const ports::CancelToken& cancel) {
  if (wanted.mode == config::SandboxMode::Off) {
    return Confinement();
  }
  const std::vector<std::string> environment =
      platform::Environment::of_this_process().for_command({});
  Result<Confinement> found = Confinement();
  if (Result<SandboxPolicy> policy = policy_for(wanted, folders, environment)) {
    found =
        first_working(wanted, {std::move(policy).value(), launcher, clock, cancel}, environment);
  } else if (policy.error().code() == Errc::Invalid) {
    return policy.error();
  } else {
    found = policy.error();
  }
  if (found) {
    return found;
  }
  if (wanted.mode == config::SandboxMode::Required) {
    return Error(Errc::External,
                 "cannot confine agents and gates, as sandbox.mode = \"required\" "
                 "asks: " +
                     found.error().message());
  }
  return Confinement{std::nullopt, found.error().message(), ""};
}

std::string limits_of(const Confinement& confinement) {
  return "agents and gates are confined by Landlock alone" +
         (confinement.why_not.empty() ? "" : " (" + confinement.why_not + ")") + ": " +
         confinement.shortfall;
}

}  // namespace director::cli
