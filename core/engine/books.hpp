/// The journal, the ledger and the sinks behind one lock: whoever knows a fact writes it here.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine/journal.hpp"
#include "core/engine/replay.hpp"
#include "core/engine/services.hpp"
#include "core/ports/cancel.hpp"
#include "core/run/events.hpp"
#include "core/run/ledger.hpp"
#include "director/result.hpp"

namespace director::engine {

/// Whether a call of an agent may begin.
struct Admission {
  run::Ceiling refused = run::Ceiling::None;  ///< what leaves no room; then the rest is not set
  run::CallReserved call;
  ports::CancelToken stop;  ///< cancelled when the asker's is, or when a ceiling is reached
};

/// How a call of an agent stands at its end.
struct Settled {
  run::Ceiling stopped_by = run::Ceiling::None;  ///< the ceiling that cancelled it
  bool node_is_spent = false;                    ///< its node has reached its own ceiling
};

/// Safe from any thread.
class Books {
 public:
  /// Opens the journal of the folder's job and replays it into `job`, which is empty. The sinks are
  /// offered every record once more (they know what they have).
  [[nodiscard]] static Result<std::unique_ptr<Books>> open(const Services& services, JobWork& job);

  /// Writes a fact. `durable`: on return it survives a power loss, and so does all that came
  /// before.
  [[nodiscard]] Result<run::At> record(const run::Event& event, bool durable);
  /// The same in two steps, so that several facts share a flush: whatever relies on one that is to
  /// be durable comes after flush(). So do the sinks.
  [[nodiscard]] Result<run::At> enter(const run::Event& event, bool durable);
  [[nodiscard]] Status flush();

  /// Sets the cost of a call aside and writes that down, durably. Fills in the call's id and what
  /// is reserved for it; `cancel` is the asker's. Waits while only what calls under way have set
  /// aside is in its way. Errors: Cancelled while it waits.
  [[nodiscard]] Result<Admission> reserve(run::CallReserved call, const ports::CancelToken& cancel);
  /// Writes what a reserved call has used so far, not durably, and stops every call under way that
  /// has to end now.
  [[nodiscard]] Status meter(const run::CallMetered& call);
  /// Writes what a reserved call did cost, durably, and tells the sinks.
  [[nodiscard]] Result<Settled> settle(const run::CallEnded& call);
  /// Calls that were under way when the last director ended are closed with what they had metered.
  [[nodiscard]] Status close_open_calls();

  /// Hands a record to every sink, once the event that it is about is as durable as was asked for;
  /// a sink that fails is reported once and costs nothing else.
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

  [[nodiscard]] Status replay(const Entry& entry, JobWork& job);
  [[nodiscard]] std::string next_call_id(const run::CallReserved& call) const;
  [[nodiscard]] Result<run::At> append(const run::Event& event, bool durable);
  [[nodiscard]] Result<run::At> append_money(const run::MoneyEvent& event, bool durable);
  [[nodiscard]] run::Ceilings ceilings() const;
  /// Sends what need not wait any more, in the order of the journal.
  void offer(std::string_view kind, std::uint64_t sequence, std::string json);
  void send();
  void send(std::string_view kind, std::uint64_t sequence, std::string_view json);

  /// A call of this director that is under way.
  struct Flight {
    ports::CancelToken stop;
    run::Ceiling stopped_by = run::Ceiling::None;
  };

  /// What the sinks are to hear.
  struct Unsent {
    std::string kind;
    std::uint64_t sequence = 0;
    std::string json;
    bool waits = false;  ///< until its event is durable
  };

  const Services& services_;
  mutable std::mutex mutex_;
  std::condition_variable gave_back_;  ///< a call has ended
  std::unique_ptr<Journal> journal_;
  std::uint64_t written_ = 0;  ///< the last event of the journal
  std::uint64_t wanted_ = 0;   ///< the last one that is to be durable
  std::uint64_t durable_ = 0;  ///< the last one that is known to be
  std::deque<Unsent> unsent_;
  run::Ledger ledger_;
  std::map<std::string, Flight> flights_;  ///< by call id
  std::string job_;
  std::vector<std::string> broken_sinks_;
};

}  // namespace director::engine
