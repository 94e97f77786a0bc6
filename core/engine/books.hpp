/// The journal, the ledger and the sinks behind one lock: whoever knows a fact writes it here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine/journal.hpp"
#include "core/engine/replay.hpp"
#include "core/engine/services.hpp"
#include "core/run/events.hpp"
#include "core/run/ledger.hpp"
#include "director/result.hpp"

namespace director::engine {

/// Safe from any thread.
class Books {
 public:
  /// Opens the journal of the folder's job and replays it into `job`, which is empty. The sinks are
  /// offered every record once more (they know what they have).
  [[nodiscard]] static Result<std::unique_ptr<Books>> open(const Services& services, JobState& job);

  /// Writes a fact. `durable`: on return it survives a power loss, and so does all that came
  /// before.
  [[nodiscard]] Result<run::At> record(const run::Event& event, bool durable);

  /// Sets the cost of a call aside and writes that down, durably. Fills in the call's id and
  /// returns it; nullopt: the ceiling leaves no room.
  [[nodiscard]] Result<std::optional<std::string>> reserve(run::CallReserved call, double least_usd,
                                                           double ceiling_usd);
  /// Writes what a reserved call did cost, durably, and tells the sinks.
  [[nodiscard]] Status settle(const run::CallEnded& call);
  /// Calls that were under way when the last director ended are closed with what is known of them:
  /// nothing. Their reservation would otherwise bind the money for ever.
  [[nodiscard]] Status close_open_calls();

  /// Hands a record to every sink; a sink that fails is reported once and costs nothing else.
  void emit(std::string_view kind, std::uint64_t sequence, std::string_view json);
  void flush_sinks();

  [[nodiscard]] run::Ledger ledger() const;
  /// What `read` makes of the ledger, without a copy of it. `read` may not call the books.
  template <typename Read>
  [[nodiscard]] auto read_ledger(const Read& read) const {
    const std::lock_guard lock(mutex_);
    return read(ledger_);
  }
  void set_job(const JobId& job);

 private:
  explicit Books(const Services& services) : services_(services) {}

  [[nodiscard]] Status replay(const Entry& entry, JobState& job);
  [[nodiscard]] std::string next_call_id(const run::CallReserved& call) const;
  [[nodiscard]] Result<run::At> append(const run::Event& event, bool durable);
  void emit_locked(std::string_view kind, std::uint64_t sequence, std::string_view json);
  void emit_call(const run::CallEnded& call, run::At at);

  const Services& services_;
  mutable std::mutex mutex_;
  std::optional<Journal> journal_;
  run::Ledger ledger_;
  std::string job_;
  std::vector<std::string> broken_sinks_;
};

}  // namespace director::engine
