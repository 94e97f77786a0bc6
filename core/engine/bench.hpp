/// `director bench`: one frozen plan, run under one profile after another. What is compared, how
/// each came out, and the files that say so. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/config/settings.hpp"
#include "core/engine/codec.hpp"
#include "core/engine/replay.hpp"
#include "core/plan/plan.hpp"
#include "director/result.hpp"

namespace director::engine {

/// The profile that the others' savings are measured against.
inline constexpr std::string_view kBaselineProfile = "all-frontier";
/// A profile is on target when it saves more than this share of the baseline's cost.
inline constexpr double kSavingTarget = 0.8;

/// bench.json: which bench is under way, or was the last.
struct Bench {
  std::string task;
  std::string plan_profile;
  std::vector<std::string> profiles;
  JobId job;           ///< of the plan; empty until there is one
  std::string branch;  ///< likewise
  Oid commit;          ///< where the branch stood when the plan was frozen; empty until then
  bool ended = false;  ///< every profile has had its turn
};

[[nodiscard]] std::string to_json(const Bench& bench);
/// Errors: Invalid, naming the place.
[[nodiscard]] Result<Bench> parse_bench(std::string_view text);

enum class BenchStart : std::uint8_t {
  Anew,  ///< with a new plan; what is there is put aside
  GoOn   ///< with the plan that is there
};

/// `open`: what is there, if anything; `anew`: the person asks for a new one. The same task planned
/// under the same profile is the same bench, ended or not: what was measured is not paid for again.
/// Errors: Conflict if another one has not ended.
[[nodiscard]] Result<BenchStart> how_to_start(const std::optional<Bench>& open, const Bench& wanted,
                                              bool anew);

/// The plan as one profile runs it: its own job and its own branch, so that no profile takes
/// another's commits for its own.
[[nodiscard]] plan::Plan fork_plan(plan::Plan plan, const std::string& profile);

/// How long a job was being run, from its journal; pauses between two directors do not count.
class WorkTime {
 public:
  /// Entries in their order.
  void note(const Entry& entry);
  [[nodiscard]] double seconds() const;

 private:
  bool working_ = false;
  std::int64_t since_ms_ = 0;
  std::int64_t last_ms_ = 0;
  std::int64_t total_ms_ = 0;
};

/// How one profile came out.
struct BenchRow {
  std::string profile;
  JobId job;
  std::string branch;
  std::string outcome;  ///< as in RunFinished; "error": it could not be run; empty: not run yet
  std::string error;    ///< what kept it from being measured; empty: nothing
  std::size_t nodes = 0;
  std::size_t done = 0;
  std::size_t by_executor = 0;    ///< landed without escalation
  std::size_t to_escalation = 0;  ///< went to the escalation tier, whatever came of it
  std::size_t reviewed = 0;
  std::optional<bool> integration_ok;
  double cost_usd = 0;  ///< of running, without planning
  int calls = 0;
  double wall_secs = 0;
};

/// True if the row can be compared with others: it ran to an end, nodes landed or not, and nothing
/// but models and checks decided which.
[[nodiscard]] bool is_measured(const BenchRow& row);

/// `job` has a frozen plan. A node that ended as an error, or an end at the ceiling, is an error of
/// the row.
[[nodiscard]] BenchRow make_row(const std::string& profile, const JobState& job, double wall_secs);

/// summary.json, and what the table shows.
struct BenchSummary {
  Bench bench;
  std::size_t nodes = 0;
  double planning_usd = 0;
  std::vector<BenchRow> rows;  ///< in the order of the profiles
};

/// The share of the baseline's cost that `row` saves; negative if it costs more. nullopt for the
/// baseline itself, without a measured baseline that costs something, and for a row that is not
/// measured.
[[nodiscard]] std::optional<double> saving(const BenchSummary& summary, const BenchRow& row);

[[nodiscard]] std::string summary_json(const BenchSummary& summary);

/// <profile>.metrics.jsonl: a line for each node whose status is final, then the run's if it ended.
/// `job` has a frozen plan.
[[nodiscard]] std::string profile_metrics(const JobState& job, const config::Settings& settings);

}  // namespace director::engine
