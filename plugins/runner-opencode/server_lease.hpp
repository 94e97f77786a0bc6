/// OpenCode's server for a call: a warm one, or one that is started.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "director/daemon.hpp"
#include "director/result.hpp"
#include "http_client.hpp"
#include "session_api.hpp"

namespace runner_opencode {

struct LeasedServer {
  director::daemon daemon;
  ServerAddress address;
  bool is_private = false;  ///< no other call has it meanwhile
};

/// A server as the calls of this process have it together.
struct SharedServer {
  /// One of them cannot end its session there. They are all to leave it, since the host ends it
  /// with the last lease.
  std::atomic<bool> is_given_up = false;
};

/// One for all who hold it of that server now. Safe from any thread.
[[nodiscard]] std::shared_ptr<SharedServer> shared_server(const ServerAddress& address);

/// How long one request to a server may take.
inline constexpr std::chrono::milliseconds kRequestLimit{60'000};

/// `request`: the command of `opencode serve` with its environment; what tells it when it is ready
/// and where its password goes is added here. One of more than `most_bytes` (0: any number) in
/// memory is stopped and another one started. Errors: those of daemon::acquire; External if it does
/// not say where it listens. Blocks.
[[nodiscard]] director::Result<LeasedServer> lease_server(director::daemon_request request,
                                                          std::int64_t most_bytes,
                                                          const director::host& services);

/// That no server could be had, as this process knows it of `home`, the folder of runners that come
/// and go. Times: since 1970. Safe from any thread.
class MissedServers {
 public:
  /// Why none is to be tried now; empty: one is.
  [[nodiscard]] static std::string why_not(const std::string& home, std::int64_t now_ms);
  /// None is tried for five minutes: what does not start, or answer, takes all its time to say so.
  static void note(const std::string& home, std::int64_t now_ms, const std::string& why);
  /// Whether that was not what was said last.
  [[nodiscard]] static bool is_news(const std::string& home, const std::string& why);

 private:
  struct Missed;
  struct All;
  [[nodiscard]] static All& all();
};

/// Has the server know an agent that was configured after it had opened the directory. Errors:
/// Conflict if it works on something else there meanwhile; those of SessionApi.
[[nodiscard]] director::Status make_known(const SessionApi& api, std::string_view agent);

}  // namespace runner_opencode
