#include "director/plugin.hpp"

#include "memory_sink.hpp"

using sink_memory::MemorySink;

DIRECTOR_PLUGIN(MemorySink, "sink-memory", "0.1.0")
