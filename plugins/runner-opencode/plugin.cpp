#include "director/plugin.hpp"

#include "opencode_runner.hpp"

using runner_opencode::OpencodeRunner;

DIRECTOR_PLUGIN(OpencodeRunner, "runner-opencode", "0.1.0")
