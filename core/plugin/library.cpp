#define BOOST_DLL_USE_STD_FS
#include "core/plugin/library.hpp"

#include <boost/dll/shared_library.hpp>
#include <map>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

namespace director::plugin {
namespace {

namespace fs = std::filesystem;
namespace dll = boost::dll;

/// What the loader said, without the wrapping of who passed it on.
std::string reason(std::string_view text) {
  constexpr std::string_view kMark = "dlerror system message: ";
  const std::size_t begin = text.find(kMark);
  if (begin == std::string_view::npos) {
    return std::string(text);
  }
  text.remove_prefix(begin + kMark.size());
  return std::string(text.substr(0, text.rfind(')')));
}

/// Never destroyed, so that nothing is unloaded on the way out either. A refused library keeps its
/// handle as well: its initialisers may have left threads or handlers.
struct Registry {
  std::mutex mutex;
  std::vector<std::unique_ptr<dll::shared_library>> handles;
  std::map<fs::path, std::unique_ptr<Library>> libraries;
};
Registry& registry() {
  static auto* all = new Registry;
  return *all;
}

/// A gate that says it is a reviewer, too, would be called as one.
Status check_tables(const director_plugin& raw, const Descriptor& known) {
  std::map<const void*, Kind> tables;
  for (const Kind kind : known.kinds) {
    const auto [found, is_new] = tables.emplace(raw.get_interface(interface_id(kind)), kind);
    if (!is_new) {
      return Error(Errc::Internal, "plugin '" + known.id + "' has one table for two kinds, " +
                                       std::string(to_string(found->second)) + " and " +
                                       std::string(to_string(kind)) +
                                       "; this is a bug of that plugin");
    }
  }
  return ok();
}

/// With the registry's mutex held.
Result<std::unique_ptr<Library>> load(const fs::path& path) {
  const std::string name = path.filename().string();
  try {
    const dll::shared_library& handle =
        *registry().handles.emplace_back(std::make_unique<dll::shared_library>(
            path, dll::load_mode::rtld_now | dll::load_mode::rtld_local));
    if (!handle.has("director_plugin_entry")) {
      return Error(Errc::Invalid,
                   "plugin '" + name + "' exports no director_plugin_entry; is it a plugin?");
    }
    using Entry = const director_plugin*(std::uint32_t, std::uint32_t);
    const auto& entry = handle.get<Entry>("director_plugin_entry");
    const director_plugin* raw = entry(DIRECTOR_ABI_MAJOR, DIRECTOR_ABI_MINOR);
    DIRECTOR_TRY(Descriptor descriptor, negotiate(raw, name));
    DIRECTOR_CHECK(check_tables(*raw, descriptor));
    return std::make_unique<Library>(raw, std::move(descriptor), path);
  } catch (const std::system_error& error) {
    return Error(Errc::Invalid, "cannot load plugin '" + name + "': " + reason(error.what()));
  } catch (const std::exception& error) {
    return Error(Errc::Internal, "plugin '" + name + "' threw while loading: " + error.what() +
                                     "; this is a bug of that plugin");
  } catch (...) {
    return Error(Errc::Internal,
                 "plugin '" + name + "' threw while loading; this is a bug of that plugin");
  }
}

}  // namespace

const void* Library::interface(Kind kind) const { return interface(interface_id(kind)); }

const void* Library::interface(const char* id) const {
  const std::lock_guard lock(control_);
  try {
    return raw_->get_interface(id);
  } catch (...) {
    return nullptr;
  }
}

Result<const Library*> open_library(const fs::path& path) {
  std::error_code error;
  const fs::path canonical = fs::canonical(path, error);
  if (error) {
    return Error(Errc::NotFound, "cannot load plugin '" + path.string() + "': no such file");
  }
  const std::lock_guard lock(registry().mutex);
  if (const auto found = registry().libraries.find(canonical);
      found != registry().libraries.end()) {
    return found->second.get();
  }
  DIRECTOR_TRY(std::unique_ptr<Library> library, load(canonical));
  return registry().libraries.emplace(canonical, std::move(library)).first->second.get();
}

}  // namespace director::plugin
