/// What the engine works with. Wired by cli/, or by a test.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "core/base/redactor.hpp"
#include "core/config/settings.hpp"
#include "core/engine/untouched.hpp"
#include "core/ports/backends.hpp"
#include "core/ports/cancel.hpp"
#include "core/ports/clock.hpp"
#include "core/ports/file_store.hpp"
#include "core/ports/host_services.hpp"
#include "core/ports/log.hpp"
#include "core/ports/pool.hpp"
#include "core/ports/slot_folders.hpp"

namespace director::engine {

struct Folders {
  std::filesystem::path repo;   ///< absolute; the user's repository
  std::filesystem::path state;  ///< its .director
  std::filesystem::path cache;  ///< private to this repository, outside of it

  /// A plugin's own folder.
  [[nodiscard]] std::filesystem::path plugin(const std::string& id) const {
    return cache / "plugins" / id;
  }
  /// The part of it that its agents' commands may write.
  [[nodiscard]] std::filesystem::path agent_state(const std::string& id) const {
    return plugin(id) / "agent";
  }
  [[nodiscard]] std::filesystem::path slots() const { return cache / "slots"; }
  [[nodiscard]] std::filesystem::path journal() const { return state / "journal.jsonl"; }
  [[nodiscard]] std::filesystem::path plan() const { return state / "plan.json"; }
  [[nodiscard]] std::filesystem::path stage() const { return state / "plan_stage.json"; }
  [[nodiscard]] std::filesystem::path recon() const { return state / "recon.md"; }
  [[nodiscard]] std::filesystem::path spec() const { return state / "spec.md"; }
  [[nodiscard]] std::filesystem::path node_state() const { return state / "state.json"; }
  [[nodiscard]] std::filesystem::path logs() const { return state / "logs"; }
};

struct Backends {
  ports::Pool<director::vcs>* vcs = nullptr;
  ports::Pool<director::gate>* gate = nullptr;
  ports::Pool<director::reviewer>* reviewer = nullptr;
  std::map<std::string, ports::Pool<director::runner>*> runners;  ///< by plugin id
  /// One instance each, used under a lock.
  std::map<std::string, director::sink*> sinks;
};

/// The system prompt of each agent: "brainstorm", "planner", "explorer", "test-author", "executor",
/// "reviewer".
using RolePrompts = std::map<std::string, std::string>;

/// References live as long as the engine.
struct Services {
  ports::Clock& clock;
  ports::FileStore& files;
  ports::Log& log;
  ports::HostServices& hosts;
  Backends backends;
  config::Settings settings;
  Folders folders;
  RolePrompts prompts;
  ports::CancelToken interrupt;
  ports::SlotFolders* slot_folders = nullptr;  ///< null: slots leave nothing to tidy up
  Redactor redactor{};                         ///< for what plugins say, before it is kept
  /// Of all that work with these services.
  std::shared_ptr<UntouchedSlots> untouched = std::make_shared<UntouchedSlots>();
};

}  // namespace director::engine
