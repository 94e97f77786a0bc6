/// Keeps what nodes in flight need, and what did not land, by refs that only director moves:
///   refs/director/flight/<job>/<node>/candidate  what its agent made, on the attempt's base
///   refs/director/flight/<job>/<node>/merged     the same on a tip that had moved
///   refs/director/tip/<branch>                   the job branch when a run began or ended
///   refs/director/kept/...                       kept.hpp
/// Without them the user's `git gc --prune=now` would take objects from under a job.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/engine/kept.hpp"
#include "core/engine/services.hpp"
#include "core/engine/slots.hpp"
#include "core/plan/plan.hpp"
#include "core/run/running.hpp"
#include "director/result.hpp"
#include "director/vcs.hpp"

namespace director::engine {

enum class Flight : std::uint8_t { Candidate, Merged };

/// Safe from any thread; one node's calls never overlap.
class Keeper {
 public:
  Keeper(const Services& services, const plan::Plan& plan) : services_(services), plan_(plan) {}

  /// Names a commit of a node in flight, in the place of the one before. On return it and its
  /// objects are complete and survive a power loss.
  [[nodiscard]] Status hold(director::vcs& vcs, const NodeId& node, Flight which,
                            const Oid& commit) const;
  /// Keeps an attempt that did not land and lets go of what held it. A failure is a warning and
  /// false: then nothing was let go of.
  [[nodiscard]] bool keep(director::vcs& vcs, const UnlandedWork& work) const;
  /// The same without letting go of anything: the node goes on with it if asked to.
  [[nodiscard]] bool keep_beside(director::vcs& vcs, const UnlandedWork& work) const;
  /// As keep() for what an agent left in a slot, if it changed anything since `note`. True if
  /// nothing in there needs the slot any more; the slot is free then.
  [[nodiscard]] bool keep_slot(director::vcs& vcs, const director::slot& slot, const SlotNote& note,
                               const std::string& why, const std::string& detail) const;

  /// What a killed director left in its slots is kept, of any job. Failures are warnings.
  void recover_slots(director::vcs& vcs) const;
  /// Brings all refs to what the run's state says; before a run and after it. Failures are
  /// warnings. `tip`: of the job branch.
  void settle(director::vcs& vcs, const run::RunState& state, const Oid& tip) const;

 private:
  [[nodiscard]] Status set_ref(director::vcs& vcs, const std::string& name,
                               const Oid& commit) const;
  [[nodiscard]] Status settle_flights(director::vcs& vcs, const run::RunState& state) const;
  /// Nothing, and a warning, if its commit was collected as garbage.
  [[nodiscard]] Result<std::optional<director::commit_info>> held_by(
      director::vcs& vcs, const director::ref& ref) const;
  [[nodiscard]] Status settle_own(director::vcs& vcs, const director::ref& ref,
                                  const run::NodeState& node, const NodeId& id) const;
  /// Keeps what `ref` holds of a job that no run goes on with, and lets go of it. `base`: a commit,
  /// what it is compared with; empty: not known.
  [[nodiscard]] Status put_aside(director::vcs& vcs, const director::ref& ref, const Oid& base,
                                 const std::string& why, const std::string& detail) const;
  [[nodiscard]] Status put_flight_aside(director::vcs& vcs, const director::ref& ref) const;
  [[nodiscard]] Status settle_tip(director::vcs& vcs, const director::ref& ref) const;
  [[nodiscard]] Status settle_kept(director::vcs& vcs, const run::RunState& state) const;
  [[nodiscard]] Status settle_tips(director::vcs& vcs, const run::RunState& state,
                                   const Oid& tip) const;
  void warn(const Status& status) const;

  const Services& services_;
  const plan::Plan& plan_;
};

}  // namespace director::engine
