#include "director/plugin.hpp"

#include "jsonl_sink.hpp"

using metrics_jsonl::JsonlSink;

DIRECTOR_PLUGIN(JsonlSink, "metrics-jsonl", "0.1.0")
