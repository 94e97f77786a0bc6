#include "director/plugin.hpp"

#include "shell_gate.hpp"

using gate_shell::ShellGate;

DIRECTOR_PLUGIN(ShellGate, "gate-shell", "0.1.0")
