/// Commands that go on from call to call, as a plugin written in C++ uses them. Since ABI 1.1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "director/host.hpp"

namespace director {

/// See director_daemon_request: the same fields, owned.
struct daemon_request {
  std::vector<std::string> argv;
  std::string cwd;                   ///< absolute
  std::vector<std::string> env_set;  ///< "NAME=value"
  std::vector<std::string> env_unset;
  std::vector<std::string> writable;  ///< empty: all that commands of the call may write
  bool every_workspace = false;
  std::string secret_variable;
  std::string ready_prefix;
  std::int64_t start_timeout_ms = 0;  ///< 0: the call's own deadline
  bool every_workspace_read = false;
};

struct daemon_state {
  bool alive = false;
  std::int64_t memory_bytes = -1;  ///< -1: not known
  std::string last_words;          ///< of one that has ended
};

/// The lease of a daemon, valid as long as the call. Ends with keep() or stop(); else it is stopped
/// when this is destroyed. Safe from any thread, but for its end.
class daemon {
 public:
  daemon(const daemon&) = delete;
  daemon& operator=(const daemon&) = delete;
  daemon(daemon&& from) noexcept
      : host_(from.host_),
        table_(std::exchange(from.table_, nullptr)),
        lease_(from.lease_),
        ready_line_(std::move(from.ready_line_)),
        secret_(std::move(from.secret_)) {}
  daemon& operator=(daemon&&) = delete;
  ~daemon() { (void)end(DIRECTOR_DAEMON_STOP); }

  /// Whether this host has daemons at all.
  [[nodiscard]] static bool is_offered(const host& services) {
    return table_of(services) != nullptr;
  }

  /// See director_daemon_service::acquire. Conflict also if this host has none.
  [[nodiscard]] static Result<daemon> acquire(const host& services, const daemon_request& request) {
    const director_daemon_service* table = table_of(services);
    if (table == nullptr) {
      return Error(Errc::Conflict, "this host has no service '" DIRECTOR_SERVICE_DAEMON "'");
    }
    const std::vector<director_string> argv = borrow_all(request.argv);
    const std::vector<director_string> set = borrow_all(request.env_set);
    const std::vector<director_string> unset = borrow_all(request.env_unset);
    const std::vector<director_string> writable = borrow_all(request.writable);
    director_daemon_request raw{};
    raw.struct_size = sizeof(director_daemon_request);
    raw.flags =
        (request.every_workspace ? unsigned{DIRECTOR_DAEMON_EVERY_WORKSPACE} : 0U) |
        (request.every_workspace_read ? unsigned{DIRECTOR_DAEMON_EVERY_WORKSPACE_READ} : 0U);
    raw.argv = argv.data();
    raw.argv_count = argv.size();
    raw.cwd = borrow(request.cwd);
    raw.env_set = set.data();
    raw.env_set_count = set.size();
    raw.env_unset = unset.data();
    raw.env_unset_count = unset.size();
    raw.writable = writable.data();
    raw.writable_count = writable.size();
    raw.secret_variable = borrow(request.secret_variable);
    raw.ready_prefix = borrow(request.ready_prefix);
    raw.start_timeout_ms = request.start_timeout_ms;
    daemon made(services, table);
    made.lease_.struct_size = sizeof(director_daemon_lease);
    const director_text_sink line = sink_into(made.ready_line_);
    const director_text_sink secret = sink_into(made.secret_);
    ErrorBuffer error;
    const director_status status =
        table->acquire(services.raw(), &raw, &made.lease_, &line, &secret, error.raw());
    if (status != DIRECTOR_OK) {
      made.table_ = nullptr;
      return Error(to_errc(status), std::string(error.text()));
    }
    return made;
  }

  [[nodiscard]] const std::string& ready_line() const { return ready_line_; }
  /// Of secret_variable.
  [[nodiscard]] const std::string& secret() const { return secret_; }
  /// This call started it.
  [[nodiscard]] bool is_fresh() const { return (lease_.flags & DIRECTOR_DAEMON_FRESH) != 0; }

  [[nodiscard]] Result<daemon_state> inspect() const {
    director_daemon_state state{sizeof(director_daemon_state), 0, -1};
    daemon_state seen;
    const director_text_sink words = sink_into(seen.last_words);
    ErrorBuffer error;
    const director_status status =
        table_->inspect(host_.raw(), lease_.id, &state, &words, error.raw());
    if (status != DIRECTOR_OK) {
      return Error(to_errc(status), std::string(error.text()));
    }
    seen.alive = state.alive != 0;
    seen.memory_bytes = state.memory_bytes;
    return seen;
  }

  /// Gives it back for the next call.
  [[nodiscard]] Status keep() { return end(DIRECTOR_DAEMON_KEEP); }
  /// Gives it back as one that nobody else is to have.
  [[nodiscard]] Status stop() { return end(DIRECTOR_DAEMON_STOP); }

 private:
  daemon(const host& services, const director_daemon_service* table)
      : host_(services), table_(table) {}

  static const director_daemon_service* table_of(const host& services) {
    return static_cast<const director_daemon_service*>(
        services.raw()->get_service(services.raw(), DIRECTOR_SERVICE_DAEMON));
  }

  Status end(director_daemon_end how) {
    if (table_ == nullptr) {
      return ok();
    }
    ErrorBuffer error;
    const director_status status =
        std::exchange(table_, nullptr)->release(host_.raw(), lease_.id, how, error.raw());
    return status == DIRECTOR_OK ? ok() : Status(Error(to_errc(status), std::string(error.text())));
  }

  host host_;
  const director_daemon_service* table_;  ///< nullptr: the lease has ended
  director_daemon_lease lease_{};
  std::string ready_line_;
  std::string secret_;
};

/// Adds a line to the call's transcript. Conflict: this host keeps none that a plugin writes.
[[nodiscard]] inline Status write_transcript(const host& services, std::string_view line) {
  const auto* table = static_cast<const director_transcript_service*>(
      services.raw()->get_service(services.raw(), DIRECTOR_SERVICE_TRANSCRIPT));
  if (table == nullptr) {
    return Error(Errc::Conflict, "this host has no service '" DIRECTOR_SERVICE_TRANSCRIPT "'");
  }
  ErrorBuffer error;
  const director_status status = table->line(services.raw(), borrow(line), error.raw());
  return status == DIRECTOR_OK ? ok() : Status(Error(to_errc(status), std::string(error.text())));
}

}  // namespace director
