/// What an examination found, for people and for scripts.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/plugin/descriptor.hpp"
#include "core/plugin/discovery.hpp"
#include "sdk/kit/outcome.hpp"

namespace director::kit {

struct Finding {
  std::string rule;
  std::string what;
  Outcome outcome;
  std::chrono::milliseconds wall{0};
  bool waits = false;  ///< not made, as another rule has to hold first
};

struct Report {
  std::string library;  ///< or program
  plugin::Form form = plugin::Form::Library;
  std::string id;  ///< empty if it could not be asked
  std::string version;
  std::vector<plugin::Kind> kinds;
  std::vector<Finding> findings;

  /// Nothing failed, and with `strict` nothing was left unchecked either.
  [[nodiscard]] bool passed(bool strict) const;
};

/// A line for each finding that is no pass, with its reason and its place in the guide; then the
/// sum. `all`: also what passed.
[[nodiscard]] std::string to_text(const Report& report, bool strict, bool all);
/// docs/formats/plugin_check.md
[[nodiscard]] std::string to_json(const Report& report, bool strict);

}  // namespace director::kit
