/// What the journal holds about a run. See events.hpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/ids.hpp"

namespace director::run {

enum class TierKind : std::uint8_t { Executor, Escalation };

/// What the commands of one step used.
struct Used {
  std::int64_t cpu_ms = 0;
  std::int64_t peak_memory_kb = 0;  ///< the most of any of them

  void add(const Used& other) {
    cpu_ms += other.cpu_ms;
    peak_memory_kb = std::max(peak_memory_kb, other.peak_memory_kb);
  }

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("cpu_ms", cpu_ms);
    visit("peak_memory_kb", peak_memory_kb);
  }
};

// -------------------------------------------------------------------------------------

/// A `director run` begins: what was in flight when the last one ended starts over.
struct RunStarted {
  static constexpr std::string_view kType = "run_started";
  int parallel = 1;
  int max_attempts = 3;
  int infra_retries = 2;
  int landing_rounds = 5;  ///< as in limits; a journal without it has this
  bool retry = false;      ///< failed, escalated, blocked and error nodes go back to pending
  bool review_stage_one = false;
  bool review_stage_two = true;
  int review_file_threshold = 3;  ///< a diff of more files is reviewed in stage two
  Oid tip;                        ///< of the job branch
  /// So many may run beside the `parallel` ones at work, while they wait for others to land. A
  /// journal without it has none.
  int waiting = 0;
  /// So many of those that wait may land together. A journal without it has each land alone.
  int batch = 1;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("parallel", parallel);
    visit("review_stage_one", review_stage_one);
    visit("review_stage_two", review_stage_two);
    visit("review_file_threshold", review_file_threshold);
    visit("max_attempts", max_attempts);
    visit("infra_retries", infra_retries);
    visit("landing_rounds", landing_rounds);
    visit("retry", retry);
    visit("tip", tip);
    visit("waiting", waiting);
    visit("batch", batch);
  }
};

struct AttemptStarted {
  static constexpr std::string_view kType = "attempt_started";
  NodeId node;
  int attempt = 0;  ///< from 1
  TierKind tier = TierKind::Executor;
  std::string model;
  Oid base;  ///< commit that its workspace is at

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("node", node);
    visit("attempt", attempt);
    visit("tier", tier);
    visit("model", model);
    visit("base", base);
  }
};

enum class Red : std::uint8_t { Yes, No, Error };

/// The node's tests on its base, before any work.
struct RedChecked {
  static constexpr std::string_view kType = "red_checked";
  NodeId node;
  Red red = Red::Yes;
  std::string detail;
  std::string workspace{};  ///< folder of the attempt
  Used used{};

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("node", node);
    visit("red", red);
    visit("detail", detail);
    visit("workspace", workspace);
    used.fields(visit);
  }
};

enum class AgentOutcome : std::uint8_t {
  Ok,
  Infra,      ///< endpoint, tool or limits: not the node's fault, tried again
  Failed,     ///< the model gave up, ran out of time or was refused: an attempt
  Config,     ///< no later try can help: credentials, model name, tool
  Budget,     ///< a ceiling left no room for the call, or stopped it
  Cancelled,  ///< interrupted
};

struct AgentEnded {
  static constexpr std::string_view kType = "agent_ended";
  NodeId node;
  AgentOutcome outcome = AgentOutcome::Ok;
  std::string why;
  std::int64_t retry_after_ms = 0;
  std::string watch = "unknown";  ///< watch-it-fail: observed, not_observed, unknown
  bool ran_before_edit = false;
  bool observed_failure = false;
  bool node_ceiling = false;  ///< the node has reached its own cost ceiling
  Used used{};

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("node", node);
    visit("outcome", outcome);
    visit("why", why);
    visit("retry_after_ms", retry_after_ms);
    visit("watch", watch);
    visit("ran_before_edit", ran_before_edit);
    visit("observed_failure", observed_failure);
    visit("node_ceiling", node_ceiling);
    used.fields(visit);
  }
};

struct CandidateMade {
  static constexpr std::string_view kType = "candidate_made";
  NodeId node;
  Oid base;  ///< commit
  Oid tree;
  int files = 0;          ///< how many it changes
  std::string violation;  ///< feedback; empty: the contract holds

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("node", node);
    visit("base", base);
    visit("tree", tree);
    visit("files", files);
    visit("violation", violation);
  }
};

/// The candidate on top of the job branch, as a commit that no ref names yet.
struct Integrated {
  static constexpr std::string_view kType = "integrated";
  NodeId node;
  Oid onto;
  Oid commit;
  std::string conflict;  ///< feedback; empty: merged

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("node", node);
    visit("onto", onto);
    visit("commit", commit);
    visit("conflict", conflict);
  }
};

enum class Verdict : std::uint8_t { Pass, Fail, Error };

struct Gated {
  static constexpr std::string_view kType = "gated";
  NodeId node;
  Verdict verdict = Verdict::Error;
  std::string detail;
  bool flaky = false;    ///< passed and failed on the same tree
  std::string points{};  ///< of a failure: "inside", "outside" or "nowhere", as in plan::Points
  Used used{};

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("node", node);
    visit("verdict", verdict);
    visit("detail", detail);
    visit("flaky", flaky);
    visit("points", points);
    used.fields(visit);
  }
};

/// The verdict is that of stage two; where only stage one was due, it is Pass. Error: stage two
/// could not be had or read, and the configuration lets that block.
struct Reviewed {
  static constexpr std::string_view kType = "reviewed";
  NodeId node;
  Verdict verdict = Verdict::Error;  ///< Fail: it blocks
  std::string summary;
  std::string feedback;
  bool stage_two = true;      ///< it took place
  std::string advice{};       ///< of stage one
  bool over_budget = false;   ///< a ceiling left no room for the review: nothing was judged
  bool node_ceiling = false;  ///< the node has reached its own cost ceiling
  Used used{};

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("node", node);
    visit("verdict", verdict);
    visit("summary", summary);
    visit("feedback", feedback);
    visit("stage_two", stage_two);
    visit("advice", advice);
    visit("over_budget", over_budget);
    visit("node_ceiling", node_ceiling);
    used.fields(visit);
  }
};

struct Landed {
  static constexpr std::string_view kType = "landed";
  NodeId node;
  Oid commit;  ///< the new tip, or below it with others that landed at once
  /// The journal had missed it: found on the job branch before a run begins.
  bool found = false;
  Used used{};  ///< by gates that no other event tells of: those of a batch

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("node", node);
    visit("commit", commit);
    visit("found", found);
    used.fields(visit);
  }
};

/// The candidates that were to land together do not: who has the lane lands alone, the others wait.
struct BatchRefused {
  static constexpr std::string_view kType = "batch_refused";
  NodeId node;  ///< has the lane
  std::string why;
  Used used{};

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("node", node);
    visit("why", why);
    used.fields(visit);
  }
};

/// The job branch moved since the candidate was integrated. Seen while it was gated, which ended
/// then, or when it was to land.
struct LandRefused {
  static constexpr std::string_view kType = "land_refused";
  NodeId node;
  Oid tip;
  Used used{};  ///< by gates that did not come to their end

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("node", node);
    visit("tip", tip);
    used.fields(visit);
  }
};

/// Our own machinery failed under a node: the VCS, a plugin, the disk.
struct WorkFailed {
  static constexpr std::string_view kType = "work_failed";
  NodeId node;
  std::string why;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("node", node);
    visit("why", why);
  }
};

/// A node's work was cut short by the person, not by a failure: it goes on in the next run.
struct WorkInterrupted {
  static constexpr std::string_view kType = "work_interrupted";
  NodeId node;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("node", node);
  }
};

struct InterruptSeen {
  static constexpr std::string_view kType = "interrupt_seen";

  template <typename Visitor>
  void fields(Visitor&) {}
};

struct IntegrationGated {
  static constexpr std::string_view kType = "integration_gated";
  bool passed = false;
  std::string detail;  ///< what failed, for people

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("passed", passed);
    visit("detail", detail);
  }
};

struct RunFinished {
  static constexpr std::string_view kType = "run_finished";
  std::string outcome;  ///< "done", "incomplete", "ceiling", "interrupted"

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("outcome", outcome);
  }
};

using RunEvent =
    std::variant<RunStarted, AttemptStarted, RedChecked, AgentEnded, CandidateMade, Integrated,
                 Gated, Reviewed, Landed, LandRefused, BatchRefused, WorkFailed, WorkInterrupted,
                 InterruptSeen, IntegrationGated, RunFinished>;

}  // namespace director::run
