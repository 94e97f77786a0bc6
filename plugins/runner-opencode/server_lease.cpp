#include "server_lease.hpp"

#include <map>
#include <mutex>
#include <utility>

namespace runner_opencode {

using director::Errc;
using director::Error;
using director::Result;
using director::Status;

namespace {

constexpr const char* kReady = "opencode server listening on ";
constexpr const char* kPassword = "OPENCODE_SERVER_PASSWORD";

bool has_outgrown(const director::daemon& daemon, std::int64_t most_bytes) {
  if (most_bytes == 0 || daemon.is_fresh()) {
    return false;
  }
  const auto state = daemon.inspect();
  return state && state->memory_bytes > most_bytes;
}

}  // namespace

Result<LeasedServer> lease_server(director::daemon_request request, std::int64_t most_bytes,
                                  const director::host& services) {
  request.ready_prefix = kReady;
  request.secret_variable = kPassword;
  for (bool renewed = false;; renewed = true) {
    DIRECTOR_TRY(director::daemon daemon, director::daemon::acquire(services, request));
    if (!renewed && has_outgrown(daemon, most_bytes)) {
      services.log(director::log_level::info,
                   "opencode's server has grown beyond plugin.runner-opencode.server_memory_mb "
                   "and is renewed");
      DIRECTOR_CHECK(daemon.stop());
      continue;
    }
    DIRECTOR_TRY(ServerAddress address, read_address(daemon.ready_line(), daemon.secret()));
    return LeasedServer{std::move(daemon), std::move(address), false};
  }
}

std::shared_ptr<SharedServer> shared_server(const ServerAddress& address) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<SharedServer>> by_password;
  const std::lock_guard lock(mutex);
  std::erase_if(by_password, [](const auto& known) { return known.second.expired(); });
  std::weak_ptr<SharedServer>& known = by_password[address.password];
  std::shared_ptr<SharedServer> shared = known.lock();
  if (shared == nullptr) {
    shared = std::make_shared<SharedServer>();
    known = shared;
  }
  return shared;
}

struct MissedServers::Missed {
  std::int64_t at_ms = 0;
  std::string why;  ///< empty: none was missed
  std::string said;
};

struct MissedServers::All {
  std::mutex mutex;
  std::map<std::string, Missed> by_home;
};

MissedServers::All& MissedServers::all() {
  static All known;
  return known;
}

std::string MissedServers::why_not(const std::string& home, std::int64_t now_ms) {
  constexpr std::int64_t kAWhileMs = 300'000;
  const std::lock_guard lock(all().mutex);
  const Missed& missed = all().by_home[home];
  const bool is_recent = now_ms >= missed.at_ms && now_ms - missed.at_ms < kAWhileMs;
  return is_recent ? missed.why : "";
}

void MissedServers::note(const std::string& home, std::int64_t now_ms, const std::string& why) {
  const std::lock_guard lock(all().mutex);
  Missed& missed = all().by_home[home];
  missed.at_ms = now_ms;
  missed.why = why;
}

bool MissedServers::is_news(const std::string& home, const std::string& why) {
  const std::lock_guard lock(all().mutex);
  return std::exchange(all().by_home[home].said, why) != why;
}

Status make_known(const SessionApi& api, std::string_view agent) {
  DIRECTOR_TRY(const bool known, api.knows_agent(agent));
  if (known) {
    return director::ok();
  }
  DIRECTOR_TRY(const bool busy, api.is_busy());
  if (busy) {
    return Error(Errc::Conflict, "opencode's server works for another role in this folder");
  }
  DIRECTOR_CHECK(api.dispose_directory());
  DIRECTOR_TRY(const bool known_now, api.knows_agent(agent));
  return known_now ? director::ok()
                   : Status(Error(Errc::External, "opencode's server does not find agent '" +
                                                      std::string(agent) + "'"));
}

}  // namespace runner_opencode
