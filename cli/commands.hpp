/// The commands of `director`, one file each.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/exit_code.hpp"

namespace director::cli {

/// What every command takes.
struct CommonOptions {
  std::string repo = ".";
  std::vector<std::string> set;        ///< key=value, over the configuration files
  std::optional<std::string> profile;  ///< name or path
  bool verbose = false;
};

/// The command with what it was given of these, to be typed once more.
[[nodiscard]] std::string with_settings(std::string command, const CommonOptions& common);

struct PlanOptions {
  std::string task;
  bool automatic = false;
  bool no_critique = false;
  bool go_on = false;  ///< --continue
  bool anew = false;   ///< --new: put an unfinished job aside
};

struct RunCommandOptions {
  std::optional<int> parallel;
  std::optional<int> max_attempts;
  bool retry = false;
};

struct AutoOptions {
  std::optional<std::string> task;
  std::optional<std::string> input;  ///< a file with the task, or "-"
  std::optional<double> max_cost;    ///< US dollars, in the place of limits.cost_ceiling_usd
  std::optional<int> parallel;
  std::optional<int> max_attempts;
  bool no_critique = false;
  bool force = false;  ///< put an unfinished job aside
};

struct BenchOptions {
  std::string task;
  std::string profiles;  ///< names with commas between them
  std::optional<std::string> plan_profile;
  std::optional<int> parallel;
  std::optional<int> max_attempts;
  bool json = false;
  bool anew = false;  ///< --new: put the last bench aside
};

struct JsonOption {
  bool json = false;
};

struct PluginNewOptions {
  std::string kind;  ///< "gate", ...
  std::string name;  ///< will be the plugin's id
  std::string folder;
  std::string language;  ///< "c", "cpp", "python" or "sh"; empty: python, cpp for a library's kind
};

struct PluginCheckOptions {
  std::string library;            ///< or
  std::string program;            ///< one of the two is empty
  std::string config;             ///< what its author says about it; empty: nothing
  std::vector<std::string> only;  ///< rules; empty: all
  int timeout_secs = 60;          ///< of one check
  bool strict = false;
  bool all = false;  ///< show what passed, too
  bool json = false;
};

struct ConfigOptions {
  std::string prefix;  ///< of the keys to show; empty: all
  bool json = false;
};

enum class GraphFormat : std::uint8_t { Text, Dot, Mermaid, Json };
struct GraphOptions {
  GraphFormat format = GraphFormat::Text;
};

struct LogsOptions {
  std::string node;  ///< empty: any
  std::string call;  ///< an id or its beginning; empty: any
  bool follow = false;
  bool raw = false;
};

enum class KeptAction : std::uint8_t { List, Show, Branch, Drop };
struct KeptOptions {
  KeptAction action = KeptAction::List;
  std::vector<std::string> ids;  ///< one for Show and Branch
  std::string name;              ///< of the branch
  std::string older_than;        ///< "30d", "12h"; empty: any age
  bool all = false;
  bool stat = false;  ///< paths instead of the diff
  bool json = false;
};

struct DoctorOptions {
  bool calls = false;  ///< call each model once
  bool json = false;
};

struct InitOptions {
  std::vector<std::string> tiers;  ///< role=provider/model
  std::string all_tiers;           ///< for the roles that `tiers` leaves out; empty: none
  std::vector<std::string> gates;  ///< name=command
  bool yes = false;                ///< ask nothing, take what is suggested
};

[[nodiscard]] ExitCode plan_command(const CommonOptions& common, const PlanOptions& options);
[[nodiscard]] ExitCode run_command(const CommonOptions& common, const RunCommandOptions& options);
[[nodiscard]] ExitCode auto_command(CommonOptions common, const AutoOptions& options);
[[nodiscard]] ExitCode bench_command(const CommonOptions& common, const BenchOptions& options);
[[nodiscard]] ExitCode status_command(const CommonOptions& common, const JsonOption& options);
[[nodiscard]] ExitCode sync_agents_command(const CommonOptions& common);
[[nodiscard]] ExitCode plugins_command(const CommonOptions& common, const JsonOption& options);
[[nodiscard]] ExitCode plugin_check_command(const PluginCheckOptions& options);
[[nodiscard]] ExitCode plugin_new_command(const PluginNewOptions& options);
[[nodiscard]] ExitCode config_command(const CommonOptions& common, const ConfigOptions& options);
[[nodiscard]] ExitCode graph_command(const CommonOptions& common, const GraphOptions& options);
[[nodiscard]] ExitCode logs_command(const CommonOptions& common, const LogsOptions& options);
[[nodiscard]] ExitCode kept_command(const CommonOptions& common, const KeptOptions& options);
[[nodiscard]] ExitCode doctor_command(const CommonOptions& common, const DoctorOptions& options);
[[nodiscard]] ExitCode init_command(const CommonOptions& common, const InitOptions& options);
/// Hidden: loads one plugin in this process and describes it as JSON on stdout.
[[nodiscard]] ExitCode probe_plugin_command(const std::string& path);
/// Hidden: makes one check of a plugin in this process, which ends with it.
[[noreturn]] void check_plugin_child(const std::string& rule, const std::string& library,
                                     const std::string& work, const std::string& config,
                                     bool is_program);

/// "director: error: ..." on stderr.
void print_error(const Error& error);

/// To stdout or stderr; what a terminal would act on is shown as an escape.
void print_text(std::FILE* out, std::string_view text);

}  // namespace director::cli
