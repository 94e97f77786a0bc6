/// An executable plugin as the port of its kind.
///
/// Each call starts the program anew, so that it stands under the call's own sandbox, deadline and
/// clean-up; docs/adr/0015-exec-bridge.md says more. Whatever keeps a call from one clean answer is
/// an error, never a pass. Making one starts nothing. One thread at a time, as the ports say.
#pragma once

#include <memory>

#include "core/plugin/exec/executable.hpp"
#include "core/ports/backends.hpp"
#include "director/instance.hpp"

namespace director::plugin::exec {

/// What a backend is made with; copied.
struct Making {
  Executable plugin;
  instance_info info;
  Limits limits{};
};

/// Its commands and those it asks for are gates': confined, and apart from each other, so that what
/// a candidate runs cannot speak in the gate's name.
[[nodiscard]] std::unique_ptr<director::gate> make_gate(const Making& making);
/// Its program is confined as an agent is, and what it starts itself is, too.
[[nodiscard]] std::unique_ptr<director::runner> make_runner(const Making& making);
/// Its program may ask agents, and no commands: it is not confined.
[[nodiscard]] std::unique_ptr<director::reviewer> make_reviewer(const Making& making);
/// Its program is not confined. Records are handed over by the batch: 256 of them, a megabyte, or
/// when the first has waited for two seconds and another one comes; and with flush(). A batch that
/// cannot be handed over is lost, and one that ends late is the last one.
[[nodiscard]] std::unique_ptr<director::sink> make_sink(const Making& making);

}  // namespace director::plugin::exec
