#include "director/plugin.hpp"

#include "scripted_gate.hpp"

using gate_scripted::ScriptedGate;

DIRECTOR_PLUGIN(ScriptedGate, "gate-scripted", "0.1.0")
