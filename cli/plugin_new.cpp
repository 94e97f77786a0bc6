#include "cli/plugin_new.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/base/text.hpp"
#include "core/platform/disk_file_store.hpp"
#include "core/plugin/descriptor.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLanguages[] = {"c", "cpp", "python", "sh"};

bool is_program(std::string_view language) { return language == "python" || language == "sh"; }

std::string_view speaking(std::string_view language) {
  return language == "c" ? "C" : language == "cpp" ? "C++" : language == "sh" ? "shell" : "Python";
}

/// The folders whose files make up the project; later ones replace files of earlier ones.
std::vector<fs::path> layers(const PluginNewOptions& options, const fs::path& templates) {
  return {templates / "common" / options.language, templates / options.kind / "common",
          templates / options.kind / options.language};
}

Status check_language(const PluginNewOptions& options, const fs::path& templates) {
  std::error_code error;
  if (!fs::is_directory(templates / options.kind, error)) {
    return Error(Errc::NotFound, "cannot find the templates in '" + templates.string() +
                                     "': they belong to the installation of director");
  }
  if (fs::is_directory(templates / options.kind / options.language, error)) {
    return ok();
  }
  std::vector<std::string> offered;
  for (const char* language : kLanguages) {
    if (fs::is_directory(templates / options.kind / language, error)) {
      offered.emplace_back(std::string("--lang ") + language);
    }
  }
  const std::string what =
      "cannot write a " + options.kind + " in " + std::string(speaking(options.language)) + ": ";
  return Error(Errc::Invalid,
               (is_program(options.language)
                    ? what + "a program can be a runner, gate, reviewer or sink, and a " +
                          options.kind + " is a library; use "
                    : what + "there is no template; use ") +
                   text::join(offered, " or "));
}

Status check_folder(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (fs::exists(status) && !fs::is_directory(status)) {
    return Error(Errc::Conflict, "cannot write into '" + folder.string() +
                                     "': it is no folder; name one that is not there yet");
  }
  if (fs::exists(status) && !fs::is_empty(folder, error)) {
    return Error(Errc::Conflict,
                 "cannot write into '" + folder.string() +
                     "': it is not empty, and nothing is overwritten; name a folder "
                     "that is not there yet");
  }
  fs::create_directories(folder, error);
  return error ? Status(
                     Error(Errc::Io, "cannot create '" + folder.string() + "': " + error.message()))
               : ok();
}

/// Where a file of a layer goes: NAME in its name is the plugin's.
fs::path place_of(const fs::path& file, const fs::path& layer, const PluginNewOptions& options) {
  const fs::path inner = file.lexically_relative(layer);
  const std::string name = inner.filename().string();
  return fs::absolute(options.folder) / inner.parent_path() /
         (name.starts_with("NAME.") ? options.name + name.substr(4) : name);
}

Status copy_layer(const fs::path& layer, const PluginNewOptions& options, std::string_view config,
                  ports::FileStore& files) {
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(layer, error);
       at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (!at->is_regular_file(error)) {
      continue;
    }
    const fs::path to = place_of(at->path(), layer, options);
    DIRECTOR_TRY(std::string text, files.read(at->path()));
    DIRECTOR_CHECK(files.write(to, fill_in(std::move(text), options, config)));
    const bool runs = to.extension() == ".plugin";
    // Not writable by others, whatever the umask: director would refuse to start it.
    fs::permissions(to, fs::perms(runs ? 0755 : 0644), error);
    if (error) {
      return Error(Errc::Io, "cannot write '" + to.string() + "': " + error.message());
    }
  }
  return ok();
}

std::string next_steps(const PluginNewOptions& options, const fs::path& prefix,
                       const std::string& config) {
  const std::string& name = options.name;
  const bool program = is_program(options.language);
  const std::string source = program ? name + ".plugin" : options.kind + "." + options.language;
  const std::string made = program ? name + ".plugin" : "build/" + name + ".so";
  std::string out = "Wrote " + name + ", a " + options.kind + " in " +
                    std::string(speaking(options.language)) + ". Begin with " +
                    (fs::path(options.folder) / source).string() + ". Next:\n\n  cd " +
                    options.folder + "\n";
  if (!program) {
    const bool known = prefix == "/usr" || prefix == "/usr/local";
    out += "  cmake -S . -B build" +
           (known ? std::string() : " -DCMAKE_PREFIX_PATH=" + prefix.string()) +
           "\n  cmake --build build\n";
  }
  out += "  director plugin check " + std::string(program ? "--exec ./" : "") + made +
         " --config kit.toml --strict\n  mkdir -p ~/.local/share/director/plugins\n  cp " + made +
         " ~/.local/share/director/plugins/\n\nand then, in the repository's "
         ".director/config.toml:\n\n";
  for (std::string_view rest = config; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    out += (line.empty() ? "" : "  " + std::string(line)) + "\n";
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  return out;
}

}  // namespace

Status check_plugin_name(std::string_view name) {
  const auto refused = [name](const std::string& why) {
    return Status(Error(Errc::Invalid, "cannot call a plugin '" + std::string(name) + "': " + why));
  };
  if (!plugin::is_id(name) || name.front() < 'a' || name.front() > 'z' || name.back() == '-') {
    return refused(
        "use a-z, 0-9 and '-', a letter first and no '-' last, at most 64 characters, such as "
        "my-gate");
  }
  // Targets of CMake's own.
  for (const char* target : {"all", "clean", "help", "install", "package", "test"}) {
    if (name == target) {
      return refused("CMake has that name for itself; use another, such as my-" +
                     std::string(name));
    }
  }
  for (const char* bundled :
       {"runner-opencode", "vcs-git", "gate-shell", "review-llm", "metrics-jsonl"}) {
    if (name == bundled) {
      return refused("director brings a plugin of that name; use another");
    }
  }
  return ok();
}

std::string fill_in(std::string text, const PluginNewOptions& options, std::string_view config) {
  const std::pair<std::string_view, std::string_view> places[] = {
      {"@CONFIG@", config}, {"@NAME@", options.name}, {"@KIND@", options.kind}};
  for (const auto& [place, value] : places) {
    for (std::size_t at = 0; (at = text.find(place, at)) != std::string::npos;) {
      text.replace(at, place.size(), value);
      at += value.size();
    }
  }
  return text;
}

Result<std::string> write_new_plugin(PluginNewOptions options,
                                     const platform::Installation& installation) {
  if (options.language.empty()) {
    // A program, unless it has to be a library.
    options.language = options.kind == "vcs" || options.kind == "launcher" ? "cpp" : "python";
  }
  DIRECTOR_CHECK(check_plugin_name(options.name));
  DIRECTOR_CHECK(check_language(options, installation.templates));
  DIRECTOR_CHECK(check_folder(options.folder));
  platform::DiskFileStore files;
  std::string config;
  for (const fs::path& layer : layers(options, installation.templates)) {
    if (Result<std::string> found = files.read(layer / "config.toml"); found) {
      config = fill_in(*std::move(found), options, "");
    }
  }
  for (const fs::path& layer : layers(options, installation.templates)) {
    DIRECTOR_CHECK(copy_layer(layer, options, text::trim(config), files));
  }
  return next_steps(options, installation.program.parent_path().parent_path(), config);
}

ExitCode plugin_new_command(const PluginNewOptions& options) {
  const Result<platform::Installation> installation = platform::find_installation();
  const Result<std::string> next = installation ? write_new_plugin(options, *installation)
                                                : Result<std::string>(installation.error());
  if (!next) {
    print_error(next.error());
    return ExitCode::Usage;
  }
  print_text(stdout, *next);
  return ExitCode::Done;
}

}  // namespace director::cli
