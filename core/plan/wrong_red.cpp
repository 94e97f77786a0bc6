#include "core/plan/wrong_red.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "core/base/text.hpp"

namespace director::plan {
namespace {

using Lines = std::vector<std::string_view>;

/// How far above the error its place is told: Python and Node show the code and a caret between.
constexpr std::size_t kLinesAbove = 6;

template <std::size_t N>
bool starts_with_any(std::string_view line, const std::array<std::string_view, N>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view one) { return line.starts_with(one); });
}

template <std::size_t N>
bool contains_any(std::string_view line, const std::array<std::string_view, N>& parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view one) {
    return line.find(one) != std::string_view::npos;
  });
}

bool names_a_test(const Node& node, std::string_view line) {
  return std::any_of(node.tests.begin(), node.tests.end(), [&](const std::string& path) {
    return line.find(path) != std::string_view::npos;
  });
}

/// The error is said on a line of its own, its place above: `File "t.py", line 3`, `/t.js:3`.
bool is_placed_above(const Node& node, const Lines& lines, std::size_t error) {
  for (std::size_t up = 1; up <= std::min(kLinesAbove, error); ++up) {
    const std::string_view line = lines[error - up];
    if (line.find("File \"") != std::string_view::npos) {
      // A frame of a call, `line 3, in test_it`, means that code under test raised the error.
      return names_a_test(node, line) && line.find(", in ") == std::string_view::npos;
    }
    if (names_a_test(node, line)) {
      return true;
    }
  }
  return false;
}

std::string syntax_error(const Node& node, const Lines& lines) {
  static constexpr std::array<std::string_view, 5> kAlone{
      "SyntaxError:", "IndentationError:", "TabError:", "E   SyntaxError:",
      "E   IndentationError:"};
  // Go, Ruby, shells: the place stands on the same line. A C++ compiler's "expected" is left out:
  // it says so of templates that are not written yet.
  static constexpr std::array<std::string_view, 4> kInLine{
      ": syntax error", ": Syntax error:", "unexpected EOF while looking",
      "unexpected end of file"};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = text::trim(lines[i]);
    const bool placed_above = starts_with_any(line, kAlone) && is_placed_above(node, lines, i);
    if (placed_above || (contains_any(line, kInLine) && names_a_test(node, line))) {
      return "there is a syntax error in the test itself: " + std::string(line);
    }
  }
  return {};
}

/// `python3 -m pytest` -> "pytest".
std::optional<std::string> python_module(std::string_view command) {
  const std::size_t at = command.find(" -m ");
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view rest = text::trim(command.substr(at + 4));
  return std::string(rest.substr(0, rest.find_first_of(" \t;&|")));
}

/// Whether the node is to write a file of that name, in whatever folder.
bool writes_a(const Node& node, std::string_view name) {
  return std::any_of(node.files.begin(), node.files.end(), [&](const std::string& file) {
    return file.substr(file.rfind('/') + 1) == name;  // npos + 1 is 0
  });
}

/// "sh: 1: ./bin/tool: not found" -> "bin/tool", "bash: line 1: jest: command not found" -> "jest".
std::string_view program_not_found(std::string_view line) {
  line = line.substr(0, line.rfind(": "));
  const std::size_t before = line.rfind(": ");
  line.remove_prefix(before == std::string_view::npos ? 0 : before + 2);
  line.remove_prefix(line.starts_with("./") ? 2 : 0);
  return line;
}

/// What the node is to write is no runner that is missing: its program, or a goal of its own.
std::string missing_runner(const Node& node, const Lines& lines) {
  const std::optional<std::string> module = python_module(node.test_cmd);
  const bool writes_goals =
      writes_a(node, "Makefile") || writes_a(node, "makefile") || writes_a(node, "GNUmakefile");
  const bool writes_scripts = writes_a(node, "package.json");
  for (const std::string_view whole : lines) {
    const std::string_view line = text::trim(whole);
    // Python says "/usr/bin/python3: No module named pytest" of -m, and quotes other modules.
    const bool no_module = module.has_value() && line.ends_with(": No module named " + *module);
    // A shell's own message begins with its name or a path: "sh: 1: pytest: not found".
    const bool shell =
        line.ends_with("not found") &&
        (line.starts_with("sh: ") || line.starts_with("bash: ") || line.starts_with("/bin/sh: ")) &&
        std::find(node.files.begin(), node.files.end(), program_not_found(line)) ==
            node.files.end();
    const bool npm = !writes_scripts && line.starts_with("npm ") &&
                     line.find("issing script") != std::string_view::npos;
    const bool cargo = line.starts_with("error: no such command");
    // A source file that is "needed by" something is for the node to write; a goal is not.
    const bool make = !writes_goals && line.starts_with("make") &&
                      line.find("No rule to make target") != std::string_view::npos &&
                      line.find("needed by") == std::string_view::npos;
    if (no_module || shell || npm || cargo || make) {
      return "the test runner is missing: " + std::string(line);
    }
  }
  return {};
}

std::string nothing_ran(const Lines& lines) {
  static constexpr std::array<std::string_view, 4> kNothing{"NO TESTS RAN", "no tests ran",
                                                            "Ran 0 tests", "No tests found"};
  for (const std::string_view line : lines) {
    // Of a test file that could not be imported, pytest says "collected 0 items / 1 error".
    if (contains_any(line, kNothing) || text::trim(line).ends_with("collected 0 items")) {
      return "no test was run: " + std::string(text::trim(line));
    }
  }
  return {};
}

}  // namespace

std::string wrong_red(const Node& node, std::string_view output) {
  const Lines lines = text::split_lines(output);
  for (std::string found : {syntax_error(node, lines), missing_runner(node, lines)}) {
    if (!found.empty()) {
      return found;
    }
  }
  return nothing_ran(lines);
}

}  // namespace director::plan
