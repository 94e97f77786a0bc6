#include "sdk/kit/examiner.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "core/base/text.hpp"
#include "core/plugin/probe.hpp"
#include "sdk/kit/child.hpp"
#include "sdk/kit/folders.hpp"

namespace director::kit {
namespace {

namespace fs = std::filesystem;

std::string how_it_ended(const ports::Exit& exit, std::chrono::milliseconds timeout) {
  switch (exit.kind) {
    case ports::ExitKind::Exited:
      return "it ended the program with status " + std::to_string(exit.exit_code);
    case ports::ExitKind::Signaled:
      return "it crashed (signal " + std::to_string(exit.signal) + ")";
    case ports::ExitKind::TimedOut:
    case ports::ExitKind::Stalled:
      return "it did not come back within " +
             std::to_string(std::chrono::duration_cast<std::chrono::seconds>(timeout).count()) +
             " s";
    case ports::ExitKind::Cancelled:
    case ports::ExitKind::Stopped:
      break;
  }
  return "it was stopped";
}

/// The rule that has to hold before one tells anything.
std::string_view foundation(Needs needs) {
  switch (needs) {
    case Needs::File:
      break;
    case Needs::Library:
      return "common.loads";
    case Needs::Tables:
      return "common.struct-sizes";
    case Needs::Kinds:
      return "common.kinds";
    case Needs::Instance:
      return "common.creates";
    case Needs::Answer:
      return "common.answers";
  }
  return {};
}

bool is_foundation(std::string_view rule) {
  return rule == "common.loads" || rule == "common.struct-sizes" || rule == "common.kinds" ||
         rule == "common.creates" || rule == "common.answers";
}

}  // namespace

bool Examiner::is_wanted(const Check& check) const {
  return settings_.only.empty() || is_foundation(check.rule) ||
         std::find(settings_.only.begin(), settings_.only.end(), check.rule) !=
             settings_.only.end();
}

ports::Command Examiner::command_for(const Check& check, const fs::path& work) const {
  const fs::path home = work / "home";
  ports::Command command;
  command.argv = settings_.child;
  for (const std::string& more : {std::string(check.rule), settings_.library.string(),
                                  work.string(), settings_.config.string()}) {
    command.argv.push_back(more);
  }
  if (settings_.form == plugin::Form::Executable) {
    command.argv.emplace_back("program");
  }
  command.cwd = work.string();
  command.deadline = clock_.now() + settings_.timeout;
  // A home of its own: what a plugin reads there is nobody's, and the keys in it are ours.
  command.env_set = {"HOME=" + home.string(), "XDG_CACHE_HOME=" + (home / ".cache").string(),
                     "XDG_CONFIG_HOME=" + (home / ".config").string(),
                     "XDG_DATA_HOME=" + (home / ".local/share").string()};
  for (const char* name : {"ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "KIT_API_KEY",
                           "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY"}) {
    command.env_set.push_back(std::string(name) + "=" + std::string(kSecret));
  }
  return command;
}

Result<Outcome> Examiner::make(const Check& check, const ports::CancelToken& cancel) {
  const fs::path work = settings_.work / check.rule;
  std::error_code error;
  fs::create_directories(work / "home", error);
  if (error) {
    return Error(Errc::Io, "cannot create '" + work.string() + "': " + error.message());
  }
  constexpr std::size_t kKeptStderr = 1000;
  std::string complaint;
  DIRECTOR_TRY(const ports::Exit exit, launcher_.run(
                                           command_for(check, work),
                                           [&](const ports::OutputLine& line) {
                                             if (line.is_stderr && complaint.size() < kKeptStderr) {
                                               complaint += (complaint.empty() ? "" : " | ") +
                                                            std::string(line.text);
                                             }
                                             return true;
                                           },
                                           cancel));
  if (exit.kind == ports::ExitKind::Cancelled) {
    return Error(Errc::Cancelled, "cancelled");
  }
  Result<Outcome> outcome = read_outcome(work.string());
  if (!outcome) {
    const std::string step = read_file(work / kStepFile);
    outcome = failed(how_it_ended(exit, settings_.timeout) + (step.empty() ? "" : " in " + step) +
                     (complaint.empty() ? "" : ": " + text::cut_middle(complaint, kKeptStderr)));
  }
  (void)files_.remove(work);
  return outcome;
}

Result<Report> Examiner::run(const ports::CancelToken& cancel,
                             const std::function<void(const Finding&)>& on_finding) {
  std::error_code error;
  const fs::path library = fs::canonical(settings_.library, error);
  if (error) {
    return Error(Errc::NotFound, "cannot check '" + settings_.library.string() + "': no such file");
  }
  settings_.library = library;
  DIRECTOR_TRY(const Options options, read_options(settings_.config, files_));
  (void)options;
  if (!settings_.config.empty()) {
    settings_.config = fs::absolute(settings_.config, error);
  }
  Report report;
  report.library = library.string();
  report.form = settings_.form;
  plugin::Probe probe(launcher_, clock_, files_,
                      {settings_.probe, settings_.work / "probe.json", settings_.timeout});
  if (const Result<plugin::Descriptor> found = probe.look(library, settings_.form)) {
    report.id = found->id;
    report.version = found->version;
    report.kinds = found->kinds;
  }
  std::map<std::string_view, Verdict> verdicts;
  for (const Check& check : checks_for(report.kinds, settings_.form)) {
    if (!is_wanted(check)) {
      continue;
    }
    const std::string_view below = foundation(check.needs);
    const bool stands = below.empty() || verdicts[below] == Verdict::Passed ||
                        verdicts[below] == Verdict::NotApplicable;
    const ports::SteadyTime start = clock_.now();
    const std::string_view spared = settings_.form == plugin::Form::Executable
                                        ? not_for_programs(check.rule)
                                        : std::string_view();
    Result<Outcome> outcome = !spared.empty() ? not_applicable(std::string(spared))
                              : stands        ? make(check, cancel)
                                              : unchecked(std::string(below) + " comes first");
    DIRECTOR_TRY(Outcome made, std::move(outcome));
    verdicts[check.rule] = made.verdict;
    const bool waits = !stands && spared.empty();
    Finding finding{std::string(check.rule), std::string(check.what), std::move(made),
                    std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - start),
                    waits};
    if (on_finding) {
      on_finding(finding);
    }
    report.findings.push_back(std::move(finding));
  }
  return report;
}

}  // namespace director::kit
