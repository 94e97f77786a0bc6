// The `director` program: reads the command line and hands over to a command.
#include <CLI/CLI.hpp>
#include <csignal>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/version.hpp"
#include "core/plugin/crash_guard.hpp"

namespace director::cli {
namespace {

constexpr const char* kDescription =
    "Turns a coding task into small nodes with frozen tests, lets agents implement them in\n"
    "isolation, and lands only what the tests prove.";

constexpr const char* kExamples =
    "Examples:\n"
    "  director init                            ask for your models, write "
    ".director/config.toml\n"
    "  director doctor                          check that all is in place\n"
    "  director plan \"Add a --json flag\"        explore, specify, stop for your approval\n"
    "  director plan --continue                 go on from there\n"
    "  director plan \"Add a flag\" --auto        plan without stopping\n"
    "  director run --parallel 4                implement, check and land the plan's nodes\n"
    "  director auto \"Add a flag\"               plan and run in one go\n"
    "  director status                          what landed, what did not, what it cost\n"
    "\n"
    "Exit status: 0 done, 1 ended short of that, 2 usage or configuration, 3 another director\n"
    "holds the repository, 130 interrupted (the same command goes on).\n";

void add_common(CLI::App& command, CommonOptions& common) {
  command.add_option("--repo", common.repo, "Repository to work on")->capture_default_str();
  command.add_option("--set", common.set, "Override one configuration value: key=value")
      ->take_all()
      ->expected(1);
  command.add_flag("--verbose,-v", common.verbose, "Log more to stderr");
}

/// For the commands that work with the configuration as a job would use it.
void add_profile(CLI::App& command, CommonOptions& common) {
  command.add_option("--profile", common.profile,
                     "Use .director/profiles/NAME.toml, or a file's path, instead of config.toml");
}

/// For the commands that run a plan.
void add_run_limits(CLI::App& command, std::optional<int>& parallel,
                    std::optional<int>& max_attempts) {
  command.add_option("--parallel", parallel, "Nodes at a time (default 1)")
      ->check(CLI::Range(1, 1024));
  command
      .add_option("--max-attempts", max_attempts,
                  "Attempts of the executor tier before a node escalates")
      ->check(CLI::Range(1, 100));
}

/// Every sub-command and what it runs.
class CommandLine {
 public:
  CommandLine() : app_(kDescription, "director") {
    app_.set_version_flag("--version", kVersion);
    app_.require_subcommand(1);
    app_.footer(kExamples);
    app_.failure_message(CLI::FailureMessage::simple);
    add_plan();
    add_run();
    add_auto();
    add_bench();
    add_status();
    add_sync_agents();
    add_plugins();
    add_plugin();
    add_config();
    add_graph();
    add_logs();
    add_kept();
    add_doctor();
    add_init();
  }

  [[nodiscard]] int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      const int code = app_.exit(error);
      return code == 0 ? 0 : static_cast<int>(ExitCode::Usage);
    }
    return static_cast<int>(chosen_());
  }

 private:
  CLI::App& add(const std::string& name, const std::string& description,
                std::function<ExitCode()> body) {
    CLI::App& command = *app_.add_subcommand(name, description);
    add_common(command, common_);
    command.callback([this, body = std::move(body)] { chosen_ = body; });
    return command;
  }

  void add_plan() {
    CLI::App& plan = add("plan", "Turn a task into a plan with frozen tests",
                         [this] { return plan_command(common_, plan_); });
    plan.add_option("task", plan_.task, "What is to be done, in words");
    plan.add_flag("--auto", plan_.automatic, "Do not stop at the gates");
    plan.add_flag("--no-critique", plan_.no_critique,
                  "With --auto: pass the gates without a second reading");
    plan.add_flag("--continue", plan_.go_on, "Approve what the gate shows and go on");
    plan.add_flag("--new", plan_.anew, "Put an unfinished job aside and start another");
    add_profile(plan, common_);
    plan.footer(
        "Examples:\n  director plan \"Add a --json flag to the report\"\n"
        "  director plan --continue\n  director plan \"Add a flag\" --auto --no-critique\n");
  }

  void add_run() {
    CLI::App& run = add("run", "Implement the plan's nodes and land what passes",
                        [this] { return run_command(common_, run_); });
    add_run_limits(run, run_.parallel, run_.max_attempts);
    run.add_flag("--retry", run_.retry, "Try nodes again that failed, were blocked or had errors");
    add_profile(run, common_);
    run.footer(
        "Examples:\n  director run\n  director run --parallel 4 --max-attempts 2\n"
        "  director run --retry\n");
  }

  void add_auto() {
    CLI::App& both = add("auto", "Plan and run in one go, without stopping at the gates",
                         [this] { return auto_command(common_, auto_); });
    both.add_option("task", auto_.task, "What is to be done, in words; none: go on");
    both.add_option("--input", auto_.input, "Read the task from a file, or from stdin with -");
    both.add_option("--max-cost", auto_.max_cost,
                    "Stop before the job costs more: US dollars, in the place of "
                    "limits.cost_ceiling_usd");
    add_run_limits(both, auto_.parallel, auto_.max_attempts);
    both.add_flag("--no-critique", auto_.no_critique, "Pass the gates without a second reading");
    both.add_flag("--force", auto_.force, "Put an unfinished job aside and start this one");
    add_profile(both, common_);
    both.footer(
        "Examples:\n  director auto \"Add a --json flag to the report\"\n"
        "  director auto --input task.md --max-cost 2.50 --parallel 4\n"
        "  director auto                            go on after an interruption\n");
  }

  void add_bench() {
    CLI::App& bench = add("bench", "Plan once and run the plan under several profiles",
                          [this] { return bench_command(common_, bench_); });
    bench.add_option("task", bench_.task, "What is to be done, in words");
    bench
        .add_option("--profiles", bench_.profiles,
                    "Names of .director/profiles/<name>.toml, with commas between them")
        ->required();
    bench.add_option("--plan-profile", bench_.plan_profile,
                     "Whose models plan (default: all-frontier if it is listed, else the first)");
    add_run_limits(bench, bench_.parallel, bench_.max_attempts);
    bench.add_flag("--json", bench_.json, "Print the summary as JSON");
    bench.add_flag("--new", bench_.anew, "Put the last bench aside and start another");
    bench.footer(
        "Examples:\n  director bench \"Add a --json flag\" --profiles all-frontier,cheap\n"
        "  director bench \"Add a flag\" --profiles a,b --plan-profile all-frontier --json\n"
        "\nThe same command goes on after an interruption. Exit status 0: every profile was\n"
        "measured, whatever it landed; 1: one of them had an error or met its cost ceiling.\n");
  }

  void add_status() {
    CLI::App& status = add("status", "Show what landed, what did not, what it cost",
                           [this] { return status_command(common_, status_); });
    status.add_flag("--json", status_.json, "Print JSON");
    status.footer("Examples:\n  director status\n  director status --json | jq .nodes\n");
  }

  void add_sync_agents() {
    CLI::App& sync = add("sync-agents",
                         "Write .director/config.toml, opencode.json and the agents' prompts where "
                         "they are missing",
                         [this] { return sync_agents_command(common_); });
    sync.footer("Example:\n  director sync-agents --repo ~/src/project\n");
  }

  void add_plugins() {
    CLI::App& plugins = add("plugins", "List the plugins that were found and what was refused",
                            [this] { return plugins_command(common_, plugins_); });
    plugins.add_flag("--json", plugins_.json, "Print JSON");
    plugins.footer("Example:\n  director plugins\n");
  }

  void add_plugin_new(CLI::App& plugin) {
    CLI::App& anew = *plugin.add_subcommand("new", "Write a small plugin to start from");
    anew.callback([this] { chosen_ = [this] { return plugin_new_command(plugin_new_); }; });
    anew.add_option("kind", plugin_new_.kind, "runner, gate, vcs, reviewer, sink or launcher")
        ->required()
        ->check(CLI::IsMember({"runner", "gate", "vcs", "reviewer", "sink", "launcher"}));
    anew.add_option("name", plugin_new_.name, "Its id, such as my-gate")->required();
    anew.add_option("folder", plugin_new_.folder, "A folder that is empty or not there yet")
        ->required();
    anew.add_option("--lang", plugin_new_.language,
                    "c, cpp, python or sh; by itself python, and cpp for a vcs or a launcher")
        ->check(CLI::IsMember({"c", "cpp", "python", "sh"}));
    anew.footer(
        "Examples:\n  director plugin new gate my-gate ~/src/my-gate\n"
        "  director plugin new runner my-runner ~/src/my-runner --lang cpp\n\n"
        "It works as it is written. docs/writing-a-plugin.md says how to go on.\n");
  }

  /// Its commands need no repository.
  void add_plugin() {
    CLI::App& plugin = *app_.add_subcommand("plugin", "For who writes a plugin");
    plugin.require_subcommand(1);
    add_plugin_new(plugin);
    CLI::App& check =
        *plugin.add_subcommand("check", "Check a plugin against every rule of the ABI");
    CLI::Option* library =
        check.add_option("library", plugin_check_.library, "The plugin, a shared library");
    CLI::Option* program = check
                               .add_option("--exec", plugin_check_.program,
                                           "The plugin, a program that speaks the exec protocol: "
                                           "its file, or a command that starts it")
                               ->type_name("CMD")
                               ->excludes(library);
    check.callback([this, library, program] {
      if (library->count() + program->count() == 0) {
        throw CLI::RequiredError("library or --exec");
      }
      chosen_ = [this] { return plugin_check_command(plugin_check_); };
    });
    check.add_option("--config", plugin_check_.config,
                     "A TOML file with its configuration and what to check it with");
    check.add_option("--only", plugin_check_.only, "Only this rule; may be given again")
        ->take_all()
        ->expected(1);
    check.add_option("--timeout", plugin_check_.timeout_secs, "Seconds that one check may take")
        ->check(CLI::Range(1, 3600));
    check.add_flag("--strict", plugin_check_.strict, "What could not be checked is a failure");
    check.add_flag("--all", plugin_check_.all, "Show what passed, too");
    check.add_flag("--json", plugin_check_.json, "Print JSON");
    check.footer(
        "Examples:\n  director plugin check build/my-gate.so\n"
        "  director plugin check build/my-gate.so --config kit.toml --strict\n"
        "  director plugin check --exec ./my-gate.plugin\n"
        "  director plugin check --exec 'python3 gate.py' --config kit.toml\n\n"
        "Exit status: 0 it passed, 1 it did not. docs/writing-a-plugin.md explains each rule.\n");
  }

  void add_config() {
    CLI::App& config = add("config", "Show the configuration in force and where it comes from",
                           [this] { return config_command(common_, config_); });
    config.add_option("prefix", config_.prefix, "Only keys that start with this");
    config.add_flag("--json", config_.json, "Print JSON");
    add_profile(config, common_);
    config.footer(
        "Examples:\n  director config\n  director config limits\n"
        "  director config tiers --profile all-frontier\n"
        "  director config --json | jq -r '.values[] | select(.from == \"file\") | .key'\n");
  }

  void add_graph() {
    CLI::App& graph = add("graph", "Show the plan's nodes and what waits for what",
                          [this] { return graph_command(common_, graph_); });
    static const std::map<std::string, GraphFormat> kFormats{
        {"text", GraphFormat::Text}, {"dot", GraphFormat::Dot}, {"mermaid", GraphFormat::Mermaid}};
    CLI::Option* format =
        graph.add_option("--format", graph_.format, "text, dot (Graphviz) or mermaid")
            ->transform(CLI::CheckedTransformer(kFormats).description("FORMAT"));
    graph
        .add_flag_callback(
            "--json", [this] { graph_.format = GraphFormat::Json; }, "Print JSON")
        ->excludes(format);
    graph.footer(
        "Examples:\n  director graph\n  director graph --format dot | dot -Tsvg -o plan.svg\n"
        "  director graph --json | jq -r '.nodes[] | select(.status == \"failed\") | .id'\n");
  }

  void add_logs() {
    CLI::App& logs = add("logs", "Show what the agents said and did, call by call",
                         [this] { return logs_command(common_, logs_); });
    logs.add_option("node", logs_.node, "Calls of this node; without it, a list of all calls");
    logs.add_option("--call", logs_.call, "One call: its id or the beginning of it");
    logs.add_flag("--follow,-f", logs_.follow, "Go on as lines arrive, until the director ends");
    logs.add_flag("--raw", logs_.raw, "The lines of the transcript, as they are kept");
    logs.footer(
        "Examples:\n  director logs\n  director logs parse-duration\n"
        "  director logs --call 0007\n  director logs --follow\n"
        "  director logs --call 0007 --raw | jq -r .type\n");
  }

  void add_kept() {
    CLI::App& kept = add("kept", "Show and drop what agents made that did not land",
                         [this] { return kept_command(common_, kept_); });
    kept.require_subcommand(0, 1);
    kept.add_flag("--json", kept_.json, "Print JSON");
    const auto action = [this, &kept](const char* name, const char* help, KeptAction which) {
      CLI::App* sub = kept.add_subcommand(name, help);
      sub->fallthrough();  // --repo and the like may stand behind it
      sub->callback([this, which] { kept_.action = which; });
      return sub;
    };
    (void)action("list", "List it (what `director kept` alone does)", KeptAction::List);
    CLI::App* show = action("show", "Why it did not land, and its diff", KeptAction::Show);
    const auto one_id = [this](CLI::App* of) {
      of->add_option_function<std::string>(
            "id", [this](const std::string& id) { kept_.ids = {id}; },
            "As listed, or <node>/<attempt>")
          ->required();
    };
    one_id(show);
    show->add_flag("--stat", kept_.stat, "The changed paths instead of the diff");
    CLI::App* branch = action("branch", "Make a branch of it", KeptAction::Branch);
    one_id(branch);
    branch->add_option("name", kept_.name, "The branch will be director/NAME")->required();
    CLI::App* drop = action("drop", "Drop it", KeptAction::Drop);
    drop->add_option("id", kept_.ids, "As listed, or <node>/<attempt>");
    drop->add_option("--older-than", kept_.older_than, "What is older, such as 30d or 12h");
    drop->add_flag("--all", kept_.all, "Everything");
    kept.footer(
        "Examples:\n  director kept\n  director kept show parse/2\n"
        "  director kept branch parse/2 parse-again\n  director kept drop --older-than 7d\n\n"
        "It is dropped by itself after workspace.kept_days, and when its node lands.\n");
  }

  void add_doctor() {
    CLI::App& doctor = add("doctor", "Check the configuration, the agent tool and this machine",
                           [this] { return doctor_command(common_, doctor_); });
    doctor.add_flag("--calls", doctor_.calls, "Call each configured model once; this costs money");
    doctor.add_flag("--json", doctor_.json, "Print JSON");
    add_profile(doctor, common_);
    doctor.footer(
        "Examples:\n  director doctor\n  director doctor --calls\n"
        "  director doctor --json | jq '.findings[] | select(.level == \"problem\")'\n\n"
        "Exit status: 0 no problem, 1 at least one.\n");
  }

  void add_init() {
    CLI::App& init = add("init", "Ask for models and gates and write .director/config.toml",
                         [this] { return init_command(common_, init_); });
    init.add_option("--tier", init_.tiers, "Model of one role: role=provider/model")
        ->take_all()
        ->expected(1);
    init.add_option("--all-tiers", init_.all_tiers, "Model of every role that --tier leaves out");
    init.add_option("--gate", init_.gates, "Integration gate: name=command")
        ->take_all()
        ->expected(1);
    init.add_flag("--yes,-y", init_.yes, "Ask nothing; without --gate, take the suggested gates");
    init.footer(
        "Examples:\n  director init\n"
        "  director init --yes --all-tiers anthropic/claude-sonnet-4-5 --tier "
        "executor=local/coder\n"
        "  director init --yes --all-tiers big/model --tier executor=small/model "
        "--gate test=\"make test\"\n\n"
        "A configuration that is there already is never changed.\n");
  }

  CLI::App app_;
  CommonOptions common_;
  PlanOptions plan_;
  RunCommandOptions run_;
  AutoOptions auto_;
  BenchOptions bench_;
  JsonOption status_;
  JsonOption plugins_;
  PluginNewOptions plugin_new_;
  PluginCheckOptions plugin_check_;
  ConfigOptions config_;
  GraphOptions graph_;
  LogsOptions logs_;
  KeptOptions kept_;
  DoctorOptions doctor_;
  InitOptions init_;
  std::function<ExitCode()> chosen_;
};

}  // namespace

}  // namespace director::cli

int main(int argc, char** argv) {
  std::signal(SIGCHLD, SIG_DFL);  // whoever started us may ignore it: then no command's end is told
  if (argc == 3 && std::string_view(argv[1]) == "--probe-plugin") {
    return static_cast<int>(director::cli::probe_plugin_command(argv[2]));
  }
  if ((argc == 6 || argc == 7) && std::string_view(argv[1]) == "--check-plugin") {
    director::cli::check_plugin_child(argv[2], argv[3], argv[4], argv[5], argc == 7);
  }
  const director::plugin::CrashGuard guard(static_cast<int>(director::cli::ExitCode::Incomplete));
  return director::cli::CommandLine().run(argc, argv);
}
