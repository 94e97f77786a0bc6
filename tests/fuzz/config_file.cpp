// A configuration file; its first line also serves as an override.
#include <cstdint>
#include <string>

#include "core/base/json.hpp"
#include "core/config/load.hpp"
#include "core/config/schema.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace director;
  const std::string text(reinterpret_cast<const char*>(data), size);
  config::Sources sources;
  sources.repository = config::SourceFile{"config.toml", text};
  const auto loaded = config::load(sources);
  if (loaded) {
    DIRECTOR_ASSERT(loaded->settings.tiers.size() == config::kRoles.size(), "a tier is missing");
    for (const auto& [id, table] : loaded->settings.plugin_tables) {
      DIRECTOR_ASSERT(parse_json(table.json).has_value(), "a plugin's table is no JSON");
      (void)config::check_plugin_config(table, text, id);
    }
  } else {
    DIRECTOR_ASSERT(!loaded.error().message().empty(), "an error without words");
  }
  sources.overrides = {text.substr(0, text.find('\n'))};
  (void)config::load(sources);
  return 0;
}
