#include "cli/call_book.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string_view>

#include "core/base/dollars.hpp"
#include "core/base/text.hpp"
#include "core/engine/timestamp.hpp"

namespace director::cli {
namespace {

constexpr std::size_t kWhyBytes = 400;
constexpr std::size_t kWidestCell = 40;
constexpr const char* kAgent = "agent";
constexpr const char* kAuthor = "author";
constexpr const char* kReview = "review";

std::string name_of(run::AgentOutcome outcome) {
  switch (outcome) {
    case run::AgentOutcome::Ok:
      return "ok";
    case run::AgentOutcome::Infra:
      return "infrastructure";
    case run::AgentOutcome::Failed:
      return "failed";
    case run::AgentOutcome::Config:
      return "not set up";
    case run::AgentOutcome::Budget:
      return "no budget";
    case run::AgentOutcome::Cancelled:
      return "cancelled";
  }
  return "failed";
}

std::string name_of(run::Verdict verdict) {
  switch (verdict) {
    case run::Verdict::Pass:
      return "passed it";
    case run::Verdict::Fail:
      return "blocked it";
    case run::Verdict::Error:
      return "unreadable";
  }
  return "unreadable";
}

/// Which kind of event says what came of a call of this role; empty: none does.
std::string judged_by(const std::string& role) {
  if (role == "executor" || role == "escalation") {
    return kAgent;
  }
  return role == "test_author" ? kAuthor : role == "reviewer" ? kReview : "";
}

std::string shown_outcome(const CallRecord& call) {
  if (!call.outcome.empty()) {
    return call.outcome;
  }
  return call.ended() ? "ended" : "open";
}

std::int64_t tokens_in(const CallRecord& call) {
  return call.spent.input + call.spent.cache_read + call.spent.cache_write;
}

std::int64_t tokens_out(const CallRecord& call) { return call.spent.output + call.spent.reasoning; }

std::string seconds(const CallRecord& call) {
  if (!call.ended()) {
    return "-";
  }
  std::array<char, 64> digits{};
  const std::int64_t wall = std::max<std::int64_t>(0, call.ended_ms - call.started_ms);
  std::snprintf(digits.data(), digits.size(), "%.1f s", static_cast<double>(wall) / 1000.0);
  return digits.data();
}

using Row = std::array<std::string, 8>;
constexpr std::size_t kFirstNumber = 4;

std::string as_table(const std::vector<Row>& rows) {
  std::array<std::size_t, 8> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = row[i].size() <= kWidestCell ? std::max(widths[i], row[i].size()) : widths[i];
    }
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] > row[i].size() ? widths[i] - row[i].size() : 0, ' ');
      line += i == 0 ? "" : "  ";
      line += i < kFirstNumber ? row[i] + blanks : blanks + row[i];
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace

void CallBook::apply(const engine::Entry& entry) {
  if (const auto* money = std::get_if<run::MoneyEvent>(&entry.event)) {
    if (const auto* reserved = std::get_if<run::CallReserved>(money)) {
      begin(*reserved, entry.at.unix_ms);
    } else if (const auto* metered = std::get_if<run::CallMetered>(money)) {
      meter(*metered);
    } else {
      end(std::get<run::CallEnded>(*money), entry.at.unix_ms);
    }
  } else if (const auto* running = std::get_if<run::RunEvent>(&entry.event)) {
    apply(*running);
  } else {
    apply(std::get<run::PlanEvent>(entry.event));
  }
}

void CallBook::begin(const run::CallReserved& event, std::int64_t at_ms) {
  open_[event.call] = calls_.size();
  calls_.push_back({event.call, event.role, event.model, event.node.value, at_ms, 0, {}, "", ""});
}

void CallBook::meter(const run::CallMetered& event) {
  if (const auto found = open_.find(event.call); found != open_.end()) {
    calls_[found->second].spent = event.used;
  }
}

void CallBook::end(const run::CallEnded& event, std::int64_t at_ms) {
  const auto found = open_.find(event.call);
  if (found == open_.end()) {
    return;
  }
  CallRecord& call = calls_[found->second];
  call.ended_ms = std::max<std::int64_t>(1, at_ms);
  call.spent = event.used;
  if (const std::string judge = judged_by(call.role); !judge.empty()) {
    unjudged_[{judge, call.node}] = found->second;
  }
  open_.erase(found);
}

void CallBook::judge(const std::string& role, const std::string& node, std::string outcome,
                     const std::string& why) {
  const auto found = unjudged_.find({role, node});
  if (found == unjudged_.end()) {
    return;
  }
  calls_[found->second].outcome = std::move(outcome);
  calls_[found->second].why = why;
  unjudged_.erase(found);
}

void CallBook::apply(const run::RunEvent& event) {
  if (const auto* ended = std::get_if<run::AgentEnded>(&event)) {
    judge(kAgent, ended->node.value, name_of(ended->outcome), ended->why);
  } else if (const auto* reviewed = std::get_if<run::Reviewed>(&event)) {
    // Stage one is advice, and where there was no money nothing was judged.
    if (reviewed->stage_two) {
      judge(kReview, reviewed->node.value, reviewed->over_budget ? "" : name_of(reviewed->verdict),
            reviewed->summary);
    }
  } else if (std::holds_alternative<run::RunStarted>(event)) {
    // Nobody waits any more for what the last director was doing.
    for (const auto& [key, index] : unjudged_) {
      calls_[index].outcome = "cut off";
    }
    unjudged_.clear();
  }
}

void CallBook::apply(const run::PlanEvent& event) {
  if (const auto* authored = std::get_if<run::TestsAuthored>(&event)) {
    judge(kAuthor, authored->node.value, "ok", authored->warning);
  } else if (const auto* rejected = std::get_if<run::TestsRejected>(&event)) {
    judge(kAuthor, rejected->node.value, "rejected", rejected->why);
  }
}

bool CallBook::awaits_outcome(const CallRecord& call) const {
  const auto found = unjudged_.find({judged_by(call.role), call.node});
  return found != unjudged_.end() && calls_[found->second].id == call.id;
}

std::string call_table(const std::vector<CallRecord>& calls) {
  std::vector<Row> rows{{"call", "role", "model", "outcome", "in", "out", "cost", "time"}};
  double usd = 0;
  std::int64_t in = 0;
  std::int64_t out = 0;
  for (const CallRecord& call : calls) {
    rows.push_back({text::printable(call.id), text::printable(call.role),
                    text::printable(call.model), shown_outcome(call),
                    std::to_string(tokens_in(call)), std::to_string(tokens_out(call)),
                    dollars(call.spent.usd), seconds(call)});
    usd += call.spent.usd;
    in += tokens_in(call);
    out += tokens_out(call);
  }
  rows.push_back({std::to_string(calls.size()) + (calls.size() == 1 ? " call" : " calls"), "", "",
                  "", std::to_string(in), std::to_string(out), dollars(usd), ""});
  return as_table(rows);
}

std::string call_header(const CallRecord& call) {
  const ports::WallTime started{std::chrono::milliseconds(call.started_ms)};
  return text::printable(call.id) + ": " + text::printable(call.role) + ", " +
         text::printable(call.model) + ", " + engine::iso_time(started);
}

std::string call_footer(const CallRecord& call) {
  std::string out = shown_outcome(call) + ", " + std::to_string(tokens_in(call)) + " tokens in, " +
                    std::to_string(tokens_out(call)) + " out, " + dollars(call.spent.usd) + ", " +
                    seconds(call);
  if (const std::string_view why = text::trim(call.why); !why.empty()) {
    out += ": " + text::printable(text::cut_middle(why, kWhyBytes));
  }
  return out;
}

}  // namespace director::cli
