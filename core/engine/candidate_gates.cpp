#include "core/engine/candidate_gates.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <thread>
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

/// On the tip they fail as well, or cannot be found there. What ran out of time or of anything else
/// says nothing about that.
bool was_broken_before(const GateChecked& before) {
  return is_its_failure(before.verdict) && before.limit.empty() && !before.timed_out;
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

CandidateGates::CandidateGates(const Services& services, Workspaces& workspaces, JobBranch& branch,
                               const plan::Plan& plan, const Oid& job_base)
    : services_(services),
      workspaces_(workspaces),
      branch_(branch),
      job_(plan.job_id),
      job_base_(job_base),
      neighbours_(plan, static_cast<std::size_t>(std::max(0, services.settings.limits.rechecks))) {}

Result<GatedCandidate> CandidateGates::check(const plan::Node& node, const Candidate& candidate,
                                             GateOptions options) {
  SlotLease slot = workspaces_.lease_verify();
  DIRECTOR_TRY(run::Gated own, own_tests(node, candidate, *slot));
  if (own.verdict != run::Verdict::Pass) {
    return GatedCandidate{std::move(own)};
  }
  DIRECTOR_TRY(const bool outrun, is_outrun(candidate.onto));
  if (outrun) {
    return GatedCandidate{std::move(own), true};
  }
  DIRECTOR_TRY(const std::vector<NodeId> meanwhile,
               landed_meanwhile(candidate.since, candidate.onto));
  const std::vector<const plan::Node*> others = neighbours_.of(node, meanwhile);
  std::unique_lock turn(turn_, std::defer_lock);
  if (!others.empty() && !options.has_lane) {
    turn.lock();
  }
  DIRECTOR_TRY(
      GatedCandidate gated,
      tests_of_others(node, candidate, others, with_idle_ones(std::move(slot), options.parallel)));
  gated.gated.used.add(own.used);
  return gated;
}

Result<GatedBatch> CandidateGates::check_batch(const std::vector<BatchCandidate>& candidates,
                                               const Checkout& together, int parallel) {
  std::vector<const plan::Node*> own;
  own.reserve(candidates.size());
  for (const BatchCandidate& candidate : candidates) {
    own.push_back(candidate.node);
  }
  DIRECTOR_TRY(const std::vector<const plan::Node*> others,
               neighbours_of_all(candidates, together.landed));
  const std::vector<SlotLease> slots = with_idle_ones(workspaces_.lease_verify(), parallel);
  GatedBatch gated;
  gated.used.resize(candidates.size());
  const std::vector<const plan::Node*>* const rounds[] = {&own, &others};
  for (const std::vector<const plan::Node*>* nodes : rounds) {
    DIRECTOR_TRY(const std::vector<std::optional<GateChecked>> checked,
                 run_tests_of(services_, workspaces_, together, *nodes, slots,
                              [&] { return is_outrun(together.landed); }));
    bool all_ran = true;
    for (std::size_t i = 0; i < checked.size(); ++i) {
      all_ran = all_ran && checked[i];
      if (!checked[i]) {
        continue;
      }
      gated.used[nodes == &own ? i : 0].add(checked[i]->used);
      if (checked[i]->verdict.outcome != DIRECTOR_GATE_PASS && gated.refused.empty()) {
        gated.refused = "the tests of node '" + (*nodes)[i]->id.value +
                        "' do not pass with all of them: " + checked[i]->verdict.summary;
      }
    }
    if (!all_ran && gated.refused.empty()) {
      gated.refused = "the job branch moved";
    }
    if (!gated.refused.empty()) {
      return gated;
    }
  }
  return gated;
}

Result<std::vector<const plan::Node*>> CandidateGates::neighbours_of_all(
    const std::vector<BatchCandidate>& candidates, const Oid& onto) const {
  std::set<std::string_view> commands;
  for (const BatchCandidate& candidate : candidates) {
    commands.insert(candidate.node->test_cmd);
  }
  std::vector<const plan::Node*> others;
  for (const BatchCandidate& candidate : candidates) {
    DIRECTOR_TRY(const std::vector<NodeId> meanwhile, landed_meanwhile(candidate.since, onto));
    for (const plan::Node* other : neighbours_.of(*candidate.node, meanwhile)) {
      if (commands.insert(other->test_cmd).second) {
        others.push_back(other);
      }
    }
  }
  return others;
}

Result<bool> CandidateGates::is_outrun(const Oid& onto) const {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  DIRECTOR_TRY(const director::commit_info tip, branch_.tip(*vcs));
  return tip.oid != onto.value;
}

std::vector<SlotLease> CandidateGates::with_idle_ones(SlotLease slot, int parallel) const {
  // Another slot has to be brought to the candidate first, which a processor that is free pays for.
  const auto processors = static_cast<int>(std::thread::hardware_concurrency());
  const auto most = static_cast<std::size_t>(std::max(1, std::min(parallel, processors)));
  std::vector<SlotLease> slots{std::move(slot)};
  workspaces_.add_idle_verify(slots, most);
  return slots;
}

Result<run::Gated> CandidateGates::own_tests(const plan::Node& node, const Candidate& candidate,
                                             const director::slot& slot) {
  const int runs = std::max(1, services_.settings.limits.flake_runs);
  const Checkout checkout{candidate.commit, candidate.onto, candidate.changes};
  run::Used used;
  for (int i = 0; i < runs; ++i) {
    DIRECTOR_TRY(const GateChecked tests, run_tests(services_, workspaces_, checkout, node, slot));
    used.add(tests.used);
    if (is_its_failure(tests.verdict)) {
      const bool flaky = i > 0;
      DIRECTOR_TRY(run::Gated gated,
                   failed(node, candidate, tests,
                          flaky ? "flaky, passed and then failed on the same files: " : ""));
      gated.flaky = flaky;
      gated.used = used;
      return gated;
    }
    if (tests.verdict.outcome != DIRECTOR_GATE_PASS) {
      return with_verdict(node, run::Verdict::Error, told(tests.verdict), used);
    }
  }
  return with_verdict(node, run::Verdict::Pass, "", used);
}

Result<GatedCandidate> CandidateGates::tests_of_others(const plan::Node& node,
                                                       const Candidate& candidate,
                                                       const std::vector<const plan::Node*>& others,
                                                       const std::vector<SlotLease>& slots) {
  const Checkout with_it{candidate.commit, candidate.onto, candidate.changes};
  DIRECTOR_TRY(const std::vector<std::optional<GateChecked>> checked,
               run_tests_of(services_, workspaces_, with_it, others, slots,
                            [&] { return is_outrun(candidate.onto); }));
  run::Used used;
  bool all_ran = true;
  for (const std::optional<GateChecked>& tests : checked) {
    all_ran = all_ran && tests;
    used.add(tests ? tests->used : run::Used());
  }
  if (!all_ran) {
    return GatedCandidate{with_verdict(node, run::Verdict::Error, "", used), true};
  }
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (checked[i]->verdict.outcome == DIRECTOR_GATE_PASS) {
      continue;
    }
    DIRECTOR_TRY(std::optional<run::Gated> gated,
                 compare(node, candidate, *others[i], *checked[i], slots, used));
    if (gated) {
      return GatedCandidate{std::move(*gated)};
    }
  }
  return GatedCandidate{with_verdict(node, run::Verdict::Pass, "", used)};
}

Result<std::optional<run::Gated>> CandidateGates::compare(
    const plan::Node& node, const Candidate& candidate, const plan::Node& other,
    const GateChecked& tests, const std::vector<SlotLease>& slots, run::Used& used) {
  const Checkout without_it{candidate.onto, candidate.onto, {}};
  const std::string name = "node '" + other.id.value + "'";
  // What somebody pushed may have broken them before.
  DIRECTOR_TRY(const std::vector<std::optional<GateChecked>> alone,
               run_tests_of(services_, workspaces_, without_it, {&other}, slots));
  const GateChecked& before = *alone.front();
  used.add(before.used);
  if (was_broken_before(before)) {
    services_.log.write(
        ports::LogLevel::Warning,
        "the tests of " + name +
            ", which landed, do not pass on the job branch any more: " + before.verdict.summary);
    return std::optional<run::Gated>();
  }
  if (before.verdict.outcome != DIRECTOR_GATE_PASS) {
    return std::optional(with_verdict(
        node, run::Verdict::Error,
        "the tests of " + name +
            " cannot be compared with what they say without this change: " + told(before.verdict),
        used));
  }
  if (!is_its_failure(tests.verdict)) {
    return std::optional(with_verdict(node, run::Verdict::Error,
                                      "tests of " + name + ": " + told(tests.verdict), used));
  }
  DIRECTOR_TRY(run::Gated gated, failed(node, candidate, tests,
                                        "it breaks what landed before: the tests of " + name +
                                            " pass without this change and fail with it: "));
  gated.used = used;
  return std::optional(std::move(gated));
}

Result<std::vector<NodeId>> CandidateGates::landed_meanwhile(const Oid& since,
                                                             const Oid& onto) const {
  std::vector<NodeId> landed;
  if (since == onto) {
    return landed;
  }
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  Result<std::vector<LandedCommit>> commits = landed_between(*vcs, onto.value, since.value, job_);
  if (!commits &&
      (commits.error().code() == Errc::Conflict || commits.error().code() == Errc::NotFound)) {
    // Somebody took back what the node began on: all that landed may have come since.
    commits = landed_between(*vcs, onto.value, job_base_.value, job_);
  }
  if (!commits) {
    return commits.error();
  }
  for (const LandedCommit& commit : *commits) {
    landed.push_back(commit.node);
  }
  return landed;
}

Result<run::Gated> CandidateGates::failed(const plan::Node& node, const Candidate& candidate,
                                          const GateChecked& tests, const std::string& how) const {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  const plan::Attribution attribution =
      plan::attribute(node, tests.verdict.detail, tests.workdir, [&](const std::string& path) {
        return vcs->read_file(candidate.tree.value, path).has_value();
      });
  run::Gated gated = with_verdict(node, run::Verdict::Fail,
                                  how + plan::describe(attribution) + told(tests.verdict), {});
  gated.points = plan::to_string(attribution.points);
  return gated;
}

}  // namespace director::engine
