/// A plugin that is a program, behind the tables of a library, so that the same checks call it.
#pragma once

#include "core/plugin/descriptor.hpp"
#include "core/plugin/exec/executable.hpp"

namespace director::kit {

/// Whose instances the tables make from now on: a table's functions know nothing else. A process
/// examines one plugin. Not while calls are under way.
void examine_program(plugin::exec::Executable program);

/// The table of a kind, such as `const director_gate*`; null for kinds that no program can be.
[[nodiscard]] const void* program_table(plugin::Kind kind);

}  // namespace director::kit
