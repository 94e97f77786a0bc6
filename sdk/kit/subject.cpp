#include "sdk/kit/subject.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/config/schema.hpp"
#include "core/plugin/exec/executable.hpp"
#include "core/plugin/instance.hpp"
#include "sdk/kit/program.hpp"

namespace director::kit {
namespace {

namespace fs = std::filesystem;

std::string replaced(std::string text, std::string_view what, const std::string& with) {
  // In JSON text: a path's quotes and backslashes are escaped as there.
  const std::string quoted = json_quote(with);
  const std::string inner = quoted.substr(1, quoted.size() - 2);
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + inner.size())) {
    text.replace(at, what.size(), inner);
  }
  return text;
}

}  // namespace

std::string Called::text() const {
  if (!breach.empty()) {
    return breach;
  }
  return status == DIRECTOR_OK ? "worked"
                               : "failed (status " + std::to_string(status) + "): " + error;
}

Result<std::string> ScriptedDesk::ask(const std::string& role, const std::string& message,
                                      const std::string& workdir, const std::string& /*node*/,
                                      const ports::CancelToken& cancel) {
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(message);
  }
  if (role.empty() || !workdir.starts_with('/')) {
    return Error(Errc::Invalid, "cannot ask role '" + role + "' in '" + workdir + "'");
  }
  if (until_cancelled_) {
    waiting_ = true;
    while (!cancel.cancelled()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    waiting_ = false;
    return Error(Errc::Cancelled, "cancelled");
  }
  return answer_;
}

std::vector<std::string> ScriptedDesk::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

Made::~Made() {
  if (!made_) {
    return;
  }
  const std::lock_guard lock(subject_.control_);
  subject_.step("destroy");
  try {
    instances_->destroy(handle_);
  } catch (...) {
    // common.fenced looks for it.
  }
}

Subject::Subject(fs::path library, plugin::Form form, Options options, fs::path work)
    : library_(std::move(library)),
      form_(form),
      options_(std::move(options)),
      work_(std::move(work)),
      local_(clock_, platform::Environment::of_this_process()),
      tool_(work_ / "tool"),
      launcher_(local_),
      hosts_(launcher_, clock_, log_, "kit"),
      real_hosts_(local_, clock_, log_, "kit") {
  if (is_program()) {
    launcher_.play_with(tool_);
    launcher_.script("", exits(0));
  }
}

void Subject::step(std::string_view what) const {
  // Whole at once, as the process may end in the next instant; several threads may be at it.
  const int file = ::open((work_ / "step").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file >= 0) {
    [[maybe_unused]] const ssize_t written = ::write(file, what.data(), what.size());
    ::close(file);
  }
}

Result<EntryPoint> Subject::entry() const {
  if (!entry_) {
    step("loading");
    void* handle = ::dlopen(library_.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      entry_ = Error(Errc::Invalid, "it does not load: " + std::string(::dlerror()));
    } else if (void* found = ::dlsym(handle, "director_plugin_entry"); found == nullptr) {
      entry_ = Error(Errc::Invalid, "it exports no director_plugin_entry");
    } else {
      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
      entry_ = EntryPoint{reinterpret_cast<director_plugin_entry_fn>(found)};
    }
  }
  return *entry_;
}

Result<const director_plugin*> Subject::descriptor() const {
  DIRECTOR_TRY(const EntryPoint exported, entry());
  step("director_plugin_entry");
  try {
    const director_plugin* raw = exported.call(DIRECTOR_ABI_MAJOR, DIRECTOR_ABI_MINOR);
    DIRECTOR_TRY(const plugin::Descriptor known, plugin::negotiate(raw, "it"));
    (void)known;
    return raw;
  } catch (...) {
    return Error(Errc::Internal, "it let an exception out of director_plugin_entry");
  }
}

Result<plugin::Descriptor> Subject::who() const {
  if (!is_program()) {
    DIRECTOR_TRY(const director_plugin* raw, descriptor());
    return plugin::negotiate(raw, "it");
  }
  if (!hello_) {
    step("its hello");
    hello_ = plugin::exec::ask_hello(local_, clock_, library_);
    if (*hello_) {
      examine_program({library_, **hello_});
    }
  }
  return *hello_;
}

Result<ports::Exit> Subject::start_by_hand(const ports::LineHandler& on_line) const {
  constexpr std::chrono::seconds kPatience{10};
  step("a start by hand");
  ports::Command command;
  command.argv = {library_.string()};
  command.cwd = work_.string();
  command.env_unset = {"DIRECTOR_*"};
  command.deadline = clock_.now() + kPatience;
  return local_.run(command, on_line, {});
}

Result<const void*> Subject::table(Kind kind) const {
  if (is_program()) {
    DIRECTOR_TRY(const plugin::Descriptor known, who());
    return known.kinds.front() == kind ? program_table(kind) : nullptr;
  }
  DIRECTOR_TRY(const director_plugin* raw, descriptor());
  step("get_interface");
  return raw->get_interface(plugin::interface_id(kind));
}

Result<std::vector<Kind>> Subject::kinds() const {
  std::vector<Kind> all;
  for (const Kind kind : plugin::kKinds) {
    DIRECTOR_TRY(const void* found, table(kind));
    if (found != nullptr) {
      all.push_back(kind);
    }
  }
  return all;
}

Result<std::string> Subject::config() const {
  DIRECTOR_TRY(const plugin::Descriptor known, who());
  config::PluginTable table;
  table.json = replaced(options_.plugin_json, "${here}", options_.here);
  table.json = replaced(table.json, "${work}", work_.string());
  table.json = replaced(table.json, "${secret}", std::string(kSecret));
  table.json = replaced(table.json, "${tool}", tool_.program().string());
  return config::check_plugin_config(table, known.config_schema.value_or(""), known.id);
}

Status Subject::fill(const fs::path& repo) const {
  for (const auto& [name, text] :
       {std::pair{"README", "read me\n"}, std::pair{"src/a.txt", "one\n"},
        std::pair{"src/deep/b.txt", "two\n"}, std::pair{"run.sh", "#!/bin/sh\n"}}) {
    std::error_code error;
    fs::create_directories((repo / name).parent_path(), error);
    std::ofstream(repo / name, std::ios::binary) << text;
  }
  std::error_code error;
  fs::permissions(repo / "run.sh", fs::perms(0755), error);
  fs::create_symlink("README", repo / "link", error);
  return options_.vcs_init.empty()
             ? ok()
             : shell(options_.vcs_init, repo).context("vcs.init does not work");
}

Result<Places> Subject::places(std::string_view name) const {
  const fs::path root = work_ / name;
  Places made{root / "repo", root / "repo/.director", root / "cache"};
  std::error_code error;
  if (fs::exists(made.repo, error)) {
    return made;
  }
  fs::create_directories(made.repo, error);
  DIRECTOR_CHECK(fill(made.repo));
  fs::create_directories(made.state, error);
  fs::create_directories(made.cache / "agent", error);
  if (error) {
    return Error(Errc::Io, "cannot create '" + made.cache.string() + "': " + error.message());
  }
  return made;
}

Result<std::unique_ptr<Made>> Subject::make(Kind kind) const {
  DIRECTOR_TRY(const Places main, places());
  return make(kind, main);
}

Result<std::unique_ptr<Made>> Subject::make(Kind kind, const Places& places) const {
  DIRECTOR_TRY(const void* table, table(kind));
  if (table == nullptr) {
    return Error(Errc::Invalid, "it is no " + std::string(plugin::to_string(kind)));
  }
  DIRECTOR_TRY(const std::string json, config());
  const auto* instances = static_cast<const plugin::TableHead*>(table)->instances;
  if (instances == nullptr || instances->create == nullptr || instances->destroy == nullptr) {
    return Error(Errc::Internal, "its table cannot make instances");
  }
  auto made = std::make_unique<Made>(*this, instances);
  made->host_ = host();
  Arena& in = made->inputs_;
  const auto* request = in.put(director_instance_request{
      sizeof(director_instance_request), 0, in.text(json), in.text(places.repo.string()),
      in.text(places.state.string()), in.text(places.cache.string())});
  const std::lock_guard lock(control_);
  const Called called =
      call("create", instances->create, made->host_->services().raw(), request, &made->handle_);
  if (!called.worked()) {
    return Error(called.status == DIRECTOR_NOT_FOUND ? Errc::NotFound : Errc::External,
                 "no instance can be made: create " + called.text());
  }
  made->made_ = true;
  return made;
}

std::unique_ptr<ports::CallHost> Subject::host(ports::CancelToken cancel, bool real) const {
  ports::CallScope scope;
  scope.label = "kit";
  scope.purpose = ports::Purpose::Agent;
  scope.cancel = std::move(cancel);
  scope.desk = &desk_;
  return (real ? real_hosts_ : hosts_).open(std::move(scope));
}

void Subject::judge(Called& called, std::string_view what, const director_error& error,
                    std::string_view said) {
  called.error = text::printable(text::cut_middle(said, 400));
  const std::string name(what);
  if (error.size > error.capacity) {
    called.breach = name + " wrote an error text of " + std::to_string(error.size) +
                    " bytes into a buffer of " + std::to_string(error.capacity);
  } else if (called.status < DIRECTOR_OK || called.status > DIRECTOR_INTERNAL) {
    called.breach =
        name + " gave status " + std::to_string(called.status) + ", which the ABI does not have";
  } else if (called.status != DIRECTOR_OK && said.empty()) {
    called.breach =
        name + " failed (status " + std::to_string(called.status) + ") and did not say why";
  }
}

Status Subject::shell(const std::string& command, const fs::path& cwd) const {
  ports::Command run;
  run.argv = {"/bin/sh", "-c", command};
  run.cwd = cwd.string();
  std::string said;
  DIRECTOR_TRY(const ports::Exit exit, local_.run(run,
                                                  [&said](const ports::OutputLine& line) {
                                                    said += std::string(line.text) + "\n";
                                                    return true;
                                                  },
                                                  {}));
  if (exit.kind != ports::ExitKind::Exited || exit.exit_code != 0) {
    return Error(Errc::External, "'" + command + "' ended with status " +
                                     std::to_string(exit.exit_code) + ": " +
                                     text::printable(text::cut_middle(said, 500)));
  }
  return ok();
}

}  // namespace director::kit
