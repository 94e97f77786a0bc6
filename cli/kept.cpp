#include "core/engine/kept.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/kept_view.hpp"
#include "cli/loaded_plugins.hpp"
#include "cli/plugin_catalog.hpp"
#include "cli/repository.hpp"
#include "cli/settings_files.hpp"
#include "core/base/text.hpp"
#include "core/platform/disk_file_store.hpp"
#include "core/platform/environment.hpp"
#include "core/platform/local_launcher.hpp"
#include "core/platform/spdlog_log.hpp"
#include "core/platform/system_clock.hpp"

namespace director::cli {
namespace {

using engine::KeptWork;

/// The repository's version control and what it stands on. No lock: refs are moved by
/// compare-and-swap, and a director at work only adds what is kept.
class Repository {
 public:
  explicit Repository(const CommonOptions& common)
      : log_(common.verbose ? ports::LogLevel::Debug : ports::LogLevel::Info) {}

  [[nodiscard]] Result<std::shared_ptr<director::vcs>> open(const CommonOptions& common) {
    DIRECTOR_TRY(const std::filesystem::path repository, find_repository(common.repo));
    DIRECTOR_TRY(config::Loaded loaded, load_settings(files_, repository, common));
    settings_ = std::move(loaded.settings);
    DIRECTOR_TRY(const engine::Folders folders, folders_of(repository));
    platform::LocalLauncher launcher(clock_, platform::Environment::of_this_process());
    DIRECTOR_TRY(plugin::Catalog catalog,
                 scan_plugins(settings_.plugins, repository, launcher, clock_, files_));
    plugins_ =
        std::make_unique<LoadedPlugins>(clock_, log_, std::move(catalog), settings_, folders);
    DIRECTOR_CHECK(plugins_->load(plugin::Kind::Vcs, settings_.plugins.vcs));
    return plugins_->backends().vcs->lease();
  }
  [[nodiscard]] ports::WallTime now() const { return clock_.wall(); }

 private:
  platform::SystemClock clock_;
  platform::DiskFileStore files_;
  platform::SpdlogLog log_;
  config::Settings settings_;
  std::unique_ptr<LoadedPlugins> plugins_;
};

/// By its id, or by "<node>/<attempt>" where only one ends so.
Result<KeptWork> find_kept(const std::vector<KeptWork>& all, const std::string& wanted) {
  const KeptWork* found = nullptr;
  for (const KeptWork& kept : all) {
    if (kept.id == wanted) {
      return kept;
    }
    if (kept.id.ends_with("/" + wanted)) {
      if (found != nullptr) {
        return Error(Errc::Invalid, "'" + wanted + "' may be '" + found->id + "' or '" + kept.id +
                                        "'; give the whole id");
      }
      found = &kept;
    }
  }
  if (found == nullptr) {
    return Error(Errc::NotFound,
                 "nothing is kept as '" + wanted + "'; `director kept` lists what there is");
  }
  return *found;
}

Status list(director::vcs& vcs, const std::vector<KeptWork>& all, bool json, ports::WallTime now) {
  std::vector<KeptLine> lines;
  for (const KeptWork& kept : all) {
    DIRECTOR_TRY(KeptLine line, kept_line(vcs, kept));
    lines.push_back(std::move(line));
  }
  print_text(stdout, json ? kept_json(lines, now) : kept_text(lines, now));
  return ok();
}

Status show(director::vcs& vcs, const KeptWork& kept, bool stat) {
  DIRECTOR_TRY(const std::string text, kept_details(vcs, kept, stat));
  const bool safe = isatty(STDOUT_FILENO) != 1;
  if (safe) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return ok();
  }
  for (const std::string_view line : text::split_lines(text)) {
    std::printf("%s\n", text::printable(line).c_str());
  }
  return ok();
}

Status make_branch(director::vcs& vcs, const KeptWork& kept, const std::string& wanted) {
  const std::string name = wanted.starts_with("director/") ? wanted : "director/" + wanted;
  DIRECTOR_CHECK(vcs.update_ref("refs/heads/" + name, "", kept.commit.value)
                     .context("cannot make branch '" + name + "'"));
  print_text(stdout, "made branch '" + name + "'; git switch " + name + "\n");
  return ok();
}

Result<std::chrono::hours> parse_age(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(end, text.data() + text.size());
  constexpr int kMost = 1'000'000;
  if (error != std::errc() || number < 0 || number > kMost || (unit != "d" && unit != "h")) {
    return Error(Errc::Invalid,
                 "cannot read age '" + text + "': give days or hours, such as 30d or 12h");
  }
  return std::chrono::hours(unit == "d" ? number * 24 : number);
}

Status drop(director::vcs& vcs, const std::vector<KeptWork>& all, const KeptOptions& options,
            ports::WallTime now) {
  if (options.ids.empty() && options.older_than.empty() && !options.all) {
    return Error(Errc::Invalid, "say what to drop: ids, --older-than 30d or --all");
  }
  std::vector<KeptWork> chosen;
  for (const std::string& id : options.ids) {
    DIRECTOR_TRY(KeptWork kept, find_kept(all, id));
    chosen.push_back(std::move(kept));
  }
  if (!options.older_than.empty()) {
    DIRECTOR_TRY(const std::chrono::hours age, parse_age(options.older_than));
    for (const KeptWork& kept : all) {
      if (engine::is_older_than(kept, age, now)) {
        chosen.push_back(kept);
      }
    }
  }
  for (const KeptWork& kept : options.all ? all : chosen) {
    const Status dropped = engine::drop_kept(vcs, kept);
    if (!dropped && dropped.error().code() == Errc::Conflict) {
      continue;  // chosen twice, or somebody else was sooner
    }
    DIRECTOR_CHECK(dropped);
    print_text(stdout, "dropped " + kept.id + " " + kept.commit.value + "\n");
  }
  return ok();
}

Status act(const CommonOptions& common, const KeptOptions& options) {
  Repository repository(common);
  DIRECTOR_TRY(const std::shared_ptr<director::vcs> vcs, repository.open(common));
  DIRECTOR_TRY(const std::vector<KeptWork> all, engine::list_kept(*vcs));
  switch (options.action) {
    case KeptAction::List:
      return list(*vcs, all, options.json, repository.now());
    case KeptAction::Drop:
      return drop(*vcs, all, options, repository.now());
    case KeptAction::Show:
    case KeptAction::Branch:
      break;
  }
  DIRECTOR_TRY(const KeptWork kept, find_kept(all, options.ids.front()));
  return options.action == KeptAction::Show ? show(*vcs, kept, options.stat)
                                            : make_branch(*vcs, kept, options.name);
}

}  // namespace

ExitCode kept_command(const CommonOptions& common, const KeptOptions& options) {
  const Status done = act(common, options);
  if (!done) {
    print_error(done.error());
    return ExitCode::Usage;
  }
  return ExitCode::Done;
}

}  // namespace director::cli
