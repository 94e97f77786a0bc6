#include "core/engine/books.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/base/dollars.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/engine/settled.hpp"

namespace director::engine {
namespace {

/// How often the cancel token, which cannot wake who waits, is looked at.
constexpr std::chrono::milliseconds kLookForCancel{50};

/// A line of costs.jsonl.
std::string cost_record(const run::CallEnded& call, run::At at) {
  JsonWriter out;
  out.begin_object();
  out.member("role", call.role);
  out.member("model", call.model);
  out.member("input", call.used.input + call.used.cache_read + call.used.cache_write);
  out.member("output", call.used.output + call.used.reasoning);
  out.member("cost", call.used.usd);
  out.member("node", call.node.value);
  out.member("ts", static_cast<double>(at.unix_ms) / 1000.0);
  out.member("call", call.call);
  out.member("reasoning", call.used.reasoning);
  out.member("cache_read", call.used.cache_read);
  out.member("cache_write", call.used.cache_write);
  out.end_object();
  return out.take();
}

}  // namespace

Result<std::unique_ptr<Books>> Books::open(const Services& services, JobWork& job) {
  std::unique_ptr<Books> books(new Books(services));
  DIRECTOR_TRY(books->journal_,
               Journal::open(services.files, services.clock, services.folders.journal(),
                             [&](const Entry& entry) { return books->replay(entry, job); }));
  return books;
}

Status Books::replay(const Entry& entry, JobWork& job) {
  std::vector<run::RunEffect> effects;
  DIRECTOR_CHECK(engine::apply(job, entry, effects));
  if (const auto* money = std::get_if<run::MoneyEvent>(&entry.event)) {
    DIRECTOR_CHECK(run::advance(ledger_, *money));
    if (const auto* call = std::get_if<run::CallEnded>(money)) {
      send("cost", entry.at.sequence, cost_record(*call, entry.at));
    }
  } else if (const auto* running = std::get_if<run::RunEvent>(&entry.event)) {
    offer_settled(*this, services_.settings, *job.plan, *job.run, *running, entry.at, effects);
  } else {
    job_ = job.planning.job.job.value;
  }
  return ok();
}

Result<run::At> Books::append(const run::Event& event, bool durable) {
  DIRECTOR_TRY(const run::At at, journal_->append(event));
  written_ = at.sequence;
  wanted_ = durable ? at.sequence : wanted_;
  offer("event", at.sequence, encode(event, at));
  return at;
}

Result<run::At> Books::enter(const run::Event& event, bool durable) {
  const std::lock_guard lock(mutex_);
  return append(event, durable);
}

Status Books::flush() {
  std::unique_lock lock(mutex_);
  const std::uint64_t written = written_;
  lock.unlock();  // others may write meanwhile, and share the flush
  DIRECTOR_CHECK(journal_->sync());
  lock.lock();
  durable_ = std::max(durable_, written);
  send();
  return ok();
}

Result<run::At> Books::record(const run::Event& event, bool durable) {
  DIRECTOR_TRY(const run::At at, enter(event, durable));
  DIRECTOR_CHECK(durable ? flush() : ok());
  return at;
}

Result<run::At> Books::append_money(const run::MoneyEvent& event, bool durable) {
  DIRECTOR_TRY(const run::At at, append(run::Event(event), durable));
  DIRECTOR_CHECK(run::advance(ledger_, event));
  return at;
}

run::Ceilings Books::ceilings() const {
  const config::Limits& limits = services_.settings.limits;
  return {limits.cost_ceiling_usd, limits.node_cost_ceiling_usd};
}

Result<Admission> Books::reserve(run::CallReserved call, const ports::CancelToken& cancel) {
  std::unique_lock lock(mutex_);
  const double least = services_.settings.limits.call_reserve_usd;
  call.usd = run::reserve_for(ledger_, call.role, least);
  while (run::may_fit_later(ledger_, call, ceilings())) {
    gave_back_.wait_for(lock, kLookForCancel);
    if (cancel.cancelled()) {
      return Error(Errc::Cancelled, "interrupted while other calls bind what it may cost");
    }
    call.usd = run::reserve_for(ledger_, call.role, least);
  }
  if (const run::Ceiling refused = run::refusal(ledger_, call, ceilings());
      refused != run::Ceiling::None) {
    return Admission{refused, {}, {}};
  }
  call.call = next_call_id(call);
  DIRECTOR_TRY(const run::At at, append_money(call, true));
  (void)at;
  const Flight flight{ports::CancelToken::child_of(cancel)};
  flights_.emplace(call.call, flight);
  lock.unlock();
  DIRECTOR_CHECK(flush());
  return Admission{run::Ceiling::None, std::move(call), flight.stop};
}

/// "0003-executor-parse-duration": sorts as the calls came, unique in a job.
std::string Books::next_call_id(const run::CallReserved& call) const {
  std::string number =
      std::to_string(static_cast<std::size_t>(ledger_.total.calls) + ledger_.open.size() + 1);
  constexpr std::size_t kDigits = 4;
  number.insert(0, kDigits - std::min(kDigits, number.size()), '0');
  return number + "-" + call.role + (call.node.empty() ? "" : "-" + call.node.value);
}

Status Books::meter(const run::CallMetered& call) {
  const std::lock_guard lock(mutex_);
  DIRECTOR_TRY(const run::At at, append_money(call, false));
  (void)at;
  for (auto& [id, flight] : flights_) {
    const run::Ceiling ceiling = run::reached(ledger_, ledger_.open.at(id).reserved, ceilings());
    if (ceiling != run::Ceiling::None && flight.stopped_by == run::Ceiling::None) {
      flight.stopped_by = ceiling;
      flight.stop.cancel();
    }
  }
  return ok();
}

Result<Settled> Books::settle(const run::CallEnded& call) {
  std::unique_lock lock(mutex_);
  Settled settled;
  if (const auto flight = flights_.find(call.call); flight != flights_.end()) {
    settled.stopped_by = flight->second.stopped_by;
    flights_.erase(flight);
  }
  DIRECTOR_TRY(const run::At at, append_money(call, true));
  offer("cost", at.sequence, cost_record(call, at));
  // What reached the ceiling has reached it, in whatever order its sums are rounded now.
  settled.node_is_spent =
      settled.stopped_by == run::Ceiling::Node ||
      run::node_is_spent(ledger_, {call.call, call.role, call.model, call.node, 0}, ceilings());
  lock.unlock();
  gave_back_.notify_all();
  DIRECTOR_CHECK(flush());
  return settled;
}

Status Books::close_open_calls() {
  std::vector<run::CallEnded> cut_off;
  std::string named;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, call] : ledger_.open) {
      cut_off.push_back(run::end_of(call.reserved, call.metered));
      named +=
          (named.empty() ? "'" : ", '") + text::printable(id) + "' " + dollars(call.metered.usd);
    }
  }
  if (cut_off.empty()) {
    return ok();
  }
  services_.log.write(ports::LogLevel::Warning,
                      "calls were under way when the last director ended; they count with what "
                      "they had metered until then: " +
                          named);
  for (const run::CallEnded& call : cut_off) {
    DIRECTOR_CHECK(settle(call));
  }
  return ok();
}

void Books::emit(std::string_view kind, std::uint64_t sequence, std::string_view json) {
  const std::lock_guard lock(mutex_);
  offer(kind, sequence, std::string(json));
}

void Books::offer(std::string_view kind, std::uint64_t sequence, std::string json) {
  unsent_.push_back({std::string(kind), sequence, std::move(json), sequence <= wanted_});
  send();
}

void Books::send() {
  while (!unsent_.empty() && (!unsent_.front().waits || unsent_.front().sequence <= durable_)) {
    const Unsent record = std::move(unsent_.front());
    unsent_.pop_front();
    send(record.kind, record.sequence, record.json);
  }
}

void Books::send(std::string_view kind, std::uint64_t sequence, std::string_view json) {
  for (const auto& [id, sink] : services_.backends.sinks) {
    const std::unique_ptr<ports::CallHost> call = services_.hosts.open({.label = "sink " + id});
    const Status status =
        sink->emit(director::record{sequence, job_, kind, json}, call->services());
    if (!status &&
        std::find(broken_sinks_.begin(), broken_sinks_.end(), id) == broken_sinks_.end()) {
      broken_sinks_.push_back(id);
      services_.log.write(ports::LogLevel::Warning,
                          "sink '" + id + "' lost a record: " + status.error().message());
    }
  }
}

void Books::flush_sinks() {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, sink] : services_.backends.sinks) {
    const std::unique_ptr<ports::CallHost> call = services_.hosts.open({.label = "sink " + id});
    if (const Status status = sink->flush(call->services()); !status) {
      services_.log.write(ports::LogLevel::Warning,
                          "sink '" + id + "' did not flush: " + status.error().message());
    }
  }
}

run::Ledger Books::ledger() const {
  const std::lock_guard lock(mutex_);
  return ledger_;
}

void Books::set_job(const JobId& job) {
  const std::lock_guard lock(mutex_);
  job_ = job.value;
}

}  // namespace director::engine
