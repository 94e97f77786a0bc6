#include "cli/gate_suggestions.hpp"

#include <array>
#include <string_view>

#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace director::cli {
namespace {

using Gates = std::vector<config::Gate>;

/// Whether a Makefile has a rule for the target, as one of its targets; `test := x` is none.
bool has_target(std::string_view makefile, std::string_view target) {
  for (const std::string_view line : text::split_lines(makefile)) {
    const std::size_t colon = line.find(':');
    if (line.starts_with('\t') || line.starts_with('#') || colon == std::string_view::npos ||
        line.substr(colon).starts_with(":=") || line.substr(colon).starts_with("::=")) {
      continue;
    }
    std::string_view names = line.substr(0, colon);
    while (!(names = text::trim(names)).empty()) {
      const std::size_t end = std::min(names.find_first_of(" \t"), names.size());
      if (names.substr(0, end) == target) {
        return true;
      }
      names.remove_prefix(end);
    }
  }
  return false;
}

void add_make(const RootFile& read, Gates& gates) {
  for (const char* name : {"GNUmakefile", "makefile", "Makefile"}) {
    const std::optional<std::string> makefile = read(name);
    if (!makefile) {
      continue;
    }
    for (const std::string target : {"lint", "check", "test"}) {
      if (has_target(*makefile, target)) {
        gates.push_back({"make-" + target, "make " + target});
      }
    }
    return;  // make reads the first of them
  }
}

void add_cmake(const RootFile& read, Gates& gates) {
  const std::optional<std::string> lists = read("CMakeLists.txt");
  if (!lists) {
    return;
  }
  gates.push_back({"cmake-build", "cmake -S . -B build && cmake --build build"});
  const std::string lower = text::to_lower(*lists);
  if (lower.find("enable_testing") != std::string::npos ||
      lower.find("include(ctest)") != std::string::npos) {
    gates.push_back({"ctest", "ctest --test-dir build --output-on-failure"});
  }
}

struct PackageManager {
  const char* lock_file;
  const char* install;
  const char* run;
};
constexpr std::array<PackageManager, 3> kManagers{
    {{"pnpm-lock.yaml", "pnpm install --frozen-lockfile", "pnpm run "},
     {"yarn.lock", "yarn install --frozen-lockfile", "yarn run "},
     {"package-lock.json", "npm ci", "npm run "}}};

void add_npm(const RootFile& read, Gates& gates) {
  const std::optional<std::string> package = read("package.json");
  const Result<Json> json =
      package ? parse_json(*package) : Result<Json>(Error(Errc::NotFound, "no package.json"));
  const std::optional<Json> scripts = json ? json->find("scripts") : std::nullopt;
  if (!scripts) {
    return;
  }
  std::string install;
  std::string run = "npm run ";
  for (const PackageManager& manager : kManagers) {
    if (read(manager.lock_file)) {
      install = manager.install;
      run = manager.run;
      break;
    }
  }
  for (const std::string name : {"lint", "build", "test"}) {
    const std::optional<Json> script = scripts->find(name);
    const std::string command =
        script && script->is_string() ? script->as_string().value_or("") : "";
    // What `npm init` writes where there are no tests.
    if (command.empty() || command.find("no test specified") != std::string::npos) {
      continue;
    }
    gates.push_back({"npm-" + name, (install.empty() ? "" : install + " && ") + run + name});
    install.clear();  // the gates share a checkout
  }
}

}  // namespace

std::vector<config::Gate> suggest_gates(const RootFile& read) {
  Gates gates;
  add_make(read, gates);
  add_cmake(read, gates);
  add_npm(read, gates);
  if (const std::optional<std::string> project = read("pyproject.toml")) {
    const bool uses_pytest = project->find("pytest") != std::string::npos;
    gates.push_back(uses_pytest ? config::Gate{"pytest", "python3 -m pytest -q"}
                                : config::Gate{"unittest", "python3 -m unittest discover"});
  }
  if (read("Cargo.toml")) {
    gates.push_back({"cargo-test", "cargo test"});
  }
  if (read("go.mod")) {
    gates.push_back({"go-test", "go test ./..."});
  }
  return gates;
}

}  // namespace director::cli
