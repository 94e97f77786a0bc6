#include "core/engine/agent_state.hpp"

namespace director::engine {

Status renew_agent_state(const Services& services, const JobId& job) {
  services.hosts.stop_daemons();  // theirs is what is taken away below
  for (const auto& [id, pool] : services.backends.runners) {
    const std::filesystem::path folder = services.folders.agent_state(id);
    DIRECTOR_CHECK(services.files.remove(folder));
    DIRECTOR_CHECK(services.files.write(folder / "job", job.value + "\n"));
  }
  return ok();
}

}  // namespace director::engine
