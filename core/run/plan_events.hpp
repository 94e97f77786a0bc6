/// What the journal holds about planning. See events.hpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/ids.hpp"

namespace director::run {

// ------------------------------------------------------------------------------------

struct JobCreated {
  static constexpr std::string_view kType = "job_created";
  JobId job;
  std::string task;
  std::string branch;  ///< short name
  Oid base;
  bool automatic = false;
  bool critique = true;
  bool adopted = false;  ///< its plan was written by hand: plan_frozen follows at once

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("job", job);
    visit("task", task);
    visit("branch", branch);
    visit("base", base);
    visit("auto", automatic);
    visit("critique", critique);
    visit("adopted", adopted);
  }
};

struct BranchCreated {
  static constexpr std::string_view kType = "branch_created";

  template <typename Visitor>
  void fields(Visitor&) {}
};

/// recon.md is written.
struct ReconWritten {
  static constexpr std::string_view kType = "recon_written";

  template <typename Visitor>
  void fields(Visitor&) {}
};

/// spec.md is written; `revised`: by the critique.
struct SpecWritten {
  static constexpr std::string_view kType = "spec_written";
  bool revised = false;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("revised", revised);
  }
};

/// A gate was passed, by a person or unread.
struct GatePassed {
  static constexpr std::string_view kType = "gate_passed";
  std::string gate;  ///< "spec" or "plan"

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("gate", gate);
  }
};

/// What the planner sent; plan.json is written when `problems` is empty.
struct PlanProposed {
  static constexpr std::string_view kType = "plan_proposed";
  std::string problems;            ///< for the planner to mend; empty: the plan is valid
  std::vector<std::string> order;  ///< node ids, dependencies first
  bool revised = false;            ///< by the critique

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("problems", problems);
    visit("order", order);
    visit("revised", revised);
  }
};

/// What the test author wrote, paid for and committed, but not judged yet. No ref names the commit.
struct TestsWritten {
  static constexpr std::string_view kType = "tests_written";
  NodeId node;
  Oid commit;
  Oid parent;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("node", node);
    visit("commit", commit);
    visit("parent", parent);
  }
};

struct TestsAuthored {
  static constexpr std::string_view kType = "tests_authored";
  NodeId node;
  Oid commit;  ///< on the job branch
  std::map<std::string, std::string> hashes;
  std::string warning;  ///< for instance: not red

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("node", node);
    visit("commit", commit);
    visit("hashes", hashes);
    visit("warning", warning);
  }
};

struct TestsRejected {
  static constexpr std::string_view kType = "tests_rejected";
  NodeId node;
  std::string why;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("node", node);
    visit("why", why);
  }
};

/// Gate 2 waits for a person, who may edit the tests in a checkout of the job's own.
struct GateOpened {
  static constexpr std::string_view kType = "gate_opened";
  std::string checkout;  ///< absolute
  Oid commit;            ///< that it was made of

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("checkout", checkout);
    visit("commit", commit);
  }
};

/// The person's edits at gate 2, taken over: the tests are on the job branch, stale ones are gone.
struct GateEdited {
  static constexpr std::string_view kType = "gate_edited";
  std::vector<std::string> order;    ///< node ids of the edited plan, dependencies first
  std::vector<std::string> missing;  ///< those of them whose tests the author has to write

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("order", order);
    visit("missing", missing);
  }
};

/// The plan as it will be run, whole, in the format of plan.json.
struct PlanFrozen {
  static constexpr std::string_view kType = "plan_frozen";
  std::string plan;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("plan", plan);
  }
};

/// Planning cannot go on by itself: the same command tries the stage again.
struct PlanningStopped {
  static constexpr std::string_view kType = "planning_stopped";
  std::string why;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("why", why);
  }
};

using PlanEvent = std::variant<JobCreated, BranchCreated, ReconWritten, SpecWritten, GatePassed,
                               PlanProposed, TestsWritten, TestsAuthored, TestsRejected, GateOpened,
                               GateEdited, PlanFrozen, PlanningStopped>;

}  // namespace director::run
