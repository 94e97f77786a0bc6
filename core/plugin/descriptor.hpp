/// What a plugin says about itself, checked and copied.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "director/plugin.h"
#include "director/result.hpp"

namespace director::plugin {

enum class Kind : std::uint8_t { Runner, Vcs, Gate, Reviewer, Sink, Launcher };
inline constexpr std::array kKinds{Kind::Runner,   Kind::Vcs,  Kind::Gate,
                                   Kind::Reviewer, Kind::Sink, Kind::Launcher};

/// "runner", "vcs", ...
[[nodiscard]] std::string_view to_string(Kind kind);
/// "director.runner/1", ...
[[nodiscard]] const char* interface_id(Kind kind);

/// [a-z0-9-]+, at most 64 characters.
[[nodiscard]] bool is_id(std::string_view id);

struct Descriptor {
  std::string id;
  std::string version;
  std::string summary;
  std::optional<std::string> config_schema;  ///< JSON Schema
  std::uint32_t abi_major = 0;
  std::uint32_t abi_minor = 0;
  std::vector<Kind> kinds;  ///< at least one
};

/// Checks a descriptor against this host; reads only what its struct_size covers. `name`: what the
/// library is called in messages until its id is known. Calls get_interface. Errors: Conflict where
/// the versions do not fit, saying both; Internal where the plugin breaks the ABI's rules.
[[nodiscard]] Result<Descriptor> negotiate(const director_plugin* raw, std::string_view name);

[[nodiscard]] std::string to_json(const Descriptor& descriptor);
[[nodiscard]] Result<Descriptor> parse_descriptor(std::string_view json);

}  // namespace director::plugin
