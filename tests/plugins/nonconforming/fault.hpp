/// Plugins that are right but for one thing. What that is, is the plugin's name.
#pragma once

#include <string>
#include <string_view>

#include "director/plugin.h"

namespace nonconforming {

/// Both in a file that the build writes for each plugin.
extern const char* const kFault;
extern const char* const kId;

inline bool has(std::string_view fault) { return fault == kFault; }

inline std::string_view view(director_string text) { return {text.data, text.size}; }
inline director_string text(std::string_view text) { return {text.data(), text.size()}; }

director_status fail(director_error* error, director_status status, std::string_view why);

/// The faults that any kind of plugin can have while it makes and ends instances, and in a call.
const director_instances* instances();
void misbehave_in_call();

/// From now on what touches memory that is not there ends the process by its signal, also with a
/// sanitizer, which has a handler of its own.
void die_of_signals();

/// `table` for the plugin's kind, whose id is `kind`.
const director_plugin* descriptor(std::uint32_t host_major, const char* kind, const void* table);

/// The host that create was given; what fault keeps-borrowed uses later.
struct Instance {
  std::string config;
  director_string borrowed{};
  int fd = -1;
};

}  // namespace nonconforming
