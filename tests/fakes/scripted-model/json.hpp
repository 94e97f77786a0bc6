/// Checked access to JSON. Includes RapidJSON: for .cpp files only.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "director/result.hpp"

namespace director::scripted_model {

using Json = rapidjson::Value;

/// Parses one JSON value of valid UTF-8. Nesting is bounded, so that walking the result cannot
/// exhaust the stack. Errors: Invalid, with line and column.
[[nodiscard]] Result<rapidjson::Document> parse_json(std::string_view text);

/// Compact text of a value, without a newline.
[[nodiscard]] std::string to_json(const Json& value);

/// `text` as a JSON string without its quotes.
[[nodiscard]] std::string escape_json(std::string_view text);

[[nodiscard]] inline std::string_view view(const Json& string) {
  return {string.GetString(), string.GetStringLength()};
}

/// "a string", "an object": what a value is, for messages.
[[nodiscard]] std::string_view kind_of(const Json& value);

/// A JSON object whose members are read with their types checked. Borrows the value.
/// Every error is Invalid and starts with the member's place in the document.
class Fields {
 public:
  /// Errors: `value` is no object, has a member that is not in `allowed`, or one member twice.
  [[nodiscard]] static Result<Fields> of(const Json& value, std::string place,
                                         std::initializer_list<std::string_view> allowed);

  /// The member, or null when absent.
  [[nodiscard]] const Json* find(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }

  [[nodiscard]] Result<std::optional<std::string>> string(std::string_view name) const;
  [[nodiscard]] Result<std::optional<bool>> boolean(std::string_view name) const;
  /// A whole number within the bounds, both included.
  [[nodiscard]] Result<std::optional<std::int64_t>> number(std::string_view name,
                                                           std::int64_t least,
                                                           std::int64_t most) const;
  /// An array of strings; absent counts as empty.
  [[nodiscard]] Result<std::vector<std::string>> strings(std::string_view name) const;
  /// An array, or null when absent.
  [[nodiscard]] Result<const Json*> array(std::string_view name) const;

  [[nodiscard]] std::string place_of(std::string_view name) const;
  [[nodiscard]] Error error(std::string_view name, std::string_view cause) const;

 private:
  Fields(const Json& value, std::string place) : value_(&value), place_(std::move(place)) {}

  const Json* value_;
  std::string place_;
};

}  // namespace director::scripted_model
