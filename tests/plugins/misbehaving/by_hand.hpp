/// The parts of a plugin whose table is written by hand.
#pragma once

#include <cstring>
#include <string_view>

#include "director/plugin.h"

namespace by_hand {

inline std::string_view view(director_string text) { return {text.data, text.size}; }
inline director_string text(std::string_view text) { return {text.data(), text.size()}; }

inline director_status fail(director_error* error, director_status status, std::string_view why) {
  error->size = why.size();
  std::memcpy(error->text, why.data(), why.size());
  return status;
}

inline director_status create(const director_host*, const director_instance_request*, void** made,
                              director_error*) {
  *made = nullptr;
  return DIRECTOR_OK;
}
inline void destroy(void*) { throw 1; }

inline constexpr director_instances kInstances{sizeof(director_instances), 0, &create, &destroy};

}  // namespace by_hand
