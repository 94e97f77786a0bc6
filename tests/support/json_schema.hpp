/// Checks documents against the JSON Schemas (draft 4) of docs/formats.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "director/result.hpp"

namespace director::support {

/// An immutable schema; a copy is cheap.
class JsonSchema {
 public:
  /// Errors: Invalid, if the text is no JSON object.
  [[nodiscard]] static Result<JsonSchema> parse(std::string_view text);
  /// docs/formats/<name>.schema.json. Errors: Io, Invalid.
  [[nodiscard]] static Result<JsonSchema> load(const std::string& name);

  /// Errors: Invalid. For a document that is not as the schema says, the message names the place as
  /// a JSON pointer, the keyword, and the members that are missing:
  /// "/nodes/0: 'required' does not hold: 'test_cmd' is missing".
  [[nodiscard]] Status check(std::string_view document) const;

 private:
  struct Parts;
  explicit JsonSchema(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

  std::shared_ptr<const Parts> parts_;
};

}  // namespace director::support
