// A repository behind director::vcs, by the plugin that director itself loads.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/sha256.hpp"
#include "core/base/text.hpp"
#include "core/platform/local_launcher.hpp"
#include "core/platform/paths.hpp"
#include "core/platform/system_clock.hpp"
#include "core/plugin/adapters/adapters.hpp"
#include "core/plugin/call_host.hpp"
#include "tests/e2e/scenario/repository.hpp"
#include "tests/fakes/recording_log.hpp"

namespace director::e2e {
namespace {

constexpr const char* kHeads = "refs/heads/";

/// The value; a failure ends in a default and a failed test.
template <typename T>
T must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message();
    return T();
  }
  return std::move(result).value();
}

void must(const Status& status) { EXPECT_TRUE(status) << status.error().message(); }

class PluginRepository final : public Repository {
 public:
  PluginRepository(World& world, const Backends& backends)
      : world_(world),
        backends_(backends),
        launcher_(clock_, platform::Environment::of_this_process()),
        hosts_(launcher_, clock_, log_, "test") {}

  void make(const fs::path& files) override {
    if (files.empty()) {
      write_file(world_.repo() / "README.md", "# A repository\n");
    } else {
      fs::copy(files, world_.repo(), fs::copy_options::recursive);
    }
    open();
  }

  void check_out(const std::string& branch, const fs::path& folder) override {
    const commit_info commit = must(vcs_->resolve(branch.empty() ? "HEAD" : branch));
    must(vcs_->checkout(slot_of(folder), commit.oid, "", {}));
    trees_[folder] = commit;
  }

  void commit(const fs::path& folder, const std::string& message,
              const std::string& branch) override {
    const commit_info parent = trees_[folder];
    const snapshot_result taken = must(vcs_->snapshot(slot_of(folder), parent.tree, {}));
    const std::string oid = must(vcs_->commit(taken.tree, parent.oid, message));
    const auto tip = vcs_->resolve(branch);
    must(vcs_->update_ref(kHeads + branch, tip ? tip->oid : "", oid));
    fs::remove_all(folder);
  }

  void git(const fs::path& /*folder*/, std::vector<std::string> args) override {
    ADD_FAILURE() << "there is no git here: " << text::join(args, " ");
  }

  std::string fingerprint() override {
    std::string all = "checkout\n" + folder_digest(world_.repo(), {".director"});
    for (const ref& one : must(vcs_->list_refs(""))) {
      if (!one.name.starts_with("refs/heads/director/") &&
          !one.name.starts_with("refs/director/")) {
        all += one.name + " " + one.oid + "\n";
      }
    }
    return all;
  }

  std::vector<std::string> changed(const std::string& branch) override {
    const commit_info head = must(vcs_->resolve("HEAD"));
    std::vector<std::string> paths;
    for (const change& one : must(vcs_->changes(head.tree, must(vcs_->resolve(branch)).tree))) {
      paths.push_back(one.path);
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  std::vector<std::string> landed(const std::string& branch) override {
    constexpr std::string_view kTrailer = "Director-Node: ";
    const std::string head = must(vcs_->resolve("HEAD")).oid;
    std::vector<std::string> nodes;
    for (const commit_info& one : must(vcs_->history(must(vcs_->resolve(branch)).oid, head))) {
      for (const std::string_view line : text::split_lines(one.message)) {
        if (line.starts_with(kTrailer)) {
          nodes.emplace_back(line.substr(kTrailer.size()));
        }
      }
    }
    return nodes;
  }

  std::optional<std::string> read(const std::string& branch, const std::string& path) override {
    auto bytes = vcs_->read_file(must(vcs_->resolve(branch)).tree, path);
    return bytes ? std::optional(std::move(bytes).value()) : std::nullopt;
  }

  void check_whole() override {
    for (const ref& one : must(vcs_->list_refs(""))) {
      for (const commit_info& commit : must(vcs_->history(one.oid, ""))) {
        EXPECT_TRUE(vcs_->changes(commit.tree, commit.tree)) << one.name << ": " << commit.oid;
      }
    }
  }

 private:
  void open() {
    std::vector<fs::path> folders = backends_.path;
    folders.emplace_back(DIRECTOR_TEST_PLUGINS);
    fs::path file;
    for (const fs::path& folder : folders) {
      file = file.empty() && fs::exists(folder / (backends_.vcs + ".so"))
                 ? folder / (backends_.vcs + ".so")
                 : file;
    }
    const plugin::Library* library = must(plugin::open_library(file));
    ASSERT_NE(library, nullptr);
    const fs::path cache = must(platform::repository_cache(
        fs::path(world_.environment()["XDG_CACHE_HOME"]) / "director", world_.repo()));
    const instance_info info{"{}", world_.repo().string(), world_.state().string(),
                             (cache / "plugins" / backends_.vcs).string()};
    fs::create_directories(fs::path(info.cache_dir) / "agent");
    auto made = plugin::make_vcs({*library, info, hosts_, {}});
    ASSERT_TRUE(made) << made.error().message();
    vcs_ = std::move(made).value();
  }

  static slot slot_of(const fs::path& folder) {
    return {folder.string(), folder.string() + ".meta"};
  }

  World& world_;
  Backends backends_;
  platform::SystemClock clock_;
  platform::LocalLauncher launcher_;
  testing::RecordingLog log_;
  plugin::PluginHost hosts_;
  std::unique_ptr<vcs> vcs_;
  std::map<fs::path, commit_info> trees_;
};

}  // namespace

std::unique_ptr<Repository> open_plugin_repository(World& world, const Backends& backends);
std::unique_ptr<Repository> open_plugin_repository(World& world, const Backends& backends) {
  return std::make_unique<PluginRepository>(world, backends);
}

}  // namespace director::e2e
