#include <cstdio>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/plugin_catalog.hpp"
#include "cli/repository.hpp"
#include "cli/settings_files.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/platform/disk_file_store.hpp"
#include "core/platform/environment.hpp"
#include "core/platform/local_launcher.hpp"
#include "core/platform/system_clock.hpp"
#include "core/plugin/probe.hpp"

namespace director::cli {
namespace {

std::string kinds_of(const plugin::Descriptor& descriptor) {
  std::vector<std::string> names;
  for (const plugin::Kind kind : descriptor.kinds) {
    names.emplace_back(plugin::to_string(kind));
  }
  return text::join(names, ", ");
}

std::string abi_of(const plugin::Descriptor& descriptor) {
  return std::to_string(descriptor.abi_major) + "." + std::to_string(descriptor.abi_minor);
}

/// What it speaks, and in which version.
std::string language_of(const plugin::Entry& entry) {
  return entry.form == plugin::Form::Library
             ? "ABI " + abi_of(*entry.descriptor)
             : "exec protocol " + std::to_string(plugin::exec::kProtocol);
}

std::string as_text(const std::vector<plugin::Entry>& entries, const std::string& searched) {
  if (entries.empty()) {
    return "no plugins found; looked in:\n" + searched + "\n";
  }
  std::string out;
  for (const plugin::Entry& entry : entries) {
    if (entry.descriptor) {
      const plugin::Descriptor& found = *entry.descriptor;
      out += text::printable(found.id) + " " + text::printable(found.version) + "  " +
             kinds_of(found) + ", " + language_of(entry) + ", " +
             std::string(plugin::to_string(entry.state)) + "\n";
      if (!found.summary.empty()) {
        out += "    " + text::printable(found.summary) + "\n";
      }
    } else {
      out += text::printable(entry.path.filename().string()) + "  " +
             std::string(plugin::to_string(entry.state)) + "\n";
    }
    out += "    " + text::printable(entry.path.string()) + " (" +
           std::string(plugin::to_string(entry.source)) + ")\n";
    if (!entry.why.empty()) {
      out += "    " + text::printable(entry.why) + "\n";
    }
  }
  return out;
}

std::string as_json(const std::vector<plugin::Entry>& entries) {
  JsonWriter out(JsonWriter::Style::Pretty);
  out.begin_object().key("plugins").begin_array();
  for (const plugin::Entry& entry : entries) {
    out.begin_object();
    out.member("path", entry.path.string());
    out.member("source", plugin::to_string(entry.source));
    out.member("state", plugin::to_string(entry.state));
    out.member("why", entry.why);
    if (entry.descriptor) {
      const plugin::Descriptor& found = *entry.descriptor;
      out.member("id", found.id);
      out.member("version", found.version);
      out.member("summary", found.summary);
      if (entry.form == plugin::Form::Library) {
        out.member("abi", abi_of(found));
      } else {
        out.member("protocol", plugin::exec::kProtocol);
      }
      out.key("kinds").begin_array();
      for (const plugin::Kind kind : found.kinds) {
        out.value(plugin::to_string(kind));
      }
      out.end_array();
    }
    out.end_object();
  }
  out.end_array().end_object();
  return out.take() + "\n";
}

Result<std::string> list(const CommonOptions& common, bool json) {
  DIRECTOR_TRY(const std::filesystem::path repository, find_repository(common.repo));
  platform::DiskFileStore files;
  platform::SystemClock clock;
  platform::LocalLauncher launcher(clock, platform::Environment::of_this_process());
  // Without a usable configuration its own places are left out; the others are worth listing.
  const Result<config::Loaded> loaded = load_settings(files, repository, common);
  if (!loaded && loaded.error().code() != Errc::NotFound) {
    print_error(loaded.error());
  }
  const config::Plugins configured = loaded ? loaded->settings.plugins : config::Plugins();
  DIRECTOR_TRY(const plugin::Catalog catalog,
               scan_plugins(configured, repository, launcher, clock, files));
  DIRECTOR_TRY(const plugin::SearchPath search, search_path(configured, repository));
  return json ? as_json(catalog.entries()) : as_text(catalog.entries(), plugin::describe(search));
}

}  // namespace

ExitCode plugins_command(const CommonOptions& common, const JsonOption& options) {
  const Result<std::string> shown = list(common, options.json);
  if (!shown) {
    print_error(shown.error());
    return ExitCode::Usage;
  }
  print_text(stdout, *shown);
  return ExitCode::Done;
}

ExitCode probe_plugin_command(const std::string& path) {
  return static_cast<ExitCode>(plugin::answer_probe(path));
}

}  // namespace director::cli
