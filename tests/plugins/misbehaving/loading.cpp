/// A plugin with one fault that shows while it is loaded; which one is a definition FAULT_<name>.
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>

#include "director/plugin.h"

namespace {

#if defined(FAULT_crashes_on_load)
[[gnu::constructor]] void crash() {
  std::signal(SIGSEGV, SIG_DFL);  // a sanitizer has a handler of its own
  std::raise(SIGSEGV);
}
#elif defined(FAULT_hangs_on_load)
[[gnu::constructor]] void hang() {
  for (;;) {
    ::pause();
  }
}
#elif defined(FAULT_exits_on_load)
[[gnu::constructor]] void leave() { ::_exit(0); }
#endif

[[maybe_unused]] const void* nothing(const char*) { return nullptr; }
[[maybe_unused]] const void* everything(const char*) { return "table"; }

[[maybe_unused]] director_plugin descriptor() {
  director_plugin made{};
  made.struct_size = sizeof(director_plugin);
  made.abi_major = DIRECTOR_ABI_MAJOR;
  made.abi_minor = DIRECTOR_ABI_MINOR;
  made.id = "bad-loading";
  made.version = "1.0";
  made.summary = "Has one fault";
  made.get_interface = &everything;
#if defined(FAULT_wrong_major)
  made.abi_major = DIRECTOR_ABI_MAJOR + 1;
  made.struct_size = 16;  // whatever that major's descriptor looks like
#elif defined(FAULT_newer_minor)
  made.min_host_minor = DIRECTOR_ABI_MINOR + 7;
#elif defined(FAULT_short_descriptor)
  made.struct_size = offsetof(director_plugin, get_interface);
#elif defined(FAULT_absurd_descriptor)
  made.struct_size = 0xFFFFFFFF;
#elif defined(FAULT_bad_id)
  made.id = "../evil";
#elif defined(FAULT_bad_schema)
  made.config_schema = "{\"properties\": ";
#elif defined(FAULT_no_version)
  made.version = nullptr;
#elif defined(FAULT_no_get_interface)
  made.get_interface = nullptr;
#elif defined(FAULT_no_known_kind)
  made.get_interface = &nothing;
#endif
  return made;
}

}  // namespace

extern "C" DIRECTOR_EXPORT const director_plugin* director_plugin_entry(uint32_t, uint32_t) {
#if defined(FAULT_throws_in_entry)
  throw 42;
#elif defined(FAULT_returns_null)
  return nullptr;
#else
  static const director_plugin made = descriptor();
  return &made;
#endif
}
