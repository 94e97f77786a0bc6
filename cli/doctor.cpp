#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/doctor_calls.hpp"
#include "cli/doctor_machine.hpp"
#include "cli/findings.hpp"
#include "cli/loaded_plugins.hpp"
#include "cli/plugin_catalog.hpp"
#include "cli/repository.hpp"
#include "cli/role_prompts.hpp"
#include "cli/runner_probe.hpp"
#include "cli/settings_files.hpp"
#include "core/base/text.hpp"
#include "core/engine/replay.hpp"
#include "core/platform/disk_file_store.hpp"
#include "core/platform/environment.hpp"
#include "core/platform/interrupt.hpp"
#include "core/platform/repo_lock.hpp"
#include "core/platform/spdlog_log.hpp"
#include "core/platform/system_clock.hpp"
#include "core/plugin/call_watch.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;

/// Looks at one thing after the other. What cannot be looked at because of an earlier finding is
/// left out.
class Doctor {
 public:
  Doctor(const CommonOptions& common, const DoctorOptions& options, engine::Folders folders)
      : common_(common),
        options_(options),
        folders_(std::move(folders)),
        log_(common.verbose ? ports::LogLevel::Debug : ports::LogLevel::Warning),
        guard_(interrupt_),
        hang_guard_(clock_, interrupt_, static_cast<int>(ExitCode::Interrupted)),
        launcher_(clock_, platform::Environment::of_this_process()) {}

  [[nodiscard]] std::vector<Finding> examine() {
    check_configuration();
    check_prompts();
    const bool alone = check_lock();
    check_plugins(alone);
    check_machine();
    return std::move(findings_);
  }
  [[nodiscard]] bool interrupted() const { return interrupt_.cancelled(); }

 private:
  void report(Finding finding) {
    if (!options_.json) {
      print_text(stdout, finding_text(finding));
      std::fflush(stdout);
    }
    findings_.push_back(std::move(finding));
  }
  void report_all(std::vector<Finding> findings) {
    for (Finding& finding : findings) {
      report(std::move(finding));
    }
  }

  void check_configuration() {
    const Result<config::Loaded> loaded = load_settings(files_, folders_.repo, common_);
    if (!loaded) {
      const bool missing = loaded.error().code() == Errc::NotFound;
      report({Level::Problem, "configuration", loaded.error().message(),
              missing ? "`director init` asks for what is needed and writes it"
                      : "mend what is named; `director config --help` shows how to look at it"});
      return;
    }
    configured_ = true;
    settings_ = loaded->settings;
    report({Level::Ok, "configuration",
            "valid; integration gates: " + std::to_string(settings_.gates.size()), ""});
    if (settings_.gates.empty()) {
      report({Level::Note, "configuration",
              "no integration gates: a job is done when its nodes have landed and their tests pass "
              "together",
              ""});
    }
    for (const std::string& warning : loaded->warnings) {
      report({Level::Warning, "configuration", warning, "add or correct it there"});
    }
  }

  void check_prompts() {
    Result<engine::RolePrompts> prompts = read_prompts(files_, folders_.repo);
    if (!prompts) {
      report({Level::Problem, "prompts", prompts.error().message(),
              "install director again, or write the prompt"});
      return;
    }
    int own = 0;
    std::error_code error;
    for (const char* agent : kAgents) {
      own += fs::exists(own_agents(folders_.repo) / (std::string(agent) + ".md"), error) ? 1 : 0;
    }
    report({Level::Ok, "prompts",
            std::to_string(prompts->size()) + " found, " + std::to_string(own) +
                " of them the repository's own",
            ""});
    prompts_ = std::move(prompts).value();
  }

  /// Whether no other director is at work. Held to the end, so that none begins.
  bool check_lock() {
    std::error_code error;
    if (!fs::is_directory(folders_.state, error)) {
      return true;
    }
    Result<platform::RepoLock> lock = platform::RepoLock::acquire(folders_.state / "lock");
    if (lock) {
      lock_ = std::move(lock).value();
      report({Level::Ok, "lock", "no director is at work here", ""});
      return true;
    }
    const bool taken = lock.error().code() == Errc::Conflict;
    report({taken ? Level::Warning : Level::Problem, "lock", lock.error().message(),
            taken ? "run this again when it is done; what needs the agent tool is not checked now"
                  : "see to the folder's permissions"});
    return false;
  }

  void check_plugins(bool alone) {
    Result<plugin::Catalog> catalog =
        scan_plugins(settings_.plugins, folders_.repo, launcher_, clock_, files_);
    if (!catalog) {
      report({Level::Problem, "plugins", catalog.error().message(), "install director again"});
      return;
    }
    std::size_t usable = 0;
    for (const plugin::Entry& entry : catalog->entries()) {
      usable += entry.state == plugin::State::Usable ? 1 : 0;
      if (entry.state == plugin::State::Refused) {
        report({Level::Warning, "plugins", entry.why, "mend or remove it"});
      } else if (entry.state == plugin::State::Shadowed) {
        report({Level::Note, "plugins", "'" + entry.path.string() + "' is not used: " + entry.why,
                ""});
      }
    }
    report({Level::Ok, "plugins", std::to_string(usable) + " usable", ""});
    plugins_ = std::make_unique<LoadedPlugins>(clock_, log_, std::move(catalog).value(), settings_,
                                               folders_);
    const Status confined = plugins_->confine_commands(interrupt_);
    report(confinement_finding(confined, plugins_->confinement(), settings_.sandbox));
    report(containment_finding(plugins_->containment()));
    if (!confined) {
      return;
    }
    if (const Status launched = plugins_->load_launcher(); !launched) {
      report({Level::Problem, "plugins", launched.error().message(), kMendPlugin});
      return;
    }
    load_wanted();
    check_repository();
    if (alone) {
      check_runners();
      check_calls();
    }
  }

  void load_wanted() {
    std::vector<std::pair<plugin::Kind, std::string>> wanted = LoadedPlugins::wanted(settings_);
    if (!configured_) {
      wanted.emplace_back(plugin::Kind::Runner, settings_.plugins.runner);
    }
    for (const auto& [kind, id] : wanted) {
      if (const Status loaded = plugins_->load(kind, id); !loaded) {
        report({Level::Problem, topic_of(kind), loaded.error().message(), kMendPlugin});
      }
    }
  }

  /// A plugin that cannot be made mostly says something about what it works with.
  static const char* topic_of(plugin::Kind kind) {
    return kind == plugin::Kind::Vcs      ? "repository"
           : kind == plugin::Kind::Runner ? "tool"
                                          : "plugins";
  }

  void check_repository() {
    const engine::Backends backends = plugins_->backends();
    if (backends.vcs == nullptr) {
      return;
    }
    Result<RepositoryFacts> facts = repository_facts(*backends.vcs);
    if (!facts) {
      report({Level::Problem, "repository", facts.error().message(), "see to the repository"});
      return;
    }
    report_all(judge_repository(*facts));
  }

  Result<RepositoryFacts> repository_facts(ports::Pool<director::vcs>& pool) {
    RepositoryFacts facts;
    DIRECTOR_TRY(const std::shared_ptr<director::vcs> vcs, pool.lease());
    DIRECTOR_TRY(facts.checkout, vcs->user_checkout());
    DIRECTOR_TRY(const std::vector<director::ref> refs, vcs->list_refs("refs/heads/director/"));
    for (const director::ref& ref : refs) {
      facts.branches.push_back(ref.name);
    }
    DIRECTOR_TRY(const engine::JobState job, engine::read_job(files_, folders_.journal()));
    facts.job_branch = job.planning.job.branch;
    return facts;
  }

  void check_runners() {
    for (const auto& [id, pool] : plugins_->backends().runners) {
      const std::string& name = id;
      std::map<config::Role, config::Tier> tiers;
      for (const auto& [role, tier] : settings_.tiers) {
        if ((tier.runner.empty() ? settings_.plugins.runner : tier.runner) == name) {
          tiers.emplace(role, tier);
        }
      }
      const Result<std::string> probe =
          probe_runner(*pool, name, folders_, plugins_->host(), clock_, interrupt_);
      if (probe) {
        report_all(judge_probe(*probe, name, tiers));
      } else {
        report({Level::Problem, "tool", probe.error().message(),
                "install the agent tool, or name it in [plugin." + name + "]"});
      }
    }
  }

  void check_calls() {
    if (!options_.calls) {
      return;
    }
    if (!configured_ || !prompts_) {
      report({Level::Note, "calls", "no model was called: see what is wrong above", ""});
      return;
    }
    const Status tried = try_models({clock_, files_, log_, plugins_->host(), plugins_->backends(),
                                     settings_, folders_, *prompts_, interrupt_},
                                    [this](Finding finding) { report(std::move(finding)); });
    if (!tried) {
      report({Level::Problem, "calls", tried.error().message(), "run it again with --verbose"});
    }
  }

  void check_machine() {
    const std::vector<std::string> environment =
        platform::Environment::of_this_process().for_command({});
    if (settings_.plugins.runner == "runner-opencode" &&
        !platform::find_program("rg", environment, "/")) {
      report({Level::Warning, "tool", "there is no ripgrep (rg) on PATH",
              "install ripgrep: OpenCode's first search would download it"});
    }
    report_all(sandbox_findings(launcher_, clock_, interrupt_));
    report_all(gone_findings(folders_.cache.parent_path()));
    report(space_finding("workspaces", folders_.cache));
    report(space_finding("transcripts and the journal", folders_.state));
  }

  static constexpr const char* kMendPlugin =
      "see to that; `director plugins` shows what was found, [plugins] says what is used";

  const CommonOptions& common_;
  const DoctorOptions& options_;
  engine::Folders folders_;
  platform::SystemClock clock_;
  platform::DiskFileStore files_;
  platform::SpdlogLog log_;
  ports::CancelToken interrupt_;
  platform::InterruptGuard guard_;
  plugin::HangGuard hang_guard_;
  platform::LocalLauncher launcher_;
  bool configured_ = false;
  config::Settings settings_;
  std::optional<engine::RolePrompts> prompts_;
  std::optional<platform::RepoLock> lock_;
  std::unique_ptr<LoadedPlugins> plugins_;
  std::vector<Finding> findings_;
};

}  // namespace

ExitCode doctor_command(const CommonOptions& common, const DoctorOptions& options) {
  const Result<fs::path> repository = find_repository(common.repo);
  if (!repository) {
    print_error(repository.error());
    return ExitCode::Usage;
  }
  Result<engine::Folders> folders = folders_of(*repository);
  if (!folders) {
    print_error(folders.error());
    return ExitCode::Incomplete;
  }
  Doctor doctor(common, options, std::move(folders).value());
  const std::vector<Finding> findings = doctor.examine();
  if (options.json) {
    print_text(stdout, findings_json(findings));
  } else {
    print_text(stdout, "\n" + summary_text(findings) + "\n");
  }
  if (doctor.interrupted()) {
    return ExitCode::Interrupted;
  }
  return has_problem(findings) ? ExitCode::Incomplete : ExitCode::Done;
}

}  // namespace director::cli
