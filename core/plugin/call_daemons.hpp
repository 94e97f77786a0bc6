/// The daemons that one call has.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/plugin/daemons.hpp"
#include "core/ports/host_services.hpp"
#include "director/plugin.h"
#include "director/result.hpp"

namespace director::plugin {

/// The daemon service behind its fence. What it is made with outlives it. Safe from any thread.
class CallDaemons {
 public:
  CallDaemons(Daemons& daemons, const ports::Clock& clock, const ports::CallScope& scope)
      : daemons_(daemons), clock_(clock), scope_(scope) {}
  CallDaemons(const CallDaemons&) = delete;
  CallDaemons& operator=(const CallDaemons&) = delete;
  /// Stops what the call did not give back.
  ~CallDaemons();

  /// `command`: with the circumstances of the call. `redactor` covers what it is handed. Returns
  /// the daemon's secret.
  [[nodiscard]] Result<std::string> acquire(ports::Command command,
                                            const director_daemon_request& request,
                                            const Redactor& redactor, director_daemon_lease& lease,
                                            const director_text_sink* ready_line,
                                            const director_text_sink* secret);
  [[nodiscard]] Status inspect(std::uint64_t lease, director_daemon_state& state,
                               const director_text_sink* last_words);
  [[nodiscard]] Status release(std::uint64_t lease, director_daemon_end end);
  /// Its share of what they did while it had them.
  [[nodiscard]] ports::Usage usage() const;
  /// The first limit of resources that one of them ran into; empty: none.
  [[nodiscard]] std::string limit() const;

 private:
  struct Lease {
    std::shared_ptr<Daemon> daemon;
    std::uint64_t use = 0;
  };

  /// Empty: there is no such lease.
  [[nodiscard]] Lease find(std::uint64_t lease) const;
  void note_limit(const Daemon& daemon);

  Daemons& daemons_;
  const ports::Clock& clock_;
  const ports::CallScope& scope_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Lease> leases_;
  std::uint64_t last_ = 0;
  ports::Usage usage_;  ///< of leases that have ended
  std::string limit_;
};

}  // namespace director::plugin
