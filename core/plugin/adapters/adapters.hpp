/// A loaded plugin as the port of its kind: the way back from what the SDK's tables do.
///
/// What a plugin answers is checked: a status without text, a value that the ABI does not have, a
/// null string, a verdict given twice or not at all is Internal and named as that plugin's bug. It
/// is never a pass. One thread at a time, as the ports say.
#pragma once

#include <memory>

#include "core/plugin/library.hpp"
#include "core/ports/backends.hpp"
#include "core/ports/host_services.hpp"
#include "director/instance.hpp"
#include "director/result.hpp"

namespace director::plugin {

/// What an instance is made with, and the host it sees while it is made; a vcs keeps that host, as
/// its functions are handed none.
struct Making {
  const Library& library;
  const instance_info& info;
  ports::HostServices& hosts;
  const ports::CallScope& scope;
};

[[nodiscard]] Result<std::unique_ptr<director::runner>> make_runner(const Making& making);
[[nodiscard]] Result<std::unique_ptr<director::vcs>> make_vcs(const Making& making);
[[nodiscard]] Result<std::unique_ptr<director::gate>> make_gate(const Making& making);
[[nodiscard]] Result<std::unique_ptr<director::reviewer>> make_reviewer(const Making& making);
[[nodiscard]] Result<std::unique_ptr<director::sink>> make_sink(const Making& making);
[[nodiscard]] Result<std::unique_ptr<director::launcher>> make_launcher(const Making& making);

}  // namespace director::plugin
