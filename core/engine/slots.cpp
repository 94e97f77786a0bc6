#include "core/engine/slots.hpp"

#include <algorithm>
#include <utility>

#include "core/base/json.hpp"
#include "core/base/sha256.hpp"
#include "core/ports/slot_folders.hpp"

namespace director::engine {

namespace {

std::filesystem::path note_file(const director::slot& slot) {
  return std::filesystem::path(slot.meta_dir) / "in-use.json";
}

std::string name_of(const director::slot& slot) {
  return std::filesystem::path(slot.dir).filename().string();
}

/// Of which inputs `setup` last made what is in a slot for agents.
std::filesystem::path setup_stamp(const director::slot& slot) {
  return std::filesystem::path(slot.meta_dir) / "setup.stamp";
}
/// What `setup` made in a slot for gates: of which inputs and files, and what that is.
std::filesystem::path kept_stamp(const director::slot& slot) {
  return std::filesystem::path(slot.meta_dir) / "kept.stamp";
}
std::filesystem::path kept_record(const director::slot& slot) {
  return std::filesystem::path(slot.meta_dir) / "kept.record";
}
/// In the place of a tree: of one that landed.
constexpr const char* kLandedTree = "landed";

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
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  std::string files = tree.value;
  if (files.empty()) {
    DIRECTOR_TRY(const director::commit_info info, vcs->resolve(commit.value));
    files = info.tree;
  }
  const std::string due = setup_key(*vcs, files);
  if (const Result<std::string> last = services_.files.read(setup_stamp(slot));
      last && *last == due) {
    return ok();
  }
  DIRECTOR_CHECK(set_up(slot, cancel));
  // `setup` is for what is kept: the files of the commit stay as they are.
  DIRECTOR_CHECK(checkout(slot, commit, tree, workspace.keep));
  return services_.files.write(setup_stamp(slot), due);
}

Status Workspaces::prepare_anew(const director::slot& slot, const Oid& commit,
                                const ports::CancelToken& cancel) {
  DIRECTOR_CHECK(checkout(slot, commit, Oid(), {}));
  DIRECTOR_CHECK(services_.files.remove(setup_stamp(slot)));
  return prepare(slot, commit, Oid(), cancel);
}

Status Workspaces::prepare_to_gate(const director::slot& slot, const Oid& commit, const Oid& landed,
                                   const ports::CancelToken& cancel) {
  const config::Workspace& workspace = services_.settings.workspace;
  if (workspace.setup.empty()) {
    // What is not made by `setup` was made by gates: of that, nothing is kept.
    return checkout(slot, commit, Oid(), {});
  }
  std::string key;
  std::vector<std::string> trees;
  bool is_landed = false;
  {
    DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
    DIRECTOR_TRY(const director::commit_info wanted, vcs->resolve(commit.value));
    DIRECTOR_TRY(const director::commit_info below, vcs->resolve(landed.value));
    key = setup_key(*vcs, wanted.tree);
    trees = {wanted.tree};
    is_landed = setup_key(*vcs, below.tree) == key;
    if (is_landed) {
      trees = {kLandedTree, below.tree, wanted.tree};
    }
  }
  if (is_as_set_up(slot, key, trees)) {
    DIRECTOR_CHECK(checkout(slot, commit, Oid(), workspace.keep));
    const Result<std::string> record = services_.files.read(kept_record(slot));
    if (record && services_.slot_folders->restore(name_of(slot), workspace.keep, *record)) {
      return ok();
    }
  }
  // Of files that landed, where they are what counts: `setup` runs what it finds beside its inputs.
  DIRECTOR_CHECK(services_.files.remove(kept_stamp(slot)));
  DIRECTOR_CHECK(checkout(slot, is_landed ? landed : commit, Oid(), {}));
  DIRECTOR_CHECK(set_up(slot, cancel));
  DIRECTOR_CHECK(checkout(slot, commit, Oid(), workspace.keep));
  if (services_.slot_folders == nullptr) {
    return ok();
  }
  const Result<std::string> record = services_.slot_folders->record(name_of(slot), workspace.keep);
  if (!record) {
    services_.log.write(ports::LogLevel::Debug,
                        "workspace setup runs again the next time: " + record.error().message());
    return ok();
  }
  DIRECTOR_CHECK(services_.files.write(kept_record(slot), *record));
  return services_.files.write(kept_stamp(slot),
                               key + "\n" + (is_landed ? kLandedTree : trees.front()));
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

bool Workspaces::is_as_set_up(const director::slot& slot, const std::string& key,
                              const std::vector<std::string>& trees) const {
  const Result<std::string> stamp = services_.files.read(kept_stamp(slot));
  return services_.slot_folders != nullptr && stamp &&
         std::any_of(trees.begin(), trees.end(),
                     [&](const std::string& tree) { return *stamp == key + "\n" + tree; });
}

std::string Workspaces::setup_key(director::vcs& vcs, const std::string& tree) const {
  const config::Workspace& workspace = services_.settings.workspace;
  std::string inputs = workspace.setup;
  for (const std::string& path : workspace.setup_inputs) {
    const Result<std::string> bytes = vcs.read_file(tree, path);
    inputs += '\0' + path + '\0' + (bytes ? sha256_hex(*bytes) : "absent");
  }
  return sha256_hex(inputs);
}

Status Workspaces::set_up(const director::slot& slot, const ports::CancelToken& cancel) {
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
  if (ended.outcome != director::exec_outcome::exited || ended.exit_code != 0) {
    return Error(Errc::External, "workspace setup '" + setup + "' failed with exit status " +
                                     std::to_string(ended.exit_code) + ":\n" + output);
  }
  return ok();
}

}  // namespace director::engine
