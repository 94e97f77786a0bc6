#include "core/engine/reviewing.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

namespace director::engine {
namespace {

/// Answers a reviewer's questions with the reviewer's prompt, whichever tier pays for them.
/// Whatever threads they come from, one after the other: the node's ceiling relies on one call at a
/// time.
class ReviewDesk final : public ports::AgentDesk {
 public:
  explicit ReviewDesk(AgentCalls& calls) : calls_(calls) {}

  [[nodiscard]] Result<std::string> ask(const std::string& role, const std::string& message,
                                        const std::string& workdir, const std::string& node,
                                        const ports::CancelToken& cancel) override {
    const std::lock_guard lock(mutex_);
    const std::optional<config::Role> tier = config::parse_role(role);
    const auto question = unanswered_.emplace(role, message).first;
    if (!tier) {
      return Error(Errc::Invalid, "there is no role '" + role + "'");
    }
    DIRECTOR_TRY(AgentAnswer answer, calls_.call_patiently({.role = *tier,
                                                            .prompt = "reviewer",
                                                            .message = message,
                                                            .workdir = workdir,
                                                            .may_edit = false,
                                                            .node = NodeId(node),
                                                            .cancel = cancel}));
    if (answer.outcome == run::AgentOutcome::Ok) {
      unanswered_.erase(question);
    }
    used_.add(answer.used);
    over_budget_ = over_budget_ || answer.outcome == run::AgentOutcome::Budget;
    node_is_spent_ = node_is_spent_ || answer.node_is_spent;
    return text_of(std::move(answer));
  }

  /// Of the review that begins, no question has been asked yet.
  void begin() {
    const std::lock_guard lock(mutex_);
    unanswered_.clear();
    over_budget_ = false;
  }
  /// A question of the review had no answer, nor had it when it was asked again.
  [[nodiscard]] bool is_unanswered() const {
    const std::lock_guard lock(mutex_);
    return !unanswered_.empty();
  }
  /// A ceiling did not let a call of the review begin, or stopped it.
  [[nodiscard]] bool over_budget() const {
    const std::lock_guard lock(mutex_);
    return over_budget_;
  }
  /// In any of its reviews.
  [[nodiscard]] bool node_is_spent() const {
    const std::lock_guard lock(mutex_);
    return node_is_spent_;
  }
  [[nodiscard]] run::Used used() const {
    const std::lock_guard lock(mutex_);
    return used_;
  }

 private:
  AgentCalls& calls_;
  mutable std::mutex mutex_;
  std::set<std::pair<std::string, std::string>> unanswered_;  ///< role and message
  bool over_budget_ = false;
  bool node_is_spent_ = false;
  run::Used used_;
};

bool blocks(const director::review& review) {
  return std::any_of(review.findings.begin(), review.findings.end(), [](const auto& finding) {
    return finding.level == director::severity::critical;
  });
}

struct Stage {
  int number = 2;
  std::string role;
};

Result<director::review> examine(const Services& services, ReviewDesk& desk, const Stage& stage,
                                 const Reviewable& candidate) {
  DIRECTOR_TRY(std::shared_ptr<director::reviewer> reviewer, services.backends.reviewer->lease());
  services.untouched->remove(candidate.workdir);
  const std::unique_ptr<ports::CallHost> host =
      services.hosts.open({.label = candidate.node.id.value + " review",
                           .node = candidate.node.id.value,
                           .purpose = ports::Purpose::Tool,
                           .cancel = services.interrupt,
                           .deadline = services.clock.now() + services.settings.limits.node_timeout,
                           .desk = &desk});
  desk.begin();
  Result<director::review> review = reviewer->examine({.stage = stage.number,
                                                       .node = candidate.node.id.value,
                                                       .title = candidate.node.title,
                                                       .spec = candidate.node.spec,
                                                       .diff = candidate.diff,
                                                       .workdir = candidate.workdir,
                                                       .role = stage.role},
                                                      host->services());
  if (review && desk.is_unanswered() && !blocks(*review)) {
    return Error(Errc::Internal,
                 "reviewer plugin '" + services.settings.plugins.reviewer +
                     "' says pass without an agent's answer, which counts for nothing");
  }
  return review;
}

std::string_view name_of(director::severity level) {
  switch (level) {
    case director::severity::critical:
      return "critical";
    case director::severity::major:
      return "major";
    case director::severity::minor:
      return "minor";
  }
  return "minor";
}

std::string as_text(const director::review& review) {
  std::string out = review.summary + "\n";
  for (const director::finding& finding : review.findings) {
    out += "- " + std::string(name_of(finding.level)) + ", " + finding.file + ": " +
           finding.summary + "\n";
  }
  return out;
}

void judge(const Services& services, const Result<director::review>& review,
           run::Reviewed& reviewed) {
  if (!review) {
    const bool passes = services.settings.review.on_error == config::OnReviewError::Pass;
    reviewed.verdict = passes ? run::Verdict::Pass : run::Verdict::Error;
    reviewed.summary = review.error().message();
    return;
  }
  reviewed.summary = review->summary;
  reviewed.feedback = "The review blocks this change: " + review->summary + "\n";
  for (const director::finding& finding : review->findings) {
    if (finding.level == director::severity::critical) {
      reviewed.verdict = run::Verdict::Fail;
      reviewed.feedback += "- " + finding.file + ": " + finding.summary + "\n";
    }
  }
}

}  // namespace

Result<run::Reviewed> review_candidate(const Services& services, AgentCalls& calls,
                                       const run::ReviewCandidate& effect,
                                       const Reviewable& candidate) {
  run::Reviewed reviewed;
  reviewed.node = effect.node;
  reviewed.verdict = run::Verdict::Pass;
  reviewed.stage_two = effect.stage_two;
  ReviewDesk desk(calls);
  if (effect.stage_one) {
    const Result<director::review> advice = examine(services, desk, {1, "explorer"}, candidate);
    reviewed.advice =
        advice ? as_text(*advice) : "stage one gave no advice: " + advice.error().message();
  }
  if (effect.stage_two && !services.interrupt.cancelled()) {
    const Result<director::review> review = examine(services, desk, {2, "reviewer"}, candidate);
    judge(services, review, reviewed);
    reviewed.over_budget = !review && desk.over_budget();
  }
  reviewed.node_ceiling = desk.node_is_spent();
  reviewed.used = desk.used();
  if (services.interrupt.cancelled()) {
    return Error(Errc::Cancelled, "interrupted");
  }
  return reviewed;
}

}  // namespace director::engine
