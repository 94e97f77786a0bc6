/// JSON for the whole kernel: a checked read view and a writer. Pure; no third-party header.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "director/result.hpp"

namespace director {

enum class JsonType : std::uint8_t { Null, Bool, Integer, Number, String, Array, Object };

/// "a string", "an array", ...: with its article, for messages.
[[nodiscard]] std::string_view to_string(JsonType type);

namespace detail {
struct JsonTape;
struct JsonRecord;
}  // namespace detail

/// A value in an immutable, parsed document. A copy is cheap and keeps the document alive; safe to
/// read from any thread.
///
/// Errors are Invalid and name the place: `nodes[3].files: expected an array of strings, found a
/// number`. In get_*, a missing key is an error; in find_*, an absent or null one is nullopt.
class Json {
 public:
  [[nodiscard]] JsonType type() const;
  [[nodiscard]] bool is_null() const { return type() == JsonType::Null; }
  [[nodiscard]] bool is_string() const { return type() == JsonType::String; }
  [[nodiscard]] bool is_array() const { return type() == JsonType::Array; }
  [[nodiscard]] bool is_object() const { return type() == JsonType::Object; }
  /// Elements of an array, members of an object; 0 for anything else.
  [[nodiscard]] std::size_t size() const;
  /// "nodes[3].files"; "top level" for the root.
  [[nodiscard]] std::string path() const;
  /// An Invalid error about this value: "<path>: <what>".
  [[nodiscard]] Error error(std::string_view what) const;

  [[nodiscard]] Result<std::string> as_string() const;
  [[nodiscard]] Result<std::int64_t> as_int() const;
  /// Integers count as numbers.
  [[nodiscard]] Result<double> as_number() const;
  [[nodiscard]] Result<bool> as_bool() const;
  [[nodiscard]] Result<std::vector<Json>> as_array() const;
  [[nodiscard]] Result<std::vector<std::string>> as_strings() const;
  /// In the order of the text. Empty for anything but an object.
  [[nodiscard]] std::vector<std::pair<std::string, Json>> members() const;

  /// The member, null or not; nullopt if there is none or this is no object.
  [[nodiscard]] std::optional<Json> find(std::string_view key) const;
  [[nodiscard]] Result<Json> get(std::string_view key) const;
  [[nodiscard]] Result<std::string> get_string(std::string_view key) const;
  [[nodiscard]] Result<std::int64_t> get_int(std::string_view key) const;
  [[nodiscard]] Result<double> get_number(std::string_view key) const;
  [[nodiscard]] Result<bool> get_bool(std::string_view key) const;
  [[nodiscard]] Result<std::vector<Json>> get_array(std::string_view key) const;
  [[nodiscard]] Result<std::vector<std::string>> get_strings(std::string_view key) const;
  [[nodiscard]] Result<Json> get_object(std::string_view key) const;
  [[nodiscard]] Result<std::optional<std::string>> find_string(std::string_view key) const;
  [[nodiscard]] Result<std::optional<std::int64_t>> find_int(std::string_view key) const;
  [[nodiscard]] Result<std::optional<double>> find_number(std::string_view key) const;
  [[nodiscard]] Result<std::optional<bool>> find_bool(std::string_view key) const;
  [[nodiscard]] Result<std::optional<std::vector<std::string>>> find_strings(
      std::string_view key) const;

 private:
  friend Json json_root(std::shared_ptr<detail::JsonTape> tape);
  Json(std::shared_ptr<const detail::JsonTape> tape, std::uint32_t index)
      : tape_(std::move(tape)), index_(index) {}
  [[nodiscard]] const detail::JsonRecord& record() const;
  [[nodiscard]] Error expected(std::string_view what) const;
  [[nodiscard]] Result<Json> member(std::string_view key, std::string_view expected) const;

  std::shared_ptr<const detail::JsonTape> tape_;
  std::uint32_t index_;
};

enum class JsonDialect : std::uint8_t {
  Strict,
  Lenient  ///< comments and trailing commas are allowed
};

/// Deeper nesting is refused, in any dialect.
inline constexpr std::size_t kMaxJsonDepth = 256;

/// Errors: Invalid as `<line>:<column>: <cause>`; also for a key twice in an object, text after the
/// value, bytes that are not UTF-8 and nesting beyond kMaxJsonDepth.
[[nodiscard]] Result<Json> parse_json(std::string_view text,
                                      JsonDialect dialect = JsonDialect::Strict);

/// What stands at the start of a text.
struct JsonPrefix {
  std::optional<Json> value;
  std::size_t end = 0;  ///< behind the value; without one, the byte where reading stopped
  std::string problem;  ///< why there is no value
};

/// Reads one value and ignores what follows it. Otherwise as parse_json().
[[nodiscard]] JsonPrefix parse_json_prefix(std::string_view text, JsonDialect dialect);

/// "<line>:<column>" of a byte, both from 1.
[[nodiscard]] std::string line_and_column(std::string_view text, std::size_t offset);

/// Writes one JSON text, keys in the order given. Takes any bytes: what is not UTF-8 becomes
/// U+FFFD. Numbers that JSON cannot hold (NaN, infinity) become null. Calls in an order that gives
/// no valid text are a bug of the caller.
class JsonWriter {
 public:
  enum class Style : std::uint8_t { Compact, Pretty };
  explicit JsonWriter(Style style = Style::Compact) : style_(style) {}

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);

  JsonWriter& null();
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(double number);
  template <std::same_as<bool> T>
  JsonWriter& value(T flag) {
    return literal(flag ? "true" : "false");
  }
  template <std::integral T>
  requires(!std::same_as<T, bool>) JsonWriter& value(T number) {
    return literal(std::to_string(number));
  }
  JsonWriter& value(const std::vector<std::string>& texts);
  /// A value that is JSON already; it must not hold a line break if lines matter.
  JsonWriter& raw(std::string_view json);

  template <typename T>
  JsonWriter& member(std::string_view name, const T& content) {
    return key(name).value(content);
  }

  /// The text; the writer is empty again.
  [[nodiscard]] std::string take();

 private:
  struct Level {
    char close = '\0';
    bool has_items = false;
  };
  JsonWriter& literal(std::string_view text);
  JsonWriter& begin(char open, char close);
  JsonWriter& end(char close);
  void before_item();
  void before_value();
  void break_line();

  Style style_;
  bool after_key_ = false;
  std::string out_;
  std::vector<Level> levels_;
};

/// The text in quotes, escaped.
[[nodiscard]] std::string json_quote(std::string_view text);

}  // namespace director
