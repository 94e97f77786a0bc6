/// The configuration as the kernel uses it. Field by field the keys of docs/formats/config.md.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace director::config {

enum class Role : std::uint8_t { Planner, TestAuthor, Executor, Explorer, Reviewer, Escalation };
inline constexpr std::array<Role, 6> kRoles{Role::Planner,  Role::TestAuthor, Role::Executor,
                                            Role::Explorer, Role::Reviewer,   Role::Escalation};

/// "planner", "test_author", ...
[[nodiscard]] std::string_view to_string(Role role);
[[nodiscard]] std::optional<Role> parse_role(std::string_view text);

/// Which model plays a role: "provider/model" for the default runner, "runner:provider/model" else.
struct Tier {
  std::string text;    ///< as configured; the key of [pricing]
  std::string runner;  ///< plugin id; empty: the default one
  std::string model;   ///< "provider/model"
};

/// "provider/model" or "runner:provider/model"; nullopt for anything else.
[[nodiscard]] std::optional<Tier> parse_tier(std::string_view text);

/// [a-z0-9-]+
[[nodiscard]] bool is_plugin_id(std::string_view id);

/// $ per million tokens; nullopt: not given.
struct Price {
  std::optional<double> input{};
  std::optional<double> output{};
  std::optional<double> cache_read{};   ///< else counted as input
  std::optional<double> cache_write{};  ///< likewise

  /// Whether a call has no tokens that it leaves without a price.
  [[nodiscard]] bool is_whole() const { return input && output; }
};

struct Limits {
  std::chrono::seconds node_timeout{900};
  double cost_ceiling_usd = 0;       ///< 0: none
  double node_cost_ceiling_usd = 0;  ///< 0: none
  double call_reserve_usd = 0;
  int max_attempts = 3;
  int flake_runs = 2;
  int rechecks = 8;  ///< tests of landed nodes that are run again with a candidate; 0: none
  int infra_retries = 2;
  int landing_rounds = 5;
  std::chrono::seconds stall{300};
  int max_steps = 200;  ///< turns of the model in one call; 0: any number
  int max_repeats = 6;  ///< of the same tool calls in a row; 0: any number
  bool keep_attempt = false;
  bool require_pricing = false;
  // Of each command of an agent, a gate or the setup, with all that it starts; 0: none.
  int memory_mb = 0;
  int processes = 0;
  double cpus = 0;  ///< so many processors' worth of time
  int log_mb = 64;  ///< of a call's transcript, and of its stderr

  [[nodiscard]] std::size_t log_bytes() const { return static_cast<std::size_t>(log_mb) << 20U; }
};

enum class OnReviewError : std::uint8_t { Block, Pass };

struct Review {
  bool stage_two = true;
  int stage_two_file_threshold = 3;
  bool stage_one_llm = false;
  OnReviewError on_error = OnReviewError::Block;
};

struct Sampling {
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<int> top_k;
};

struct Workspace {
  std::string setup;                      ///< command; empty: none
  std::vector<std::string> setup_inputs;  ///< paths
  std::vector<std::string> keep;          ///< folders in which what is ignored survives
  int kept_days = 30;                     ///< how long work that did not land is kept; 0: for ever
  int pool_size = 0;      ///< idle slots of each sort that stay after a run; 0: as many as ran
  int disk_quota_mb = 0;  ///< what idle slots may take up; 0: no limit
};

struct Plugins {
  std::string runner = "runner-opencode";
  std::string vcs = "vcs-git";
  std::string gate = "gate-shell";
  std::string reviewer = "review-llm";
  std::string launcher;  ///< empty: the built-in local one
  std::vector<std::string> sinks{"metrics-jsonl"};
  std::vector<std::string> path;  ///< folders or library files, searched first
};

enum class SandboxMode : std::uint8_t {
  Auto,      ///< where it works, else a warning
  Required,  ///< refuse to start where it does not work
  Off
};

/// What confines.
enum class SandboxChoice : std::uint8_t {
  Auto,  ///< bubblewrap where it works, else Landlock
  Bubblewrap,
  Landlock
};

/// How commands are confined.
struct Sandbox {
  SandboxMode mode = SandboxMode::Auto;
  SandboxChoice backend = SandboxChoice::Auto;
  bool agent_network = true;
  bool setup_network = true;
  bool gate_network = false;
  bool layers = true;  ///< what tests write is thrown away with a layer, where that works
  /// Gates that have it all the same: keys of [gates], and kNodeTests.
  std::vector<std::string> network_gates;
  std::vector<std::string> writable;  ///< absolute paths, for every confined command
  std::vector<std::string> hide;      ///< paths, absolute or from "~/" on, for every confined one
  /// Names that agents, gates and preparations inherit, too; a trailing '*' for a prefix.
  std::vector<std::string> pass_env;
  /// Variables whose values are masked, beside those that are known by their names; as pass_env.
  std::vector<std::string> secrets;
};

/// Where a value came from.
struct Origin {
  std::string source;  ///< a file's path, "--set", an environment variable's name, or "default"
  int line = 0;        ///< 0 where there is none
  int column = 0;
};

/// One [plugin.<id>] table.
struct PluginTable {
  std::string json = "{}";                ///< the table as a JSON object
  std::map<std::string, Origin> origins;  ///< key -> where it was set
  Origin table;                           ///< where the table starts
};

/// What the gates on a node are called, as against those of [gates].
inline constexpr std::string_view kNodeTests = "tests";

struct Gate {
  std::string name;
  std::string command;
};

struct Settings {
  std::map<Role, Tier> tiers;  ///< all six
  std::vector<Gate> gates;     ///< integration gates in order; those with "" are left out
  std::map<std::string, Price, std::less<>> pricing;
  Limits limits;
  Review review;
  std::map<Role, Sampling> sampling;
  std::vector<std::string> ignore{"__pycache__/", "*.pyc", ".pytest_cache/", "node_modules/"};
  Workspace workspace;
  Sandbox sandbox;
  Plugins plugins;
  std::map<std::string, PluginTable, std::less<>> plugin_tables;
};

}  // namespace director::config
