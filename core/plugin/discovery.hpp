/// Where plugins are looked for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace director::plugin {

enum class Source : std::uint8_t { Config, Variable, User, Installed };

/// "plugins.path", "DIRECTOR_PLUGIN_PATH", "user", "installed"
[[nodiscard]] std::string_view to_string(Source source);

/// The places, first in order first. Never the current folder or a repository by themselves.
struct SearchPath {
  std::vector<std::filesystem::path> configured;  ///< plugins.path: folders or files, absolute
  std::string variable;                           ///< DIRECTOR_PLUGIN_PATH: folders, ':' between
  std::filesystem::path user;                     ///< the user's plugin folder; may not exist
  std::filesystem::path installed;                ///< beside the program; may not exist
};

enum class Form : std::uint8_t {
  Library,    ///< a shared library, loaded into this process
  Executable  ///< *.plugin: a program that is started for each call
};

struct Candidate {
  std::filesystem::path path;
  Source source = Source::Installed;
  std::string problem{};  ///< set if there is nothing to load here, though somebody named it
  Form form = Form::Library;
};

/// Every *.so and *.plugin of every place, by name within a folder. Looks at names only: no program
/// is started as a plugin that is not called one.
[[nodiscard]] std::vector<Candidate> discover(const SearchPath& search);

/// The places as a person reads them, one a line.
[[nodiscard]] std::string describe(const SearchPath& search);

}  // namespace director::plugin
