/* plugin.h alone, in C11. */
#include "director/plugin.h"

/* Referenced, so that the declaration is checked as a function of C. */
director_plugin_entry_fn director_abi_test_entry_type(director_plugin_entry_fn entry);
director_plugin_entry_fn director_abi_test_entry_type(director_plugin_entry_fn entry) {
  return entry;
}

_Static_assert(sizeof(director_string) == sizeof(char*) + sizeof(size_t), "director_string");
_Static_assert(DIRECTOR_ABI_MAJOR == 1u, "a new major is a new ABI");

/* Sizes as C sees them, for comparison with C++. */
size_t director_abi_test_c_sizes(size_t which);
size_t director_abi_test_c_sizes(size_t which) {
  const size_t sizes[] = {sizeof(director_plugin),       sizeof(director_host),
                          sizeof(director_gate_request), sizeof(director_run_request),
                          sizeof(director_agent_event),  sizeof(director_vcs),
                          sizeof(director_exec_request), sizeof(director_launch_request)};
  return which < sizeof(sizes) / sizeof(sizes[0]) ? sizes[which] : 0;
}
