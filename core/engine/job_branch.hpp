/// The job branch as other people may move it.
#pragma once

#include <mutex>
#include <string>

#include "core/base/ids.hpp"
#include "core/plan/plan.hpp"
#include "director/result.hpp"
#include "director/vcs.hpp"

namespace director::engine {

/// What came of moving the branch.
struct Advanced {
  Status moved = ok();  ///< why it did not move
  Oid built_upon;  ///< not moved: where it is, on top of where it was to be moved from; else empty
};

/// Holds the job branch against what was last seen there. Commits on top of that are built upon;
/// anything else ends the job, since what landed would be lost. Safe from any thread.
class JobBranch {
 public:
  explicit JobBranch(const plan::Plan& plan)
      : job_(plan.job_id), name_(plan.job_branch), ref_("refs/heads/" + plan.job_branch) {}

  [[nodiscard]] const std::string& ref() const { return ref_; }
  [[nodiscard]] Oid seen() const;
  /// Director itself moved it there, or the journal says that it was there.
  void saw(const Oid& tip);

  /// Where it is now. Errors: NotFound: it is gone; Conflict: it is not on top of what was seen;
  /// both say how to restore it.
  [[nodiscard]] Result<director::commit_info> tip(director::vcs& vcs);

  /// Whether director may work on it: tip(), and nobody has it checked out. Errors: those of tip();
  /// Conflict.
  [[nodiscard]] Status check(director::vcs& vcs);

  /// Moves it to `to` if it is at `from`. It has moved if it is there, even if the version control
  /// says that it failed. Errors: where it is now cannot be told, so `to` may have landed.
  [[nodiscard]] Result<Advanced> advance(director::vcs& vcs, const Oid& from, const Oid& to);

 private:
  [[nodiscard]] Error gone() const;
  [[nodiscard]] Error moved(const std::string& now) const;

  JobId job_;
  std::string name_;
  std::string ref_;
  mutable std::mutex mutex_;
  Oid seen_;
};

}  // namespace director::engine
