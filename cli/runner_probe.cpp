#include "cli/runner_probe.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace director::cli {

Result<std::string> probe_runner(ports::Pool<director::runner>& pool, const std::string& id,
                                 const engine::Folders& folders, ports::HostServices& hosts,
                                 const ports::Clock& clock, const ports::CancelToken& cancel) {
  constexpr std::chrono::seconds kPatience{120};
  DIRECTOR_TRY(const std::shared_ptr<director::runner> runner, pool.lease());
  ports::CallScope scope;
  scope.label = id;
  scope.purpose = ports::Purpose::Agent;
  scope.cancel = cancel;
  scope.writable = {folders.agent_state(id).string()};
  scope.deadline = clock.now() + kPatience;
  const std::unique_ptr<ports::CallHost> host = hosts.open(std::move(scope));
  return runner->probe(host->services());
}

}  // namespace director::cli
