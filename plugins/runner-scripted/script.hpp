/// The script of runner-scripted; README.md describes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "director/result.hpp"
#include "director/runner.hpp"

namespace runner_scripted {

struct Write {
  std::vector<std::pair<std::string, std::string>> files;
};
struct Delete {
  std::vector<std::string> paths;
};
struct Run {
  std::string command;
  std::optional<std::int64_t> exits;  ///< another exit status is a failure of the runner
};
struct Sleep {
  std::int64_t ms = 0;
};
struct Say {
  std::string text;
  bool message = false;  ///< the call's own message instead
  bool bytes = false;    ///< `text` goes to the host as it is, UTF-8 or not
};
struct Tool {
  std::string name;
  std::string input;  ///< as the tool gives it, JSON or not
  std::string output;
};
struct Retry {
  std::string why;
  std::int64_t after_ms = 0;
};
struct Fail {
  director::agent_failure failure = director::agent_failure::transport;
  std::string why;
  std::int64_t retry_after_ms = 0;
  std::optional<std::int64_t> if_exit;  ///< only where the last command ended with this status
};

using Step = std::variant<Write, Delete, Run, Sleep, Say, Tool, Retry, Fail, director::usage>;

struct Rule {
  std::string name;                   ///< for the log
  std::string role;                   ///< empty: any
  std::string model;                  ///< empty: any
  std::vector<std::string> contains;  ///< all of these
  std::vector<std::string> lacks;     ///< none of these
  std::int64_t nth = 0;               ///< 0: any
  std::int64_t first = 0;             ///< at most the first so many; 0: any
  std::vector<Step> steps;
};

struct Script {
  std::vector<Rule> rules;
};

/// Pure. `path` is for messages. Errors: Invalid, with the place in the file.
[[nodiscard]] director::Result<Script> parse_script(std::string_view text, const std::string& path);

}  // namespace runner_scripted
