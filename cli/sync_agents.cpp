#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/repository.hpp"
#include "cli/role_prompts.hpp"
#include "core/platform/disk_file_store.hpp"
#include "core/platform/paths.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;

/// Copies a file where there is none; says what it did.
Status seed(ports::FileStore& files, const fs::path& from, const fs::path& to,
            const fs::path& root) {
  const std::string shown = to.lexically_relative(root).string();
  std::error_code error;
  if (fs::exists(to, error)) {
    print_text(stdout, "kept     " + shown + "\n");
    return ok();
  }
  DIRECTOR_TRY(const std::string bytes, files.read(from));
  DIRECTOR_CHECK(files.write(to, bytes));
  print_text(stdout, "wrote    " + shown + "\n");
  return ok();
}

Status sync(const CommonOptions& common) {
  DIRECTOR_TRY(const fs::path repository, find_repository(common.repo));
  DIRECTOR_TRY(const platform::Installation installation, platform::find_installation());
  platform::DiskFileStore files;
  const engine::Folders folders{repository, repository / ".director", {}};
  DIRECTOR_CHECK(make_state_folder(files, folders));
  DIRECTOR_CHECK(seed(files, installation.agents / "config.example.toml",
                      folders.state / "config.toml", repository));
  const bool configured =
      fs::exists(repository / "opencode.jsonc") || fs::exists(repository / "opencode.json");
  if (!configured) {
    DIRECTOR_CHECK(seed(files, installation.agents / "opencode.example.json",
                        repository / "opencode.json", repository));
  }
  for (const char* agent : kAgents) {
    const std::string name = std::string(agent) + ".md";
    DIRECTOR_CHECK(
        seed(files, installation.agents / name, own_agents(repository) / name, repository));
  }
  std::printf(
      "\nNext: name your models in .director/config.toml, then `director plan \"<task>\"`.\n");
  return ok();
}

}  // namespace

ExitCode sync_agents_command(const CommonOptions& common) {
  const Status done = sync(common);
  if (!done) {
    print_error(done.error());
    return ExitCode::Usage;
  }
  return ExitCode::Done;
}

}  // namespace director::cli
