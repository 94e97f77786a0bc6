/// A repository, a folder of state and scripted backends: everything that outlives a director's
/// process, and a way to start one.
#pragma once

#include <gmock/gmock.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/adopt.hpp"
#include "core/engine/books.hpp"
#include "core/engine/plan_engine.hpp"
#include "core/engine/replay.hpp"
#include "core/engine/run_engine.hpp"
#include "tests/fakes/fake_clock.hpp"
#include "tests/fakes/fake_hosts.hpp"
#include "tests/fakes/fake_vcs.hpp"
#include "tests/fakes/memory_file_store.hpp"
#include "tests/fakes/memory_slot_folders.hpp"
#include "tests/fakes/recording_log.hpp"
#include "tests/fakes/scripted_backends.hpp"
#include "tests/fakes/shared_pool.hpp"
#include "tests/unit/matchers.hpp"

namespace director::engine::testing {

using director::testing::AgentCall;
using director::testing::FileMap;
using director::testing::Turn;

inline constexpr const char* kJob = "20260101-000000";
inline constexpr const char* kBranch = "director/job-20260101-000000";
inline const std::string kRef = std::string("refs/heads/") + kBranch;

/// A node that writes file "<id>.txt" and is done when its gate's words hold.
plan::Node node(const std::string& id, std::vector<std::string> needs = {},
                std::string command = "");

/// What a process that is killed or ends leaves behind.
class World {
 public:
  World();
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Starts a job whose plan is frozen already, its tests on the job branch.
  void adopt(std::vector<plan::Node> nodes);

  /// Each named node's agent does what is asked on the first try.
  void obedient(const std::vector<std::string>& ids);

  /// A director's process: replays, closes what was open, runs to the end.
  Result<run::RunState> run(RunOptions options = {});

  /// What a director does before a run begins.
  Status ready();

  /// A director's process that plans: creates the job if there is none, else goes on, with an
  /// approval if asked.
  Result<PlanEnd> plan(const run::JobCreated& wanted, bool approve = false);

  /// A director that starts a job although there is one.
  Status create_again(const run::JobCreated& wanted);

  [[nodiscard]] run::JobCreated job(bool automatic = true, bool critique = false) const;

  /// The job as its journal tells it.
  Result<JobState> replayed();
  [[nodiscard]] std::filesystem::path journal() const { return "/repo/.director/journal.jsonl"; }

  /// How often each node landed, by the trailers on the job branch.
  [[nodiscard]] std::map<std::string, int> landings() const;

  void write_events(const std::vector<run::Event>& events);

  /// Every port that can fail fails by this.
  void inject(director::testing::Fault* fault);

  /// What a process is wired with.
  std::unique_ptr<Services> wire();

  director::testing::FakeRepository repository;
  director::testing::MemorySlotFolders slot_folders{repository};
  director::testing::MemoryFileStore files;
  director::testing::FakeClock clock{std::chrono::milliseconds(500)};
  director::testing::RecordingLog log;
  director::testing::FakeHostServices hosts;
  director::testing::ScriptedRunner runner{repository};
  director::testing::ScriptedGate gate{repository};
  director::testing::ScriptedReviewer reviewer;
  director::testing::RecordingSink sink;
  config::Settings settings;
  Redactor redactor;
  std::string base;
  ports::CancelToken interrupt;
  std::function<void(const run::RunEvent&)> on_event;
  std::function<void(const run::PlanEvent&)> on_plan_event;

 private:
  director::testing::FakeVcs vcs_{repository};
  director::testing::SharedPool<director::vcs> vcs_pool_{vcs_};
  director::testing::SharedPool<director::gate> gate_pool_{gate};
  director::testing::SharedPool<director::reviewer> reviewer_pool_{reviewer};
  director::testing::SharedPool<director::runner> runner_pool_{runner};
};

inline const run::NodeState& state_of(const run::RunState& state, const std::string& id) {
  return state.nodes[state.index_of(NodeId(id))];
}

/// Each of "a", "b" and "c" is on the branch exactly once and in the journal, and no money is
/// bound.
void expect_landed_once(World& world);

/// Where each line of a journal's text ends.
std::vector<std::size_t> line_ends(const std::string& text);

}  // namespace director::engine::testing
