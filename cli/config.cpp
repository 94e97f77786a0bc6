#include <cstdio>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/config_report.hpp"
#include "cli/repository.hpp"
#include "cli/settings_files.hpp"
#include "core/base/text.hpp"
#include "core/platform/disk_file_store.hpp"

namespace director::cli {
namespace {

Result<std::string> show(const CommonOptions& common, const ConfigOptions& options) {
  DIRECTOR_TRY(const std::filesystem::path repository, find_repository(common.repo));
  platform::DiskFileStore files;
  DIRECTOR_TRY(const config::Loaded loaded, load_settings(files, repository, common));
  DIRECTOR_TRY(const std::vector<config::Item> items, items_below(loaded.items, options.prefix));
  if (!options.json) {
    for (const std::string& warning : loaded.warnings) {
      print_text(stderr, "director: warning: " + text::printable(warning) + "\n");
    }
    return config_text(items);
  }
  const std::string profile =
      common.profile ? profile_file(repository, *common.profile).string() : "";
  return config_json(items, loaded.warnings, profile);
}

}  // namespace

ExitCode config_command(const CommonOptions& common, const ConfigOptions& options) {
  const Result<std::string> shown = show(common, options);
  if (!shown) {
    print_error(shown.error());
    return ExitCode::Usage;
  }
  print_text(stdout, *shown);
  return ExitCode::Done;
}

}  // namespace director::cli
