// A launcher that has each command of agents, gates and preparations started by a script of the
// user's, ~/wrap.sh, with what the command is for in WRAPPED.
#include "director/plugin.hpp"

namespace {

struct Wrapping final : director::launcher {
  director::Result<director::launch> prepare(const director::launch_request& request,
                                             director::host& /*services*/) override {
    director::launch made;
    if (request.purpose != director::launch_purpose::tool) {
      made.argv = {"/bin/sh", "-c", ". \"$HOME/wrap.sh\"; exec \"$@\"", "sh"};
    }
    made.argv.insert(made.argv.end(), request.argv.begin(), request.argv.end());
    made.env = {"WRAPPED=" + std::to_string(static_cast<int>(request.purpose))};
    return made;
  }
};

}  // namespace

DIRECTOR_PLUGIN(Wrapping, "launcher-wrapping", "1.0")
