#include "core/engine/job_branch.hpp"

#include <vector>

namespace director::engine {

Oid JobBranch::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

void JobBranch::saw(const Oid& tip) {
  const std::lock_guard lock(mutex_);
  seen_ = tip;
}

Error JobBranch::gone() const {
  const Oid last = seen();
  const std::string how = last.empty() ? "restore '" + name_ + "' or plan anew"
                                       : "restore it with `git branch " + name_ + " " + last.value +
                                             "` (its last commit) and run again, or plan anew";
  return Error(Errc::NotFound,
               "cannot go on with job '" + job_.value + "': its branch is gone; " + how);
}

Error JobBranch::moved(const std::string& now) const {
  const Oid last = seen();
  return Error(Errc::Conflict,
               "cannot go on with job '" + job_.value + "': its branch '" + name_ +
                   "' was moved to " + now + ", which is not on top of " + last.value +
                   ", where it was last; put it back with `git branch -f " + name_ + " " +
                   last.value +
                   "` (commits of your own go on top of that) and run again, or plan "
                   "anew");
}

Result<director::commit_info> JobBranch::tip(director::vcs& vcs) {
  for (Oid before;;) {
    const Oid last = seen();
    Result<director::commit_info> now = vcs.resolve(ref_);
    if (!now) {
      return now.error().code() == Errc::NotFound ? gone() : now.error();
    }
    if (!last.empty() && last.value != now->oid) {
      const Result<std::vector<director::commit_info>> between = vcs.history(now->oid, last.value);
      const Errc code = between ? Errc::Internal : between.error().code();
      if (!between && code != Errc::Conflict && code != Errc::NotFound) {
        return between.error();
      }
      if (!between && before.value != now->oid) {
        before = Oid(now->oid);  // a landing may have come between the two looks
        continue;
      }
      if (!between) {
        return moved(now->oid);
      }
    }
    const std::lock_guard lock(mutex_);
    if (seen_ == last) {  // else it was moved on since, and what was found here is older
      seen_ = Oid(now->oid);
    }
    return now;
  }
}

Status JobBranch::check(director::vcs& vcs) {
  DIRECTOR_TRY(const director::commit_info now, tip(vcs));
  // Moving it to where it is changes nothing and fails as a landing would.
  Status movable = vcs.update_ref(ref_, now.oid, now.oid);
  if (movable || movable.error().code() != Errc::Conflict) {
    return movable;
  }
  const Result<director::commit_info> again = vcs.resolve(ref_);
  return again && again->oid != now.oid ? ok() : movable;  // somebody just moved it
}

Result<Advanced> JobBranch::advance(director::vcs& vcs, const Oid& from, const Oid& to) {
  const Status swapped = vcs.update_ref(ref_, from.value, to.value);
  if (swapped) {
    saw(to);
    return Advanced{};
  }
  const Result<director::commit_info> now = tip(vcs);
  if (!now) {
    const Errc code = now.error().code();
    const bool is_elsewhere = code == Errc::Conflict || code == Errc::NotFound;
    return is_elsewhere ? Result<Advanced>(Advanced{now.error(), {}}) : now.error();
  }
  if (now->oid == to.value) {
    return Advanced{};
  }
  const bool has_moved = swapped.error().code() == Errc::Conflict && now->oid != from.value;
  return Advanced{swapped, has_moved ? Oid(now->oid) : Oid()};
}

}  // namespace director::engine
