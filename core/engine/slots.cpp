#include "core/engine/slots.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/base/json.hpp"
#include "core/base/nesting.hpp"
#include "core/base/sha256.hpp"
#include "core/base/text.hpp"
#include "core/ports/slot_folders.hpp"

namespace director::engine {

namespace {

std::filesystem::path note_file(const director::slot& slot) {
  return std::filesystem::path(slot.meta_dir) / "in-use.json";
}

std::string name_of(const director::slot& slot) {
  return std::filesystem::path(slot.dir).filename().string();
}

/// In a slot for agents: what `setup` last ran there, and on which tree.
std::filesystem::path setup_stamp(const director::slot& slot) {
  return std::filesystem::path(slot.meta_dir) / "setup.stamp";
}
/// In a slot for gates: the same, and whether that tree had landed; and what it made.
std::filesystem::path kept_stamp(const director::slot& slot) {
  return std::filesystem::path(slot.meta_dir) / "kept.stamp";
}
std::filesystem::path kept_record(const director::slot& slot) {
  return std::filesystem::path(slot.meta_dir) / "kept.record";
}
constexpr const char* kLanded = "landed";

/// Lines of a stamp; those that are missing are empty.
struct Stamp {
  std::string key;
  std::string tree;
  std::string landed;
};

std::string text_of(const Stamp& stamp) {
  return stamp.key + "\n" + stamp.tree + "\n" + stamp.landed + "\n";
}

Stamp read_stamp(ports::FileStore& files, const std::filesystem::path& path) {
  const Result<std::string> bytes = files.read(path);
  const std::vector<std::string_view> lines =
      bytes ? text::split_lines(*bytes) : std::vector<std::string_view>();
  Stamp stamp;
  std::string* const fields[] = {&stamp.key, &stamp.tree, &stamp.landed};
  for (std::size_t i = 0; i < std::min(lines.size(), std::size(fields)); ++i) {
    *fields[i] = lines[i];
  }
  return stamp;
}

/// Whether two trees have the same at `paths` and in them.
Result<bool> are_alike(director::vcs& vcs, const std::string& before, const std::string& after,
                       const std::vector<std::string>& paths) {
  if (before == after || paths.empty()) {
    return true;
  }
  DIRECTOR_TRY(const std::vector<director::change> changes, vcs.changes(before, after));
  return std::none_of(changes.begin(), changes.end(), [&](const director::change& change) {
    return lies_within_any(change.path, paths);
  });
}

/// How a command of `setup` that did not succeed ended.
std::string ending_of(const director::exec_result& ended) {
  switch (ended.outcome) {
    case director::exec_outcome::signaled:
      return "by signal " + std::to_string(ended.signal);
    case director::exec_outcome::timed_out:
      return "since its time was over";
    case director::exec_outcome::stalled:
      return "since it gave no output for too long";
    case director::exec_outcome::exited:
    case director::exec_outcome::cancelled:
    case director::exec_outcome::stopped:
      break;
  }
  return "with exit status " + std::to_string(ended.exit_code);
}

Result<SlotNote> read_note(std::string_view text) {
  DIRECTOR_TRY(const Json json, parse_json(text));
  SlotNote note;
  DIRECTOR_TRY(note.job.value, json.get_string("job"));
  DIRECTOR_TRY(note.node.value, json.get_string("node"));
  DIRECTOR_TRY(const std::int64_t attempt, json.get_int("attempt"));
  note.attempt = static_cast<int>(attempt);
  DIRECTOR_TRY(note.base.value, json.get_string("base"));
  DIRECTOR_TRY(note.start.value, json.get_string("start"));
  return note;
}

}  // namespace

director::slot slot_named(const Folders& folders, const std::string& name) {
  return {(folders.slots() / name).string(), (folders.slots() / (name + ".meta")).string()};
}

Status occupy_slot(ports::FileStore& files, const director::slot& slot, const SlotNote& note) {
  JsonWriter out;
  out.begin_object();
  out.member("job", note.job.value);
  out.member("node", note.node.value);
  out.member("attempt", note.attempt);
  out.member("base", note.base.value);
  out.member("start", note.start.value);
  out.end_object();
  // Under another name first: a kill within the write would leave a note that names no node.
  const std::filesystem::path unfinished = std::filesystem::path(slot.meta_dir) / "in-use.new";
  DIRECTOR_TRY(const std::unique_ptr<ports::AppendFile> file, files.open_append(unfinished, 0));
  DIRECTOR_CHECK(file->append(out.take()));
  return files.move(unfinished, note_file(slot));
}

Status free_slot(ports::FileStore& files, const director::slot& slot) {
  return files.remove(note_file(slot));
}

std::optional<SlotNote> slot_note(ports::FileStore& files, const director::slot& slot) {
  const Result<std::string> text = files.read(note_file(slot));
  if (!text && text.error().code() == Errc::NotFound) {
    return std::nullopt;
  }
  const Result<SlotNote> note = text ? read_note(*text) : Result<SlotNote>(text.error());
  if (note) {
    return *note;
  }
  return SlotNote{JobId("unknown"), NodeId(name_of(slot)), 0, Oid(), Oid()};
}

SlotLease SlotPool::lease() {
  std::unique_ptr<director::slot> slot;
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->idle.empty()) {
      slot = std::move(state_->idle.back());
      state_->idle.pop_back();
    }
    // Where no note can be read, every slot looks taken: one that nobody can have reached is handed
    // out then, and preparing it says what is wrong.
    constexpr int kMostTaken = 1000;
    for (int taken = 0; !slot; ++taken) {
      const std::string name = state_->sort + "-" + std::to_string(++state_->made);
      slot = std::make_unique<director::slot>(slot_named(state_->folders, name));
      if (taken < kMostTaken && !state_->is_free(*slot)) {
        slot.reset();
      }
    }
  }
  return leased(std::move(slot));
}

SlotLease SlotPool::lease_idle() {
  std::unique_ptr<director::slot> slot;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->idle.empty()) {
      return nullptr;
    }
    slot = std::move(state_->idle.back());
    state_->idle.pop_back();
  }
  return leased(std::move(slot));
}

SlotLease SlotPool::leased(std::unique_ptr<director::slot> slot) const {
  return {slot.release(), [state = state_](const director::slot* back) {
            std::unique_ptr<director::slot> returned(const_cast<director::slot*>(back));
            const std::lock_guard lock(state->mutex);
            if (state->is_free(*returned)) {
              state->idle.push_back(std::move(returned));
            }
          }};
}

void Workspaces::add_idle_verify(std::vector<SlotLease>& slots, std::size_t most) {
  while (slots.size() < most) {
    SlotLease idle = verify_.lease_idle();
    if (!idle) {
      return;
    }
    slots.push_back(std::move(idle));
  }
}

Status Workspaces::prepare(const director::slot& slot, const Oid& commit, const Oid& tree,
                           const ports::CancelToken& cancel) {
  const config::Workspace& workspace = services_.settings.workspace;
  DIRECTOR_CHECK(checkout(slot, commit, tree, workspace.keep));
  if (workspace.setup.empty()) {
    return ok();
  }
  std::string files = tree.value;
  {
    DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
    if (files.empty()) {
      DIRECTOR_TRY(const director::commit_info info, vcs->resolve(commit.value));
      files = info.tree;
    }
    const Stamp last = read_stamp(services_.files, setup_stamp(slot));
    if (last.key == setup_key() &&
        are_alike(*vcs, last.tree, files, workspace.setup_inputs).value_or(false)) {
      return ok();
    }
  }
  DIRECTOR_CHECK(services_.files.remove(setup_stamp(slot)));
  DIRECTOR_TRY(const std::string failure, set_up(slot, cancel));
  if (!failure.empty() && tree.empty()) {
    return Error(Errc::External, failure);
  }
  // `setup` is for what is kept: the files of the commit stay as they are.
  DIRECTOR_CHECK(checkout(slot, commit, tree, workspace.keep));
  if (!failure.empty()) {
    // On an agent's own work, which the agent is to mend.
    services_.log.write(ports::LogLevel::Warning, services_.redactor.mask(failure));
    return ok();
  }
  return services_.files.write(setup_stamp(slot), text_of({setup_key(), files, {}}));
}

Status Workspaces::prepare_anew(const director::slot& slot, const Oid& commit,
                                const ports::CancelToken& cancel) {
  DIRECTOR_CHECK(checkout(slot, commit, Oid(), {}));
  DIRECTOR_CHECK(services_.files.remove(setup_stamp(slot)));
  return prepare(slot, commit, Oid(), cancel);
}

Result<std::string> Workspaces::prepare_to_gate(const director::slot& slot, const Oid& commit,
                                                const Oid& landed,
                                                const ports::CancelToken& cancel) {
  const config::Workspace& workspace = services_.settings.workspace;
  if (workspace.setup.empty()) {
    // What is not made by `setup` was made by gates: of that, nothing is kept.
    DIRECTOR_CHECK(checkout(slot, commit, Oid(), {}));
    return std::string();
  }
  DIRECTOR_TRY(const ToGate wanted, to_gate(slot, commit, landed));
  if (wanted.is_set_up) {
    DIRECTOR_CHECK(checkout(slot, commit, Oid(), workspace.keep));
    const Result<std::string> record = services_.files.read(kept_record(slot));
    if (record && services_.slot_folders->restore(name_of(slot), workspace.keep, *record)) {
      if (wanted.is_newer) {
        DIRECTOR_CHECK(write_kept_stamp(slot, wanted));
      }
      return std::string();
    }
  }
  // Of files that landed, where they are what counts: `setup` runs what it finds beside its inputs.
  const Oid& first = wanted.by_landed ? landed : commit;
  DIRECTOR_CHECK(services_.files.remove(kept_stamp(slot)));
  DIRECTOR_CHECK(checkout(slot, first, Oid(), {}));
  DIRECTOR_TRY(std::string failure, set_up(slot, cancel));
  if (!failure.empty()) {
    return wanted.by_landed ? Result<std::string>(Error(Errc::External, failure))
                            : Result<std::string>(std::move(failure));
  }
  DIRECTOR_CHECK(checkout(slot, first, Oid(), workspace.keep));
  // Before the candidate's files are there: what it has in a kept folder is none of what is kept.
  DIRECTOR_CHECK(record_kept(slot, wanted));
  if (first != commit) {
    DIRECTOR_CHECK(checkout(slot, commit, Oid(), workspace.keep));
  }
  return std::string();
}

Result<Workspaces::ToGate> Workspaces::to_gate(const director::slot& slot, const Oid& commit,
                                               const Oid& landed) const {
  const config::Workspace& workspace = services_.settings.workspace;
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  DIRECTOR_TRY(const director::commit_info files, vcs->resolve(commit.value));
  DIRECTOR_TRY(const director::commit_info below, vcs->resolve(landed.value));
  ToGate wanted;
  DIRECTOR_TRY(wanted.by_landed, are_alike(*vcs, below.tree, files.tree, workspace.setup_inputs));
  wanted.setup_tree = wanted.by_landed ? below.tree : files.tree;
  const Stamp last = read_stamp(services_.files, kept_stamp(slot));
  const bool counts = last.tree == files.tree ||
                      (wanted.by_landed && (last.landed == kLanded || last.tree == below.tree));
  // A file of the tree in a kept folder is not what `setup` made.
  std::vector<std::string> paths = workspace.setup_inputs;
  paths.insert(paths.end(), workspace.keep.begin(), workspace.keep.end());
  wanted.is_set_up = services_.slot_folders != nullptr && counts && last.key == setup_key() &&
                     are_alike(*vcs, last.tree, files.tree, paths).value_or(false);
  wanted.is_newer = wanted.is_set_up && wanted.by_landed && last.landed == kLanded &&
                    last.tree != below.tree &&
                    are_alike(*vcs, last.tree, below.tree, paths).value_or(false);
  return wanted;
}

Status Workspaces::record_kept(const director::slot& slot, const ToGate& wanted) const {
  if (services_.slot_folders == nullptr) {
    return ok();
  }
  const Result<std::string> record =
      services_.slot_folders->record(name_of(slot), services_.settings.workspace.keep);
  if (!record) {
    services_.log.write(ports::LogLevel::Debug,
                        "workspace setup runs again the next time: " + record.error().message());
    return ok();
  }
  DIRECTOR_CHECK(services_.files.write(kept_record(slot), *record));
  return write_kept_stamp(slot, wanted);
}

Status Workspaces::write_kept_stamp(const director::slot& slot, const ToGate& wanted) const {
  return services_.files.write(
      kept_stamp(slot), text_of({setup_key(), wanted.setup_tree, wanted.by_landed ? kLanded : ""}));
}

Status Workspaces::checkout(const director::slot& slot, const Oid& commit, const Oid& tree,
                            const std::vector<std::string>& keep) const {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  // A daemon writes whenever it likes, and may have come after the slot was left.
  const bool untouched =
      services_.untouched->remove(slot.dir) && !services_.hosts.has_served(slot.dir);
  DIRECTOR_CHECK(untouched ? vcs->checkout_untouched(slot, commit.value, tree.value, keep)
                           : vcs->checkout(slot, commit.value, tree.value, keep));
  looked_at(slot);
  return ok();
}

void Workspaces::looked_at(const director::slot& slot) const {
  // In other folders, people write.
  if (slot.dir.starts_with(services_.folders.slots().string() + "/")) {
    services_.untouched->add(slot.dir);
  }
}

std::string Workspaces::setup_key() const {
  const config::Workspace& workspace = services_.settings.workspace;
  std::string key = workspace.setup;
  for (const std::vector<std::string>* paths : {&workspace.setup_inputs, &workspace.keep}) {
    key += '\0';
    for (const std::string& path : *paths) {
      key += '\0' + path;
    }
  }
  return sha256_hex(key);
}

Result<std::string> Workspaces::set_up(const director::slot& slot,
                                       const ports::CancelToken& cancel) {
  const std::string& setup = services_.settings.workspace.setup;
  services_.untouched->remove(slot.dir);
  const std::unique_ptr<ports::CallHost> call = services_.hosts.open(
      {.label = "workspace setup",
       .purpose = ports::Purpose::Setup,
       .cancel = cancel,
       .deadline = services_.clock.now() + services_.settings.limits.node_timeout});
  director::exec_request request;
  request.argv = {"/bin/sh", "-c", setup};
  request.cwd = slot.dir;
  std::string output;
  DIRECTOR_TRY(const director::exec_result ended,
               call->services().exec(request, [&output](const director::exec_line& line) {
                 output.append(line.text).push_back('\n');
                 constexpr std::size_t kKeep = 16384;
                 if (output.size() > 2 * kKeep) {
                   output.erase(0, output.size() - kKeep);
                 }
                 return true;
               }));
  if (ended.outcome == director::exec_outcome::exited && ended.exit_code == 0) {
    return std::string();
  }
  if (ended.outcome == director::exec_outcome::cancelled) {
    return Error(Errc::Cancelled, "interrupted");
  }
  const std::string limit = call->limit();
  std::string failure = "workspace setup '" + setup + "' failed " + ending_of(ended) +
                        (limit.empty() ? "" : "; " + limit) + ":\n" + output;
  // What ran out of time or of anything else says nothing about what it ran on.
  const bool is_its_word = ended.outcome == director::exec_outcome::exited && limit.empty();
  return is_its_word ? Result<std::string>(std::move(failure))
                     : Result<std::string>(Error(Errc::External, std::move(failure)));
}

}  // namespace director::engine
