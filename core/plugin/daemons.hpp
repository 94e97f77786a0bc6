/// The daemons of one host: who has which, and when they end.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "core/plugin/daemon.hpp"

namespace director::plugin {

/// Until when the caller of acquire() waits.
struct DaemonPatience {
  std::optional<ports::SteadyTime> until;
  ports::CancelToken cancel;
};

/// Keeps what is given back for the next call that asks for the same, and ends what nobody can ask
/// for any more: of which a folder was replaced, or that lacks a workspace that there is now. Safe
/// from any thread.
class Daemons {
 public:
  Daemons(ports::ProcessLauncher& launcher, const ports::Clock& clock)
      : launcher_(launcher), clock_(clock) {}
  Daemons(const Daemons&) = delete;
  Daemons& operator=(const Daemons&) = delete;
  ~Daemons() { stop_all(); }

  struct Leased {
    std::shared_ptr<Daemon> daemon;
    std::string ready_line;
    bool fresh = false;     ///< it was started for this lease
    std::uint64_t use = 0;  ///< see Daemon::begin_use; whoever has the lease ends it
  };
  /// Ends in release(), unless it fails. `redactor` covers what the command is handed. Errors:
  /// Conflict if nothing could reach the daemon; those of Daemon::ready(). Blocks.
  [[nodiscard]] Result<Leased> acquire(DaemonRequest request, const Redactor& redactor,
                                       const DaemonPatience& patience);
  /// `stop`: nobody else gets it. Blocks until what it started since it was ready is gone, or, if
  /// it ends now, until that has.
  void release(const std::shared_ptr<Daemon>& daemon, bool stop);

  /// Ends them all, leased or not. Blocks.
  void stop_all();

  /// Whether one that there ever was could write to this folder, or to something in it.
  [[nodiscard]] bool has_served(const std::string& folder) const;

 private:
  using Places = std::set<std::string>;
  struct Entry {
    std::string identity;
    Places places;
    std::shared_ptr<Daemon> daemon;
    int leases = 0;
    bool retired = false;  ///< nobody else gets it
    bool weeding = false;  ///< and meanwhile nobody either
  };
  using Entries = std::list<Entry>;

  [[nodiscard]] std::shared_ptr<Daemon> lease(DaemonRequest request, const Redactor& redactor,
                                              bool& fresh);
  void retire_outdated(const std::string& identity, Entries& ended);
  [[nodiscard]] Entries::iterator find(const std::shared_ptr<Daemon>& daemon);

  ports::ProcessLauncher& launcher_;
  const ports::Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable weeded_;
  Entries entries_;
  std::set<std::string> served_;  ///< real paths of all folders that one could write
};

}  // namespace director::plugin
