// Must not link: a plugin does not see the kernel.
#include <string>
#include <string_view>

#include "director/plugin.h"

namespace director {
std::string sha256_hex(std::string_view bytes);
}

extern "C" DIRECTOR_EXPORT const director_plugin* director_plugin_entry(uint32_t, uint32_t) {
  return director::sha256_hex("").empty() ? nullptr : nullptr;
}
