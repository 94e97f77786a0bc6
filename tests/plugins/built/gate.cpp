/// A small gate in C++: its command's exit status is the verdict. Built in many ways.
#include <string>

#include "director/plugin.hpp"

namespace {

/// Printable ASCII of what a command said, for hosts and headers of any age.
std::string readable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c >= ' ' && c <= '~' ? c : '?';
  }
  return out;
}

struct built_gate final : director::gate {
  static constexpr const char* summary = "judges by exit status";

  director::verdict check(const director::gate_request& request, director::host& host) override {
    // A service that no host has yet: one does without.
    if (host.raw()->get_service(host.raw(), "director.host.not-yet/9") != nullptr) {
      return director::verdict::error("the host has what nobody has");
    }
    director::exec_request command;
    command.argv = {"/bin/sh", "-c", std::string(request.command)};
    command.cwd = std::string(request.workdir);
    std::string last;
    const auto ended = host.exec(command, [&](const director::exec_line& line) {
      last = readable(line.text.substr(0, 1000));
      return true;
    });
    if (!ended) {
      return director::verdict::error("cannot run the command: " + ended.error().message());
    }
    if (ended->outcome != director::exec_outcome::exited || ended->exit_code == 127) {
      return director::verdict::error("the command came to no exit status");
    }
    director::verdict said = ended->exit_code == 0
                                 ? director::verdict::pass("exit status 0", last)
                                 : director::verdict::fail("the command says no", last);
    said.exit_code = ended->exit_code;
    return said;
  }
};

}  // namespace

DIRECTOR_PLUGIN(built_gate, PLUGIN_ID, "1.0")
