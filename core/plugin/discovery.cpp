#include "core/plugin/discovery.hpp"

#include <algorithm>
#include <system_error>

namespace director::plugin {
namespace {

namespace fs = std::filesystem;

struct Place {
  fs::path path;
  Source source;
};

std::vector<Place> places(const SearchPath& search) {
  std::vector<Place> all;
  for (const fs::path& path : search.configured) {
    all.push_back({path, Source::Config});
  }
  const std::string& variable = search.variable;
  for (std::size_t begin = 0; begin < variable.size();) {
    const std::size_t end = std::min(variable.find(':', begin), variable.size());
    if (end > begin) {
      all.push_back({variable.substr(begin, end - begin), Source::Variable});
    }
    begin = end + 1;
  }
  if (!search.user.empty()) {
    all.push_back({search.user, Source::User});
  }
  if (!search.installed.empty()) {
    all.push_back({search.installed, Source::Installed});
  }
  return all;
}

Form form_of(const fs::path& file) {
  return file.extension() == ".plugin" ? Form::Executable : Form::Library;
}

void add_folder(const Place& place, std::vector<Candidate>& found) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(place.path, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() == ".so" || form_of(it->path()) == Form::Executable) {
      files.push_back(it->path());
    }
  }
  if (error) {
    found.push_back({place.path, place.source, "cannot read the folder: " + error.message()});
  }
  std::sort(files.begin(), files.end());
  for (fs::path& file : files) {
    const Form form = form_of(file);
    found.push_back({std::move(file), place.source, "", form});
  }
}

}  // namespace

std::string_view to_string(Source source) {
  switch (source) {
    case Source::Config:
      return "plugins.path";
    case Source::Variable:
      return "DIRECTOR_PLUGIN_PATH";
    case Source::User:
      return "user";
    case Source::Installed:
      return "installed";
  }
  return "installed";
}

std::vector<Candidate> discover(const SearchPath& search) {
  std::vector<Candidate> found;
  for (const Place& place : places(search)) {
    std::error_code error;
    const bool named = place.source == Source::Config || place.source == Source::Variable;
    if (!place.path.is_absolute()) {
      found.push_back({place.path, place.source, "not an absolute path"});
    } else if (fs::is_directory(place.path, error)) {
      add_folder(place, found);
    } else if (place.source == Source::Config && fs::exists(place.path, error)) {
      found.push_back({place.path, place.source, "", form_of(place.path)});
    } else if (named) {
      found.push_back(
          {place.path, place.source,
           place.source == Source::Config ? "no such file or folder" : "no such folder"});
    }
  }
  return found;
}

std::string describe(const SearchPath& search) {
  std::string text;
  for (const Place& place : places(search)) {
    text += (text.empty() ? "" : "\n") + place.path.string() + " (" +
            std::string(to_string(place.source)) + ")";
  }
  return text;
}

}  // namespace director::plugin
