#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/gate_suggestions.hpp"
#include "cli/init_answers.hpp"
#include "cli/init_dialog.hpp"
#include "cli/loaded_plugins.hpp"
#include "cli/plugin_catalog.hpp"
#include "cli/repository.hpp"
#include "cli/runner_probe.hpp"
#include "cli/settings_files.hpp"
#include "core/base/json.hpp"
#include "core/platform/disk_file_store.hpp"
#include "core/platform/environment.hpp"
#include "core/platform/interrupt.hpp"
#include "core/platform/os_error.hpp"
#include "core/platform/paths.hpp"
#include "core/platform/spdlog_log.hpp"
#include "core/platform/system_clock.hpp"
#include "core/platform/unique_fd.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;

/// Errors: Conflict if there is something of that name, be it a broken link.
Status check_absent(const fs::path& file) {
  std::error_code error;
  if (fs::symlink_status(file, error).type() == fs::file_type::not_found) {
    return ok();
  }
  return Error(Errc::Conflict,
               "'" + file.string() +
                   "' is there already and stays as it is; edit it, or move it away first. "
                   "`director config` shows what it says");
}

Result<InitAnswers> answers_of(const InitOptions& options) {
  InitAnswers answers;
  for (const std::string& text : options.tiers) {
    DIRECTOR_TRY(const auto tier, parse_role_and_model(text));
    if (!answers.tiers.emplace(tier).second) {
      return Error(Errc::Invalid, "role '" + std::string(config::to_string(tier.first)) +
                                      "' is given twice; keep one --tier of it");
    }
  }
  for (const config::Role role : config::kRoles) {
    if (!options.all_tiers.empty()) {
      answers.tiers.emplace(role, options.all_tiers);
    }
  }
  for (const std::string& text : options.gates) {
    DIRECTOR_TRY(config::Gate gate, parse_named_gate(text));
    for (const config::Gate& other : answers.gates) {
      if (other.name == gate.name) {
        return Error(Errc::Invalid, "gate '" + gate.name + "' is given twice; name each once");
      }
    }
    answers.gates.push_back(std::move(gate));
  }
  return answers;
}

/// A configuration in force before there is one: the tiers stand for nothing.
constexpr const char* kNoTiers =
    "[tiers]\nplanner = \"no/model\"\ntest_author = \"no/model\"\nexecutor = \"no/model\"\n"
    "explorer = \"no/model\"\nreviewer = \"no/other\"\nescalation = \"no/model\"\n";

/// The models that the default runner's tool knows.
Result<std::vector<std::string>> known_models(const CommonOptions& common, const fs::path& repo) {
  platform::DiskFileStore files;
  platform::SystemClock clock;
  const ports::CancelToken interrupt;
  const platform::InterruptGuard guard(interrupt);
  platform::SpdlogLog log(common.verbose ? ports::LogLevel::Debug : ports::LogLevel::Warning);
  DIRECTOR_TRY(const config::Loaded loaded,
               load_settings_with(files, common, {"config.toml", kNoTiers}));
  DIRECTOR_TRY(const engine::Folders folders, folders_of(repo));
  platform::LocalLauncher launcher(clock, platform::Environment::of_this_process());
  DIRECTOR_TRY(plugin::Catalog catalog,
               scan_plugins(loaded.settings.plugins, repo, launcher, clock, files));
  LoadedPlugins plugins(clock, log, std::move(catalog), loaded.settings, folders);
  DIRECTOR_CHECK(plugins.confine_commands(interrupt));
  DIRECTOR_CHECK(plugins.load_launcher());
  const std::string& id = loaded.settings.plugins.runner;
  DIRECTOR_CHECK(plugins.load(plugin::Kind::Runner, id));
  DIRECTOR_TRY(const std::string probe, probe_runner(*plugins.backends().runners.at(id), id,
                                                     folders, plugins.host(), clock, interrupt));
  DIRECTOR_TRY(const Json json, parse_json(probe));
  return json.get_strings("models");
}

Status ask(const CommonOptions& common, const fs::path& repository, const InitOptions& options,
           const std::vector<config::Gate>& suggestions, InitAnswers& answers) {
  InitDialog dialog(std::cin, std::cout);
  if (answers.tiers.size() < config::kRoles.size()) {
    std::cout << "Asking the agent tool for its models ...\n" << std::flush;
    Result<std::vector<std::string>> models = known_models(common, repository);
    if (!models) {
      std::cout << "That did not work, so there is no list to choose from:\n  " << std::flush;
      print_error(models.error());
    }
    DIRECTOR_CHECK(
        dialog.ask_models(std::move(models).value_or(std::vector<std::string>()), answers));
  }
  return options.gates.empty() ? dialog.ask_gates(suggestions, answers) : ok();
}

/// Makes the file; never replaces one, not even one that appeared since we looked.
Status write_new(const fs::path& file, const std::string& bytes) {
  const std::string what = "cannot write '" + file.string() + "'";
  const platform::UniqueFd fd(
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) {
    return errno == EEXIST ? check_absent(file) : platform::os_error(what, errno);
  }
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t size = ::write(fd.get(), bytes.data() + done, bytes.size() - done);
    if (size < 0 && errno != EINTR) {
      const Error error = platform::os_error(what, errno);
      ::unlink(file.c_str());
      return error;
    }
    done += size < 0 ? 0 : static_cast<std::size_t>(size);
  }
  return ok();
}

Status init(const CommonOptions& common, const InitOptions& options) {
  DIRECTOR_TRY(const fs::path repository, find_repository(common.repo));
  const engine::Folders folders{repository, repository / ".director", {}};
  const fs::path file = folders.state / "config.toml";
  DIRECTOR_CHECK(check_absent(file));
  DIRECTOR_TRY(InitAnswers answers, answers_of(options));
  platform::DiskFileStore files;
  const std::vector<config::Gate> suggestions =
      suggest_gates([&](const std::string& name) -> std::optional<std::string> {
        const Result<std::string> text = files.read(repository / name);
        return text ? std::optional(*text) : std::nullopt;
      });
  if (!options.yes && isatty(STDIN_FILENO) == 1) {
    DIRECTOR_CHECK(ask(common, repository, options, suggestions, answers));
  } else if (options.yes && answers.gates.empty()) {
    answers.gates = suggestions;
  }
  DIRECTOR_CHECK(check_answers(answers));
  DIRECTOR_TRY(const platform::Installation installation, platform::find_installation());
  DIRECTOR_TRY(const std::string example, files.read(installation.agents / "config.example.toml"));
  DIRECTOR_TRY(const std::string text, make_configuration(example, answers));
  // With the user's own file below it, as it will be read.
  DIRECTOR_TRY(const config::Loaded loaded,
               load_settings_with(files, common, {file.string(), text}));
  (void)loaded;
  DIRECTOR_CHECK(make_state_folder(files, folders));
  DIRECTOR_CHECK(write_new(file, text));
  print_text(stdout, "wrote " + file.string() +
                         "\n\nNext: `director doctor` checks it, `director plan \"<task>\"` starts "
                         "a job.\n");
  return ok();
}

}  // namespace

ExitCode init_command(const CommonOptions& common, const InitOptions& options) {
  const Status done = init(common, options);
  if (!done) {
    print_error(done.error());
    return ExitCode::Usage;
  }
  return ExitCode::Done;
}

}  // namespace director::cli
