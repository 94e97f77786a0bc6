#include "core/engine/candidate_gates.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "core/engine/landed.hpp"
#include "core/plan/attribution.hpp"

namespace director::engine {

namespace {

/// A command that ran without the change and cannot be run with it fails because of the change.
bool is_its_failure(const director::verdict& verdict) {
  constexpr int kNotExecutable = 126;
  constexpr int kNotFound = 127;
  return verdict.outcome == DIRECTOR_GATE_FAIL ||
         (verdict.outcome == DIRECTOR_GATE_ERROR &&
          (verdict.exit_code == kNotExecutable || verdict.exit_code == kNotFound));
}

run::Gated with_verdict(const plan::Node& node, run::Verdict verdict, std::string detail,
                        const run::Used& used) {
  run::Gated gated;
  gated.node = node.id;
  gated.verdict = verdict;
  gated.detail = std::move(detail);
  gated.used = used;
  return gated;
}

}  // namespace

CandidateGates::CandidateGates(const Services& services, Workspaces& workspaces,
                               const plan::Plan& plan)
    : services_(services),
      workspaces_(workspaces),
      job_(plan.job_id),
      neighbours_(plan, static_cast<std::size_t>(std::max(0, services.settings.limits.rechecks))) {}

Result<run::Gated> CandidateGates::check(const plan::Node& node, const Candidate& candidate,
                                         const director::slot& slot) {
  DIRECTOR_TRY(run::Gated own, own_tests(node, candidate, slot));
  if (own.verdict != run::Verdict::Pass) {
    return own;
  }
  DIRECTOR_TRY(run::Gated others, tests_of_others(node, candidate, slot));
  others.used.add(own.used);
  return others;
}

Result<run::Gated> CandidateGates::own_tests(const plan::Node& node, const Candidate& candidate,
                                             const director::slot& slot) {
  const int runs = std::max(1, services_.settings.limits.flake_runs);
  run::Used used;
  for (int i = 0; i < runs; ++i) {
    DIRECTOR_TRY(const GateChecked tests, run_with(node, candidate, slot));
    const director::verdict& verdict = tests.verdict;
    used.add(tests.used);
    if (is_its_failure(verdict)) {
      const bool flaky = i > 0;
      DIRECTOR_TRY(run::Gated gated,
                   failed(node, candidate, slot, verdict,
                          flaky ? "flaky, passed and then failed on the same files: " : ""));
      gated.flaky = flaky;
      gated.used = used;
      return gated;
    }
    if (verdict.outcome != DIRECTOR_GATE_PASS) {
      return with_verdict(node, run::Verdict::Error, told(verdict), used);
    }
  }
  return with_verdict(node, run::Verdict::Pass, "", used);
}

Result<run::Gated> CandidateGates::tests_of_others(const plan::Node& node,
                                                   const Candidate& candidate,
                                                   const director::slot& slot) {
  DIRECTOR_TRY(const std::vector<NodeId> meanwhile, landed_meanwhile(candidate));
  run::Used used;
  bool holds_candidate = true;
  for (const plan::Node* other : neighbours_.of(node, meanwhile)) {
    DIRECTOR_TRY(const GateChecked with, run_with(*other, candidate, slot));
    holds_candidate = true;
    used.add(with.used);
    if (with.verdict.outcome == DIRECTOR_GATE_PASS) {
      continue;
    }
    // What somebody pushed may have broken them before.
    DIRECTOR_TRY(const GateChecked without, run_without(*other, candidate, slot));
    holds_candidate = false;
    used.add(without.used);
    if (without.verdict.outcome != DIRECTOR_GATE_PASS) {
      services_.log.write(ports::LogLevel::Warning,
                          "the tests of node '" + other->id.value +
                              "', which landed, do not pass on the job branch any more: " +
                              without.verdict.summary);
      continue;
    }
    if (!is_its_failure(with.verdict)) {
      return with_verdict(node, run::Verdict::Error,
                          "tests of node '" + other->id.value + "': " + told(with.verdict), used);
    }
    DIRECTOR_TRY(run::Gated gated,
                 failed(node, candidate, slot, with.verdict,
                        "it breaks what landed before: the tests of node '" + other->id.value +
                            "' pass without this change and fail with it: "));
    gated.used = used;
    return gated;
  }
  if (!holds_candidate) {
    DIRECTOR_CHECK(
        workspaces_.prepare_to_gate(slot, candidate.commit, candidate.onto, services_.interrupt));
  }
  return with_verdict(node, run::Verdict::Pass, "", used);
}

Result<GateChecked> CandidateGates::run_with(const plan::Node& tested, const Candidate& candidate,
                                             const director::slot& slot) {
  DIRECTOR_CHECK(
      workspaces_.prepare_to_gate(slot, candidate.commit, candidate.onto, services_.interrupt));
  return check_tests(services_, tested, slot.dir, candidate.changes);
}

Result<GateChecked> CandidateGates::run_without(const plan::Node& tested,
                                                const Candidate& candidate,
                                                const director::slot& slot) {
  DIRECTOR_CHECK(
      workspaces_.prepare_to_gate(slot, candidate.onto, candidate.onto, services_.interrupt));
  return check_tests(services_, tested, slot.dir, {});
}

Result<std::vector<NodeId>> CandidateGates::landed_meanwhile(const Candidate& candidate) const {
  std::vector<NodeId> landed;
  if (candidate.since == candidate.onto) {
    return landed;
  }
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  DIRECTOR_TRY(const std::vector<director::commit_info> commits,
               vcs->history(candidate.onto.value, candidate.since.value));
  for (const director::commit_info& commit : commits) {
    if (is_landed_by(job_, commit)) {
      landed.emplace_back(trailer(commit.message, "Director-Node"));
    }
  }
  return landed;
}

Result<run::Gated> CandidateGates::failed(const plan::Node& node, const Candidate& candidate,
                                          const director::slot& slot,
                                          const director::verdict& verdict,
                                          const std::string& how) const {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  const plan::Attribution attribution =
      plan::attribute(node, verdict.detail, slot.dir, [&](const std::string& path) {
        return vcs->read_file(candidate.tree.value, path).has_value();
      });
  run::Gated gated =
      with_verdict(node, run::Verdict::Fail, how + plan::describe(attribution) + told(verdict), {});
  gated.points = plan::to_string(attribution.points);
  return gated;
}

}  // namespace director::engine
