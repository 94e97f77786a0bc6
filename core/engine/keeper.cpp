#include "core/engine/keeper.hpp"

#include <map>
#include <utility>

#include "core/engine/landed.hpp"
#include "core/ports/ref_value.hpp"
#include "core/ports/slot_folders.hpp"

namespace director::engine {
namespace {

constexpr std::string_view kFlights = "refs/director/flight/";
constexpr std::string_view kTips = "refs/director/tip/";
constexpr std::string_view kBranches = "refs/heads/director/";

std::string node_flights(const JobId& job, const NodeId& node) {
  return std::string(kFlights) + ref_part(job.value) + "/" + ref_part(node.value) + "/";
}

std::string flight_name(Flight which) {
  return which == Flight::Candidate ? "candidate" : "merged";
}

}  // namespace

void Keeper::warn(const Status& status) const {
  if (!status) {
    services_.log.write(ports::LogLevel::Warning, status.error().message());
  }
}

Status Keeper::set_ref(director::vcs& vcs, const std::string& name, const Oid& commit) const {
  DIRECTOR_TRY(const std::string expected, ports::ref_value(vcs, name));
  return expected == commit.value ? ok() : vcs.update_ref(name, expected, commit.value);
}

Status Keeper::hold(director::vcs& vcs, const NodeId& node, Flight which, const Oid& commit) const {
  const std::string name = node_flights(plan_.job_id, node) + flight_name(which);
  // Most of the time there is none: one call instead of two.
  const Status made = vcs.update_ref(name, "", commit.value);
  return made || made.error().code() != Errc::Conflict ? made : set_ref(vcs, name, commit);
}

bool Keeper::keep_beside(director::vcs& vcs, const UnlandedWork& work) const {
  const Result<std::string> kept = keep_work(vcs, work, services_.clock.wall());
  if (!kept) {
    services_.log.write(
        ports::LogLevel::Warning,
        "cannot keep the work of node '" + work.node.value + "': " + kept.error().message());
    return false;
  }
  return true;
}

bool Keeper::keep(director::vcs& vcs, const UnlandedWork& work) const {
  if (!keep_beside(vcs, work)) {
    return false;
  }
  const Result<std::vector<director::ref>> held = vcs.list_refs(node_flights(work.job, work.node));
  if (held) {
    for (const director::ref& ref : *held) {
      warn(vcs.update_ref(ref.name, ref.oid, ""));
    }
  }
  return true;
}

bool Keeper::keep_slot(director::vcs& vcs, const director::slot& slot, const SlotNote& note,
                       const std::string& why, const std::string& detail) const {
  Result<director::commit_info> base = vcs.resolve(note.base.value);
  if (!base) {
    base = vcs.resolve("HEAD");  // the user let it be collected: any base shows what is new
  }
  Result<director::snapshot_result> found =
      base ? vcs.snapshot(slot, base->tree, services_.settings.ignore)
           : Result<director::snapshot_result>(base.error());
  if (!found) {
    services_.log.write(ports::LogLevel::Warning,
                        "cannot keep the work in '" + slot.dir +
                            "', which is left as it is: " + found.error().message());
    return false;
  }
  const bool changed =
      !found->changes.empty() && found->tree != base->tree && found->tree != note.start.value;
  // What is in flight of its node may be of another attempt.
  if (changed && !keep_beside(vcs, {note.job, note.node, note.attempt, Oid(base->oid),
                                    Oid(found->tree), why, detail})) {
    return false;
  }
  const Status freed = free_slot(services_.files, slot);
  warn(freed);
  return freed.has_value();
}

void Keeper::recover_slots(director::vcs& vcs) const {
  if (services_.slot_folders == nullptr) {
    return;
  }
  const Result<std::vector<std::string>> names = services_.slot_folders->list();
  if (!names) {
    warn(Status(names.error()));
    return;
  }
  for (const std::string& name : *names) {
    const director::slot slot = slot_named(services_.folders, name);
    if (const std::optional<SlotNote> note = slot_note(services_.files, slot)) {
      (void)keep_slot(vcs, slot, *note, "director was ended while its agent was at work", "");
    }
  }
}

void Keeper::settle(director::vcs& vcs, const run::RunState& state, const Oid& tip) const {
  warn(settle_tips(vcs, state, tip));
  warn(settle_flights(vcs, state));
  warn(settle_kept(vcs, state));
}

Status Keeper::settle_flights(director::vcs& vcs, const run::RunState& state) const {
  DIRECTOR_TRY(const std::vector<director::ref> refs, vcs.list_refs(kFlights));
  if (refs.empty()) {
    return ok();
  }
  std::map<std::string, std::size_t, std::less<>> own;
  for (std::size_t i = 0; i < state.nodes.size(); ++i) {
    own.emplace(node_flights(plan_.job_id, state.topology->ids[i]), i);
  }
  Status all = ok();
  for (const director::ref& ref : refs) {
    const auto found = own.find(ref.name.substr(0, ref.name.rfind('/') + 1));
    Status done = found == own.end() ? put_flight_aside(vcs, ref)
                                     : settle_own(vcs, ref, state.nodes[found->second],
                                                  state.topology->ids[found->second]);
    if (!done) {
      all = std::move(done);
    }
  }
  return all;
}

Result<std::optional<director::commit_info>> Keeper::held_by(director::vcs& vcs,
                                                             const director::ref& ref) const {
  Result<director::commit_info> held = vcs.resolve(ref.oid);
  if (held) {
    return std::optional(std::move(held).value());
  }
  if (held.error().code() != Errc::NotFound) {
    return held.error();
  }
  services_.log.write(
      ports::LogLevel::Warning,
      "what ref '" + ref.name + "' held is gone from the repository; was it collected as garbage?");
  return std::optional<director::commit_info>();
}

Status Keeper::settle_own(director::vcs& vcs, const director::ref& ref, const run::NodeState& node,
                          const NodeId& id) const {
  // Of a node that failed, too: its ceiling did not let its review begin.
  const bool stopped =
      node.status == run::NodeStatus::Error || node.status == run::NodeStatus::Failed;
  const bool goes_on = !node.candidate.empty() && (stopped || !run::is_final(node.status));
  if (goes_on && !stopped) {
    return ok();  // the next run goes on with it
  }
  if (node.status != run::NodeStatus::Done && ref.name.ends_with("/candidate")) {
    DIRECTOR_TRY(const std::optional<director::commit_info> held, held_by(vcs, ref));
    if (!held) {
      return vcs.update_ref(ref.name, ref.oid, "");
    }
    const std::string why = node.error.empty() ? "director was ended before it could be judged"
                                               : "it ended as an error";
    DIRECTOR_TRY(const std::string kept, keep_work(vcs,
                                                   {plan_.job_id, id, node.attempts, node.base,
                                                    Oid(held->tree), why, node.error},
                                                   services_.clock.wall()));
    (void)kept;
  }
  return goes_on ? ok() : vcs.update_ref(ref.name, ref.oid, "");  // --retry goes on with it
}

Status Keeper::put_aside(director::vcs& vcs, const director::ref& ref, const Oid& base,
                         const std::string& why, const std::string& detail) const {
  DIRECTOR_TRY(const std::optional<director::commit_info> held, held_by(vcs, ref));
  if (held) {
    UnlandedWork work{JobId(trailer(held->message, "Director-Job")),
                      NodeId(trailer(held->message, "Director-Node")),
                      trailer_number(held->message, "Director-Attempt"),
                      base,
                      Oid(held->tree),
                      why,
                      detail};
    // On top of a branch "job-<id>" may be a person's commit, or one with a node's tests.
    const std::string name = ref.name.substr(ref.name.rfind('/') + 1);
    if (work.job.empty()) {
      work.job = JobId(name.substr(name.find('-') + 1));
    }
    if (work.node.empty()) {
      work.node = NodeId(name);
    }
    DIRECTOR_TRY(const std::string kept, keep_work(vcs, work, services_.clock.wall()));
    (void)kept;
  }
  return vcs.update_ref(ref.name, ref.oid, "");
}

Status Keeper::put_flight_aside(director::vcs& vcs, const director::ref& ref) const {
  if (!ref.name.ends_with("/candidate")) {
    return vcs.update_ref(ref.name, ref.oid, "");
  }
  const Result<director::commit_info> base = vcs.resolve(ref.oid + "^");
  return put_aside(vcs, ref, Oid(base ? base->oid : std::string()), "its job was put aside", "");
}

Status Keeper::settle_kept(director::vcs& vcs, const run::RunState& state) const {
  const std::string own = std::string(kKeptRefs) + ref_part(plan_.job_id.value) + "/";
  DIRECTOR_TRY(const std::vector<director::ref> refs, vcs.list_refs(own));
  std::map<std::string, run::NodeStatus, std::less<>> status;
  for (std::size_t i = 0; i < state.nodes.size(); ++i) {
    status.emplace(own + ref_part(state.topology->ids[i].value), state.nodes[i].status);
  }
  for (const director::ref& ref : refs) {
    const auto node = status.find(ref.name.substr(0, ref.name.rfind('/')));
    if (node != status.end() && node->second == run::NodeStatus::Done) {
      DIRECTOR_CHECK(vcs.update_ref(ref.name, ref.oid, ""));
    }
  }
  const int days = services_.settings.workspace.kept_days;
  if (days > 0) {
    DIRECTOR_TRY(const int dropped,
                 drop_older_than(vcs, std::chrono::hours(24) * days, services_.clock.wall()));
    (void)dropped;
  }
  return ok();
}

Status Keeper::settle_tips(director::vcs& vcs, const run::RunState& state, const Oid& tip) const {
  const std::string own =
      std::string(kTips) + plan_.job_branch.substr(plan_.job_branch.find('/') + 1);
  // Somebody may have taken the branch away since its gates passed.
  const Result<director::commit_info> now = vcs.resolve("refs/heads/" + plan_.job_branch);
  const bool is_over =
      state.outcome == "done" && now && (now->oid == tip.value || vcs.history(now->oid, tip.value));
  Status all = is_over ? ok() : set_ref(vcs, own, tip);
  DIRECTOR_TRY(const std::vector<director::ref> tips, vcs.list_refs(kTips));
  for (const director::ref& ref : tips) {
    Status done = ref.name != own ? settle_tip(vcs, ref)
                  : is_over       ? vcs.update_ref(ref.name, ref.oid, "")
                                  : ok();
    if (!done) {
      all = std::move(done);
    }
  }
  return all;
}

Status Keeper::settle_tip(director::vcs& vcs, const director::ref& ref) const {
  const Result<director::commit_info> branch =
      vcs.resolve(std::string(kBranches) + ref.name.substr(kTips.size()));
  if (branch) {
    return vcs.update_ref(ref.name, ref.oid, "");  // the branch itself holds what landed
  }
  return branch.error().code() != Errc::NotFound
             ? Status(branch.error())
             : put_aside(vcs, ref, Oid(ref.oid), "its job's branch was deleted",
                         "What the branch had is in this commit's parents.");
}

}  // namespace director::engine
