/// The plugin that is checked, in the process that a check has to itself.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/platform/local_launcher.hpp"
#include "core/platform/system_clock.hpp"
#include "core/plugin/call_host.hpp"
#include "core/plugin/descriptor.hpp"
#include "core/plugin/discovery.hpp"
#include "director/plugin.h"
#include "sdk/kit/arena.hpp"
#include "sdk/kit/options.hpp"
#include "sdk/kit/outcome.hpp"
#include "sdk/kit/scripted_launcher.hpp"
#include "sdk/kit/stand_in.hpp"

namespace director::kit {

using plugin::Kind;

/// Stands in the environment and the configuration of a plugin that is checked, and must not be
/// seen where everybody can look.
inline constexpr std::string_view kSecret = "kit-secret-5f1e7c";

/// How a call into the plugin went.
struct Called {
  director_status status = DIRECTOR_OK;
  std::string error;   ///< what it said
  std::string breach;  ///< what it did that the ABI does not allow; empty: nothing

  [[nodiscard]] bool worked() const { return status == DIRECTOR_OK && breach.empty(); }
  /// For a reason: "failed (status 7): disk full".
  [[nodiscard]] std::string text() const;
};

/// What agents answer; safe from any thread.
class ScriptedDesk final : public ports::AgentDesk {
 public:
  [[nodiscard]] Result<std::string> ask(const std::string& role, const std::string& message,
                                        const std::string& workdir, const std::string& node,
                                        const ports::CancelToken& cancel) override;

  /// What it answers from now on. Not while calls are under way, like the next.
  void script(Result<std::string> answer) { answer_ = std::move(answer); }
  /// From now on it does not answer until the call is cancelled.
  void wait_for_cancel() { until_cancelled_ = true; }
  [[nodiscard]] std::vector<std::string> asked() const;
  [[nodiscard]] bool is_waiting() const { return waiting_.load(); }

 private:
  mutable std::mutex mutex_;
  Result<std::string> answer_ = std::string("kit");
  bool until_cancelled_ = false;
  std::vector<std::string> asked_;
  std::atomic<bool> waiting_ = false;
};

/// Keeps nothing.
class SilentLog final : public ports::Log {
 public:
  void write(ports::LogLevel, std::string_view) override {}
};

/// Folders of an instance; they exist.
struct Places {
  std::filesystem::path repo;
  std::filesystem::path state;
  std::filesystem::path cache;
};

/// The exported function.
struct EntryPoint {
  director_plugin_entry_fn call = nullptr;
};

class Subject;

/// An instance. What it was made with is there until it is destroyed.
class Made {
 public:
  Made(const Subject& subject, const director_instances* instances)
      : subject_(subject), instances_(instances) {}
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;
  ~Made();

  [[nodiscard]] void* handle() const { return handle_; }
  /// An instance that was made by hand.
  void adopt(void* handle) {
    handle_ = handle;
    made_ = true;
  }

 private:
  friend class Subject;
  const Subject& subject_;
  const director_instances* instances_;
  void* handle_ = nullptr;
  bool made_ = false;
  Arena inputs_;
  std::unique_ptr<ports::CallHost> host_;
};

/// Errors of its functions say why a check cannot be made; what the plugin did wrong is in Called.
class Subject {
 public:
  Subject(std::filesystem::path library, plugin::Form form, Options options,
          std::filesystem::path work);
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  /// Notes what is being done, for the reason if this process ends here.
  void step(std::string_view what) const;

  [[nodiscard]] const std::filesystem::path& library() const { return library_; }
  [[nodiscard]] const std::filesystem::path& work() const { return work_; }
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] bool is_program() const { return form_ == plugin::Form::Executable; }
  /// What it says of itself. Asked once if it is a program.
  [[nodiscard]] Result<plugin::Descriptor> who() const;
  /// Of a library, like the next: loads it, once. Errors: the loader's reason.
  [[nodiscard]] Result<EntryPoint> entry() const;
  [[nodiscard]] Result<const director_plugin*> descriptor() const;
  /// The kinds whose interface it has.
  [[nodiscard]] Result<std::vector<Kind>> kinds() const;
  [[nodiscard]] Result<const void*> table(Kind kind) const;
  template <typename Table>
  [[nodiscard]] const Table& table_as(Kind kind) const {
    return *static_cast<const Table*>(table(kind).value());
  }
  /// Its configuration as the host hands it over.
  [[nodiscard]] Result<std::string> config() const;

  /// The places that instances have unless a check needs others. Makes the folders.
  [[nodiscard]] Result<Places> places(std::string_view name = "main") const;
  [[nodiscard]] Result<std::unique_ptr<Made>> make(Kind kind, const Places& places) const;
  [[nodiscard]] Result<std::unique_ptr<Made>> make(Kind kind) const;
  /// A host of one call. `real`: commands are run, not played.
  [[nodiscard]] std::unique_ptr<ports::CallHost> host(ports::CancelToken cancel = {},
                                                      bool real = false) const;

  /// Runs the program as a person would, without what tells it that director started it. Null
  /// handler: its output is lost.
  [[nodiscard]] Result<ports::Exit> start_by_hand(const ports::LineHandler& on_line) const;

  /// The hosts of an adapter's calls; commands are played.
  [[nodiscard]] ports::HostServices& hosts() const { return hosts_; }

  /// `function(args..., error)`; noted as `what`.
  template <typename Function, typename... Args>
  [[nodiscard]] Called call(std::string_view what, Function function, Args... args) const {
    step(what);
    ErrorBuffer error;
    Called called;
    try {
      called.status = function(args..., error.raw());
    } catch (...) {
      called.breach = "let an exception out of " + std::string(what);
      return called;
    }
    judge(called, what, *error.raw(), error.text());
    return called;
  }

  /// Runs a shell command for the check itself. Errors: External with what it said.
  [[nodiscard]] Status shell(const std::string& command, const std::filesystem::path& cwd) const;

  [[nodiscard]] ScriptedLauncher& launcher() const { return launcher_; }
  [[nodiscard]] ScriptedDesk& desk() const { return desk_; }

 private:
  static void judge(Called& called, std::string_view what, const director_error& error,
                    std::string_view said);
  [[nodiscard]] Status fill(const std::filesystem::path& repo) const;

  std::filesystem::path library_;
  plugin::Form form_;
  Options options_;
  std::filesystem::path work_;
  platform::SystemClock clock_;
  mutable platform::LocalLauncher local_;
  StandIn tool_;
  mutable ScriptedLauncher launcher_;
  mutable ScriptedDesk desk_;
  mutable SilentLog log_;
  mutable plugin::PluginHost hosts_;
  mutable plugin::PluginHost real_hosts_;
  mutable std::optional<Result<EntryPoint>> entry_;
  mutable std::optional<Result<plugin::Descriptor>> hello_;
  mutable std::mutex control_;
  friend class Made;
};

}  // namespace director::kit
