#include "shell_gate.hpp"

#include <utility>

#include "bounded_output.hpp"
#include "json_view.hpp"
#include "text.hpp"

namespace gate_shell {

using director::Errc;
using director::Error;
using director::exec_outcome;
using director::exec_result;
using director::Result;
using director::verdict;

namespace {

constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

/// The output is added by the caller.
verdict judge(const exec_result& ended) {
  switch (ended.outcome) {
    case exec_outcome::exited:
      break;
    case exec_outcome::signaled:
      return verdict::fail("killed by signal " + std::to_string(ended.signal));
    case exec_outcome::timed_out:
      return verdict::fail("timed out after " + std::to_string(ended.wall_ms / 1000) + " s");
    case exec_outcome::stalled:
      return verdict::fail("gave no output for too long");
    case exec_outcome::cancelled:
      return verdict::error("cancelled");
    case exec_outcome::stopped:
      return verdict::error("its output could not be taken");
  }
  if (ended.exit_code == 0) {
    return verdict::pass("exit status 0");
  }
  if (ended.exit_code == kNotExecutable || ended.exit_code == kNotFound) {
    return verdict::error("command not found (exit status " + std::to_string(ended.exit_code) +
                          ")");
  }
  return verdict::fail("exit status " + std::to_string(ended.exit_code));
}

}  // namespace

Result<std::unique_ptr<ShellGate>> ShellGate::create(const director::instance_info& info,
                                                     director::host& /*services*/) {
  auto config = plugin_support::parse_json(info.config_json.empty() ? "{}" : info.config_json);
  if (!config || !config->IsObject()) {
    return Error(Errc::Invalid, "cannot read the configuration of gate-shell: " +
                                    (config ? "not an object" : config.error().message()));
  }
  const std::string shell(
      plugin_support::as_string(plugin_support::member(*config, "shell")).value_or("/bin/sh"));
  const std::int64_t bytes =
      plugin_support::as_integer(plugin_support::member(*config, "output_bytes")).value_or(65536);
  if (shell.empty() || bytes < 1024) {
    return Error(Errc::Invalid,
                 "plugin.gate-shell: shell must not be empty, output_bytes must be 1024 or more");
  }
  return std::make_unique<ShellGate>(shell, static_cast<std::size_t>(bytes));
}

verdict ShellGate::check(const director::gate_request& request, director::host& services) {
  const std::string name(request.name);
  if (plugin_support::trim(request.command).empty()) {
    return verdict::error("gate '" + name + "' has no command");
  }
  director::exec_request command;
  command.argv = {shell_, "-c", std::string(request.command)};
  command.cwd = std::string(request.workdir);
  BoundedOutput output(output_bytes_);
  const auto ended = services.exec_scratch(command, [&](const director::exec_line& line) {
    output.add_line(line.text, line.cut);
    return true;
  });
  if (!ended) {
    return verdict::error("gate '" + name + "': cannot run '" + shell_ +
                          "': " + ended.error().message());
  }
  verdict said = judge(*ended);
  said.summary.insert(0, "`" + std::string(request.command) + "`: ");
  said.detail = output.text();
  said.exit_code = ended->outcome == exec_outcome::exited ? ended->exit_code : -1;
  return said;
}

}  // namespace gate_shell
