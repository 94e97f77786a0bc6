/// A scenario as it stands in its folder: data, no behaviour. tests/e2e/scenarios/README.md has the
/// format.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "director/result.hpp"

namespace director::e2e {

/// Parts that a text must and must not have.
struct Texts {
  std::vector<std::string> has;
  std::vector<std::string> lacks;
};

/// What a file holds: exactly these bytes, a text with these parts, JSON with these members. With
/// none of them there must be no such file.
struct Content {
  std::optional<std::string> exact;
  std::optional<Texts> parts;
  std::optional<Json> json;
};

using Contents = std::map<std::string, Content>;

/// What a person does to the files before a step.
struct Edit {
  enum class Kind : std::uint8_t { Write, Append, Replace, Delete, Git, OnBranch };
  Kind kind = Kind::Write;
  std::string path;               ///< relative to the repository
  std::string text;               ///< Write, Append; Replace: the new text; OnBranch: the message
  std::string old_text;           ///< Replace
  std::vector<std::string> args;  ///< Git
  std::vector<Edit> edits;        ///< OnBranch: made and committed on the job branch
};

struct Prompt {
  Texts user;
  Texts system;
  Texts tools;                     ///< what the agent's tools answered, in all requests together
  std::optional<Json> parameters;  ///< a part of the request's other members
};

struct Metrics {
  std::optional<std::int64_t> nodes;
  std::optional<std::int64_t> runs;
  std::optional<Json> last_run;
};

struct Branch {
  Contents files;
  std::vector<std::string> run;                     ///< shell commands that pass in a checkout
  std::optional<std::vector<std::string>> changed;  ///< all paths that differ from the user's HEAD
};

/// What must be true at some point. Absent: nothing is asked.
struct Then {
  Contents files;
  std::optional<Json> nodes;
  std::optional<std::map<std::string, std::int64_t>> calls;
  std::map<std::string, std::int64_t> requests;
  std::map<std::string, Prompt> prompts;
  Metrics metrics;
  std::optional<Json> status;
  Branch branch;
};

struct Step {
  std::vector<Edit> before;
  std::vector<std::string> director;
  int exit = 0;
  Texts out;
  Texts err;
  std::vector<std::string> unchanged;
  Then then;
};

struct Scenario {
  std::filesystem::path folder;
  std::optional<Json> plan;   ///< "task" and "nodes", as in plan.json without test_hashes
  std::filesystem::path job;  ///< with a plan: files that the job branch has, if there are any
  /// What runner-scripted plays; none: OpenCode runs, against the scripted model.
  std::optional<std::filesystem::path> script;
  std::map<std::string, std::string> environment;  ///< director's, beside what all have
  /// "opencode", "server", "git", "shell", "jsonl" -> why it cannot be played on another backend.
  std::map<std::string, std::string> needs;
  bool needs_sandbox = false;       ///< says nothing on a machine without one
  bool touches_repository = false;  ///< a twin, to show that this would be seen
  std::vector<Step> steps;
  Then end;
};

/// Reads <folder>/scenario.json. Errors: Io; Invalid, naming the file and the place in it, also for
/// a key that the format does not know.
[[nodiscard]] Result<Scenario> read_scenario(const std::filesystem::path& folder);

/// The scenario's own file or folder `name`, else that of `_shared` beside it, else that which all
/// scenarios share.
[[nodiscard]] std::filesystem::path own_or_shared(const std::filesystem::path& folder,
                                                  const std::string& name);

}  // namespace director::e2e
