#include "director/plugin.hpp"

#include "scripted_runner.hpp"

using runner_scripted::ScriptedRunner;

DIRECTOR_PLUGIN(ScriptedRunner, "runner-scripted", "0.1.0")
