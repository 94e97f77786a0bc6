#include "core/plugin/prepared_launcher.hpp"

#include <utility>

namespace director::plugin {
namespace {

launch_purpose purpose_of(ports::Purpose purpose) {
  switch (purpose) {
    case ports::Purpose::Agent:
      return launch_purpose::agent;
    case ports::Purpose::Gate:
      return launch_purpose::gate;
    case ports::Purpose::Setup:
      return launch_purpose::setup;
    case ports::Purpose::Tool:
      return launch_purpose::tool;
  }
  return launch_purpose::tool;
}

}  // namespace

Result<ports::Exit> PreparedLauncher::run(const ports::Command& command,
                                          const ports::LineHandler& on_line,
                                          const ports::CancelToken& cancel) {
  const std::vector<std::string> environment = environment_of_(command);
  launch_request request;
  request.purpose = purpose_of(command.purpose);
  request.argv.assign(command.argv.begin(), command.argv.end());
  request.cwd = command.cwd;
  request.env.assign(environment.begin(), environment.end());

  ports::Command prepared = command;
  {
    DIRECTOR_TRY(const std::shared_ptr<director::launcher> launcher, launchers_.lease());
    ports::CallScope scope;
    scope.label = "launcher";
    scope.cancel = cancel;
    scope.deadline = command.deadline;
    const auto host = hosts_.open(std::move(scope));
    DIRECTOR_TRY(launch made, launcher->prepare(request, host->services()));
    prepared.argv = std::move(made.argv);
    for (std::string& variable : made.env) {
      prepared.env_set.push_back(std::move(variable));
    }
  }
  return inner_.run(prepared, on_line, cancel);
}

}  // namespace director::plugin
