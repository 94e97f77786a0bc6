#include "director/plugin.hpp"

#include "memory_vcs.hpp"

DIRECTOR_PLUGIN(director::vcs_memory::MemoryVcs, "vcs-memory", "1.0")
