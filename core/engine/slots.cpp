#include "core/engine/slots.hpp"

#include <utility>

#include "core/base/json.hpp"
#include "core/base/sha256.hpp"

namespace director::engine {

namespace {

std::filesystem::path note_file(const director::slot& slot) {
  return std::filesystem::path(slot.meta_dir) / "in-use.json";
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
  const std::string name = std::filesystem::path(slot.dir).filename().string();
  return SlotNote{JobId("unknown"), NodeId(name), 0, Oid(), Oid()};
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
  return {slot.release(), [state = state_](const director::slot* back) {
            std::unique_ptr<director::slot> returned(const_cast<director::slot*>(back));
            const std::lock_guard lock(state->mutex);
            if (state->is_free(*returned)) {
              state->idle.push_back(std::move(returned));
            }
          }};
}

Status Workspaces::prepare(const director::slot& slot, const Oid& commit, const Oid& tree,
                           const ports::CancelToken& cancel) {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  DIRECTOR_CHECK(vcs->checkout(slot, commit.value, tree.value, services_.settings.workspace.keep));
  if (services_.settings.workspace.setup.empty()) {
    return ok();
  }
  if (!tree.empty()) {
    return set_up(*vcs, slot, tree, cancel);
  }
  DIRECTOR_TRY(const director::commit_info info, vcs->resolve(commit.value));
  return set_up(*vcs, slot, Oid(info.tree), cancel);
}

Status Workspaces::set_up(director::vcs& vcs, const director::slot& slot, const Oid& tree,
                          const ports::CancelToken& cancel) {
  const config::Workspace& workspace = services_.settings.workspace;
  std::string inputs = workspace.setup;
  for (const std::string& path : workspace.setup_inputs) {
    const Result<std::string> bytes = vcs.read_file(tree.value, path);
    inputs += '\0' + path + '\0' + (bytes ? sha256_hex(*bytes) : "absent");
  }
  const std::string due = sha256_hex(inputs);
  const std::filesystem::path stamp = std::filesystem::path(slot.meta_dir) / "setup.stamp";
  if (const Result<std::string> last = services_.files.read(stamp); last && *last == due) {
    return ok();
  }
  const std::unique_ptr<ports::CallHost> call = services_.hosts.open(
      {.label = "workspace setup",
       .purpose = ports::Purpose::Setup,
       .cancel = cancel,
       .deadline = services_.clock.now() + services_.settings.limits.node_timeout});
  director::exec_request request;
  request.argv = {"/bin/sh", "-c", workspace.setup};
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
    return Error(Errc::External, "workspace setup '" + workspace.setup +
                                     "' failed with exit status " +
                                     std::to_string(ended.exit_code) + ":\n" + output);
  }
  return services_.files.write(stamp, due);
}

}  // namespace director::engine
