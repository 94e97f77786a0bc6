/// Configuration sources as flat lists of values. Only core/config/*.cpp include this.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/config/settings.hpp"

namespace director::config {

struct TableMark {};  ///< there is a table here; its values are entries of their own
struct Unusable {
  std::string type;  ///< with its article: "a date"
};
using Strings = std::vector<std::string>;
using Scalar = std::variant<bool, std::int64_t, double, std::string, Strings, TableMark, Unusable>;

/// "a string", "a table", ...
[[nodiscard]] std::string type_name(const Scalar& value);
/// As TOML.
[[nodiscard]] std::string to_toml(const Scalar& value);
/// As JSON; none for what has no like there.
[[nodiscard]] std::optional<std::string> to_json(const Scalar& value);

struct Entry {
  std::vector<std::string> path;  ///< {"limits", "max_attempts"}
  Scalar value;
  std::optional<std::string> raw;  ///< an override's text, which is what a string key gets
  Origin origin;
};

/// A message with where it belongs.
struct Complaint {
  Origin origin;
  std::string message;
};

struct Entries {
  std::vector<Entry> entries;  ///< of a file: in the order of its lines
  std::vector<Complaint> complaints;
};

[[nodiscard]] Entries read_toml(std::string_view path, std::string_view text);
/// "key=value".
[[nodiscard]] Entries read_override(std::string_view text);
/// nullopt: the variable is none of the configuration's.
[[nodiscard]] std::optional<Entries> read_variable(std::string_view name, std::string_view value);

/// `limits.max_attempts`, with parts in quotes where TOML needs them.
[[nodiscard]] std::string dotted(const std::vector<std::string>& path);

/// The string that the entry stands for, if it stands for one.
[[nodiscard]] std::optional<std::string> string_of(const Entry& entry);
/// "expected <wanted>, found <type>"
[[nodiscard]] std::string wrong_type(std::string_view wanted, const Entry& entry);

}  // namespace director::config
