#include "core/base/json.hpp"

#include <algorithm>

#include "core/base/json_tape.hpp"
#include "core/base/text.hpp"

namespace director {
namespace {

bool is_plain_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::string shown_key(std::string_view key) {
  return is_plain_key(key) ? std::string(key) : json_quote(text::cut_middle(key, 100));
}

template <typename T, typename Read>
Result<std::optional<T>> optional_member(const Json& object, std::string_view key, Read read) {
  const std::optional<Json> found = object.find(key);
  if (!found || found->is_null()) {
    return std::optional<T>{};
  }
  DIRECTOR_TRY(T content, read(*found));
  return std::optional<T>(std::move(content));
}

}  // namespace

std::string_view to_string(JsonType type) {
  switch (type) {
    case JsonType::Null:
      return "null";
    case JsonType::Bool:
      return "a boolean";
    case JsonType::Integer:
    case JsonType::Number:
      return "a number";
    case JsonType::String:
      return "a string";
    case JsonType::Array:
      return "an array";
    case JsonType::Object:
      return "an object";
  }
  return "null";
}

Json json_root(std::shared_ptr<detail::JsonTape> tape) { return Json(std::move(tape), 0); }

const detail::JsonRecord& Json::record() const { return tape_->records[index_]; }

JsonType Json::type() const { return record().type; }

std::size_t Json::size() const { return record().count; }

std::string Json::path() const {
  std::vector<std::string> parts;
  for (std::uint32_t at = index_; tape_->records[at].parent != at; at = tape_->records[at].parent) {
    const std::uint32_t parent = tape_->records[at].parent;
    if (tape_->records[parent].type == JsonType::Object) {
      parts.push_back("." + shown_key(tape_->view(tape_->records[at].key)));
      continue;
    }
    std::size_t position = 0;
    for (std::uint32_t sibling = parent + 1; sibling != at; ++position) {
      sibling = tape_->records[sibling].next;
    }
    parts.push_back("[" + std::to_string(position) + "]");
  }
  std::string path;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    path += *part;
  }
  if (path.empty()) {
    return "top level";
  }
  return path.front() == '.' ? path.substr(1) : path;
}

Error Json::error(std::string_view what) const {
  return Error(Errc::Invalid, path() + ": " + std::string(what));
}

Error Json::expected(std::string_view what) const {
  return error("expected " + std::string(what) + ", found " + std::string(to_string(type())));
}

Result<std::string> Json::as_string() const {
  if (type() != JsonType::String) {
    return expected("a string");
  }
  return std::string(tape_->view(record().text));
}

Result<std::int64_t> Json::as_int() const {
  if (type() != JsonType::Integer) {
    return type() == JsonType::Number ? error("expected a whole number in 64 bits, found another")
                                      : expected("a whole number");
  }
  return record().integer;
}

Result<double> Json::as_number() const {
  if (type() == JsonType::Integer) {
    return static_cast<double>(record().integer);
  }
  if (type() != JsonType::Number) {
    return expected("a number");
  }
  return record().number;
}

Result<bool> Json::as_bool() const {
  if (type() != JsonType::Bool) {
    return expected("true or false");
  }
  return record().integer != 0;
}

Result<std::vector<Json>> Json::as_array() const {
  if (type() != JsonType::Array) {
    return expected("an array");
  }
  std::vector<Json> elements;
  elements.reserve(size());
  for (std::uint32_t at = index_ + 1; at != record().next; at = tape_->records[at].next) {
    elements.push_back(Json(tape_, at));
  }
  return elements;
}

Result<std::vector<std::string>> Json::as_strings() const {
  if (type() != JsonType::Array) {
    return expected("an array of strings");
  }
  std::vector<std::string> texts;
  texts.reserve(size());
  for (std::uint32_t at = index_ + 1; at != record().next; at = tape_->records[at].next) {
    DIRECTOR_TRY(std::string text, Json(tape_, at).as_string());
    texts.push_back(std::move(text));
  }
  return texts;
}

std::vector<std::pair<std::string, Json>> Json::members() const {
  std::vector<std::pair<std::string, Json>> all;
  if (!is_object()) {
    return all;
  }
  all.reserve(size());
  for (std::uint32_t at = index_ + 1; at != record().next; at = tape_->records[at].next) {
    all.emplace_back(std::string(tape_->view(tape_->records[at].key)), Json(tape_, at));
  }
  return all;
}

std::optional<Json> Json::find(std::string_view key) const {
  if (!is_object()) {
    return std::nullopt;
  }
  for (std::uint32_t at = index_ + 1; at != record().next; at = tape_->records[at].next) {
    if (tape_->view(tape_->records[at].key) == key) {
      return Json(tape_, at);
    }
  }
  return std::nullopt;
}

Result<Json> Json::member(std::string_view key, std::string_view expected) const {
  if (!is_object()) {
    return this->expected("an object");
  }
  std::optional<Json> found = find(key);
  if (found) {
    return *std::move(found);
  }
  const bool is_root = index_ == 0;
  return Error(Errc::Invalid, (is_root ? std::string() : path() + ".") + shown_key(key) +
                                  ": missing, expected " + std::string(expected));
}

Result<Json> Json::get(std::string_view key) const { return member(key, "a value"); }

Result<std::string> Json::get_string(std::string_view key) const {
  DIRECTOR_TRY(const Json found, member(key, "a string"));
  return found.as_string();
}

Result<std::int64_t> Json::get_int(std::string_view key) const {
  DIRECTOR_TRY(const Json found, member(key, "a whole number"));
  return found.as_int();
}

Result<double> Json::get_number(std::string_view key) const {
  DIRECTOR_TRY(const Json found, member(key, "a number"));
  return found.as_number();
}

Result<bool> Json::get_bool(std::string_view key) const {
  DIRECTOR_TRY(const Json found, member(key, "true or false"));
  return found.as_bool();
}

Result<std::vector<Json>> Json::get_array(std::string_view key) const {
  DIRECTOR_TRY(const Json found, member(key, "an array"));
  return found.as_array();
}

Result<std::vector<std::string>> Json::get_strings(std::string_view key) const {
  DIRECTOR_TRY(const Json found, member(key, "an array of strings"));
  return found.as_strings();
}

Result<Json> Json::get_object(std::string_view key) const {
  DIRECTOR_TRY(Json found, member(key, "an object"));
  if (!found.is_object()) {
    return found.expected("an object");
  }
  return found;
}

Result<std::optional<std::string>> Json::find_string(std::string_view key) const {
  return optional_member<std::string>(*this, key, [](const Json& at) { return at.as_string(); });
}

Result<std::optional<std::int64_t>> Json::find_int(std::string_view key) const {
  return optional_member<std::int64_t>(*this, key, [](const Json& at) { return at.as_int(); });
}

Result<std::optional<double>> Json::find_number(std::string_view key) const {
  return optional_member<double>(*this, key, [](const Json& at) { return at.as_number(); });
}

Result<std::optional<bool>> Json::find_bool(std::string_view key) const {
  return optional_member<bool>(*this, key, [](const Json& at) { return at.as_bool(); });
}

Result<std::optional<std::vector<std::string>>> Json::find_strings(std::string_view key) const {
  return optional_member<std::vector<std::string>>(*this, key,
                                                   [](const Json& at) { return at.as_strings(); });
}

}  // namespace director
