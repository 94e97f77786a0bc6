/// The script of gate-scripted; README.md describes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "director/gate.hpp"
#include "director/result.hpp"

namespace gate_scripted {

/// What a file of the checkout must be like.
struct Wanted {
  std::string path;                  ///< relative to the checkout
  bool absent = false;               ///< there is no such file
  std::optional<std::string> exact;  ///< all of its bytes
  std::vector<std::string> has;
  std::vector<std::string> lacks;
};

struct Rule {
  std::optional<director::gate_scope> scope;  ///< none: any
  std::string gate;                           ///< the request's name; empty: any
  std::string node;                           ///< empty: any
  std::vector<std::string> command;           ///< all of these in the command
  std::vector<std::string> changed;           ///< all of these paths are changed
  std::vector<Wanted> files;
  std::int64_t nth = 0;       ///< the Nth call that met the other conditions; 0: any
  std::int64_t sleep_ms = 0;  ///< before it answers
  director::verdict says;
};

struct Script {
  std::vector<Rule> rules;
};

/// Pure. `path` is for messages. Errors: Invalid, with the place in the file.
[[nodiscard]] director::Result<Script> parse_script(std::string_view text, const std::string& path);

}  // namespace gate_scripted
