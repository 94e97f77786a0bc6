#include "world.hpp"

#include <cstdint>
#include <string_view>
#include <utility>

#include "core/base/sha256.hpp"
#include "core/engine/progress.hpp"
#include "core/plan/plan_json.hpp"

namespace director::engine::testing {
namespace {

class SilentProgress final : public Progress {
 public:
  void planning(const run::PlanState&, const run::PlanEvent& event) override {
    if (on_plan_event) {
      on_plan_event(event);
    }
  }
  void planning_step(std::string_view) override {}
  void idle(const run::RunState&) override {}
  void running(const run::RunState&, const run::RunEvent& event) override {
    if (on_event) {
      on_event(event);
    }
  }
  std::function<void(const run::RunEvent&)> on_event;
  std::function<void(const run::PlanEvent&)> on_plan_event;
};

}  // namespace

plan::Node node(const std::string& id, std::vector<std::string> needs, std::string command) {
  plan::Node made;
  made.id = NodeId(id);
  made.title = "Node " + id;
  made.spec = "Write " + id + ".txt.";
  made.files = {id + ".txt"};
  for (std::string& one : needs) {
    made.depends_on.emplace_back(std::move(one));
  }
  made.test_cmd = command.empty() ? "+" + id + ".txt" : std::move(command);
  made.tests = {"tests/" + id + ".test"};
  return made;
}

World::World() {
  using config::Role;
  for (const Role role : config::kRoles) {
    settings.tiers[role] = {"p/" + std::string(config::to_string(role)), "",
                            "p/" + std::string(config::to_string(role))};
  }
  settings.plugins.runner = "scripted";
  settings.review.stage_two_file_threshold = 3;
  settings.limits.flake_runs = 2;
  base = repository.commit_on("refs/heads/main", {{"README", "hello"}}, "first");
}

World::~World() {
  EXPECT_THAT(repository.touched_slots(), ::testing::IsEmpty())
      << "a slot that somebody had written to was called untouched";
}

void World::adopt(std::vector<plan::Node> nodes) {
  FileMap tests;
  for (plan::Node& one : nodes) {
    for (const std::string& path : one.tests) {
      tests[path] = "test of " + one.id.value;
      one.test_hashes[path] = sha256_hex(tests[path]);
    }
  }
  repository.commit_on(kRef, {{"README", "hello"}}, "first");
  const std::string tip = repository.commit_on(kRef, tests, "tests");
  plan::Plan made{JobId(kJob), "task", "/repo", "2026-01-01T00:00:00Z", kBranch, std::move(nodes)};
  write_events({run::PlanEvent(run::JobCreated{JobId(kJob), "task", kBranch, Oid(tip)}),
                run::PlanEvent(run::PlanFrozen{plan::to_json(made)})});
}

void World::obedient(const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    runner.script["executor-" + id] = {Turn{.files = {{id + ".txt", "made by " + id}}}};
    runner.script["escalation-" + id] = {Turn{.files = {{id + ".txt", "made by " + id}}}};
  }
}

Result<run::RunState> World::run(RunOptions options) {
  const std::unique_ptr<Services> services = wire();
  SilentProgress progress;
  progress.on_event = on_event;
  JobWork job;
  DIRECTOR_TRY(const std::unique_ptr<Books> books, Books::open(*services, job));
  DIRECTOR_CHECK(books->close_open_calls());
  if (!job.run) {
    return Error(Errc::NotFound, "there is no plan");
  }
  RunEngine engine(*services, *books, std::move(job), progress);
  return engine.run(options);
}

Status World::ready() {
  const std::unique_ptr<Services> services = wire();
  JobWork job;
  DIRECTOR_TRY(const std::unique_ptr<Books> books, Books::open(*services, job));
  return make_ready(*services, *books, job);
}

Result<PlanEnd> World::plan(const run::JobCreated& wanted, bool approve) {
  const std::unique_ptr<Services> services = wire();
  SilentProgress progress;
  progress.on_plan_event = on_plan_event;
  JobWork job;
  DIRECTOR_TRY(const std::unique_ptr<Books> books, Books::open(*services, job));
  DIRECTOR_CHECK(books->close_open_calls());
  const bool fresh = job.planning.stage == run::Stage::None;
  PlanEngine engine(*services, *books, std::move(job), progress);
  if (fresh) {
    DIRECTOR_CHECK(engine.create(wanted));
  } else if (approve) {
    DIRECTOR_CHECK(engine.approve());
  }
  return engine.run();
}

Status World::create_again(const run::JobCreated& wanted) {
  const std::unique_ptr<Services> services = wire();
  SilentProgress progress;
  JobWork job;
  DIRECTOR_TRY(const std::unique_ptr<Books> books, Books::open(*services, job));
  return PlanEngine(*services, *books, std::move(job), progress).create(wanted);
}

run::JobCreated World::job(bool automatic, bool critique) const {
  return {JobId(kJob), "do it", kBranch, Oid(base), automatic, critique};
}

Result<JobState> World::replayed() {
  JobState job;
  DIRECTOR_TRY(const std::uint64_t size, read_journal(files, journal(), [&](const Entry& entry) {
                 return apply(job, entry);
               }));
  (void)size;
  return job;
}

std::map<std::string, int> World::landings() const {
  std::map<std::string, int> found;
  for (const std::string& message : repository.messages(kRef)) {
    if (const std::size_t at = message.find("\nDirector-Node: "); at != std::string::npos) {
      const std::size_t start = at + std::string("\nDirector-Node: ").size();
      ++found[message.substr(start, message.find('\n', start) - start)];
    }
  }
  return found;
}

void World::write_events(const std::vector<run::Event>& events) {
  std::string text;
  for (std::size_t i = 0; i < events.size(); ++i) {
    text += encode(events[i], run::At{i + 1, 1}) + "\n";
  }
  files.put(journal(), text);
}

void World::inject(director::testing::Fault* fault) {
  files.fault = fault;
  repository.fault = fault;
  runner.fault = fault;
  gate.fault = fault;
  reviewer.fault = fault;
  sink.fault = fault;
  hosts.fault = fault;
  vcs_pool_.fault = fault;
  gate_pool_.fault = fault;
  reviewer_pool_.fault = fault;
  runner_pool_.fault = fault;
}

std::unique_ptr<Services> World::wire() {
  interrupt = ports::CancelToken();
  Backends backends;
  backends.vcs = &vcs_pool_;
  backends.gate = &gate_pool_;
  backends.reviewer = &reviewer_pool_;
  backends.runners["scripted"] = &runner_pool_;
  backends.sinks["recording"] = &sink;
  RolePrompts prompts;
  for (const char* name :
       {"brainstorm", "planner", "explorer", "test-author", "executor", "reviewer"}) {
    prompts[name] = std::string("You are the ") + name;
  }
  return std::unique_ptr<Services>(new Services{clock, files, log, hosts, backends, settings,
                                                Folders{"/repo", "/repo/.director", "/cache"},
                                                prompts, interrupt, &slot_folders, redactor});
}

void expect_landed_once(World& world) {
  EXPECT_EQ(world.landings(), (std::map<std::string, int>{{"a", 1}, {"b", 1}, {"c", 1}}));
  const Result<JobState> job = world.replayed();
  ASSERT_TRUE(job) << job.error().message();
  for (const run::NodeState& one : job->run->nodes) {
    EXPECT_EQ(one.status, run::NodeStatus::Done);
  }
  EXPECT_TRUE(job->ledger.open.empty());
  EXPECT_DOUBLE_EQ(job->ledger.committed_usd(), job->ledger.total.usd);
}

std::vector<std::size_t> line_ends(const std::string& text) {
  std::vector<std::size_t> ends;
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
    ends.push_back(at + 1);
  }
  return ends;
}

}  // namespace director::engine::testing
