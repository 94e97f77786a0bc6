#include "json.hpp"

#include <rapidjson/error/en.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

namespace director::scripted_model {
namespace {

constexpr std::size_t kMaxDepth = 200;

// Looks at brackets outside strings only; whether they pair up is the parser's business.
bool too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) {
        return true;
      }
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

std::string line_and_column(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t newline = before.rfind('\n');
  const std::size_t column =
      newline == std::string_view::npos ? before.size() + 1 : before.size() - newline;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

std::string join(std::initializer_list<std::string_view> names) {
  std::string joined;
  for (const std::string_view name : names) {
    joined += (joined.empty() ? "" : ", ") + std::string(name);
  }
  return joined;
}

}  // namespace

Result<rapidjson::Document> parse_json(std::string_view text) {
  if (too_deep(text)) {
    return Error(Errc::Invalid,
                 "cannot parse JSON: nested deeper than " + std::to_string(kMaxDepth) + " levels");
  }
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(
      text.data(), text.size());
  if (document.HasParseError()) {
    return Error(Errc::Invalid,
                 "cannot parse JSON: " + line_and_column(text, document.GetErrorOffset()) + ": " +
                     rapidjson::GetParseError_En(document.GetParseError()));
  }
  return Result<rapidjson::Document>(std::move(document));
}

std::string to_json(const Json& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

std::string escape_json(std::string_view text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return {buffer.GetString() + 1, buffer.GetSize() - 2};
}

std::string_view kind_of(const Json& value) {
  switch (value.GetType()) {
    case rapidjson::kNullType:
      return "null";
    case rapidjson::kFalseType:
    case rapidjson::kTrueType:
      return "true or false";
    case rapidjson::kObjectType:
      return "an object";
    case rapidjson::kArrayType:
      return "an array";
    case rapidjson::kStringType:
      return "a string";
    case rapidjson::kNumberType:
      return "a number";
  }
  return "something else";
}

Result<Fields> Fields::of(const Json& value, std::string place,
                          std::initializer_list<std::string_view> allowed) {
  const std::string prefix = place.empty() ? "" : place + ": ";
  if (!value.IsObject()) {
    return Error(Errc::Invalid, prefix + "expected an object, got " + std::string(kind_of(value)));
  }
  std::vector<std::string_view> seen;
  for (const auto& member : value.GetObject()) {
    const std::string_view name = view(member.name);
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      return Error(Errc::Invalid, prefix + "unknown key '" + std::string(name) +
                                      "'; known here: " + join(allowed));
    }
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      return Error(Errc::Invalid, prefix + "key '" + std::string(name) + "' occurs twice");
    }
    seen.push_back(name);
  }
  return Fields(value, std::move(place));
}

const Json* Fields::find(std::string_view name) const {
  const Json key(rapidjson::StringRef(name.data(), name.size()));
  const auto member = value_->FindMember(key);
  return member == value_->MemberEnd() ? nullptr : &member->value;
}

std::string Fields::place_of(std::string_view name) const {
  return place_.empty() ? std::string(name) : place_ + "." + std::string(name);
}

Error Fields::error(std::string_view name, std::string_view cause) const {
  return {Errc::Invalid, place_of(name) + ": " + std::string(cause)};
}

Result<std::optional<std::string>> Fields::string(std::string_view name) const {
  const Json* value = find(name);
  if (value == nullptr) {
    return std::optional<std::string>();
  }
  if (!value->IsString()) {
    return error(name, "expected a string, got " + std::string(kind_of(*value)));
  }
  return std::optional<std::string>(view(*value));
}

Result<std::optional<bool>> Fields::boolean(std::string_view name) const {
  const Json* value = find(name);
  if (value == nullptr) {
    return std::optional<bool>();
  }
  if (!value->IsBool()) {
    return error(name, "expected true or false, got " + std::string(kind_of(*value)));
  }
  return std::optional<bool>(value->GetBool());
}

Result<std::optional<std::int64_t>> Fields::number(std::string_view name, std::int64_t least,
                                                   std::int64_t most) const {
  const Json* value = find(name);
  if (value == nullptr) {
    return std::optional<std::int64_t>();
  }
  if (!value->IsInt64() || value->GetInt64() < least || value->GetInt64() > most) {
    return error(name, "expected a whole number from " + std::to_string(least) + " to " +
                           std::to_string(most) + ", got " + to_json(*value));
  }
  return std::optional<std::int64_t>(value->GetInt64());
}

Result<const Json*> Fields::array(std::string_view name) const {
  const Json* value = find(name);
  if (value != nullptr && !value->IsArray()) {
    return error(name, "expected an array, got " + std::string(kind_of(*value)));
  }
  return value;
}

Result<std::vector<std::string>> Fields::strings(std::string_view name) const {
  DIRECTOR_TRY(const Json* const list, array(name));
  std::vector<std::string> strings;
  if (list == nullptr) {
    return strings;
  }
  for (const Json& item : list->GetArray()) {
    if (!item.IsString()) {
      return error(std::string(name) + "[" + std::to_string(strings.size()) + "]",
                   "expected a string, got " + std::string(kind_of(item)));
    }
    strings.emplace_back(view(item));
  }
  return strings;
}

}  // namespace director::scripted_model
