/// Reading JSON from outside: RapidJSON parsed without recursion, and accessors that check types.
/// For .cpp files only.
#pragma once

#include <rapidjson/document.h>
#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "director/result.hpp"
#include "text.hpp"

namespace plugin_support {

namespace detail {

/// Hands a parser's events on to a document, up to a depth. Everything else that RapidJSON does
/// with a document (copying, writing) recurses, and the depth is the input's choice.
class DepthLimit {
 public:
  using Ch = char;
  static constexpr int kDeepest = 200;

  explicit DepthLimit(rapidjson::Document& document) : document_(document) {}

  // RapidJSON calls a handler by these names.
  // NOLINTBEGIN(readability-identifier-naming)
  bool Null() { return document_.Null(); }
  bool Bool(bool value) { return document_.Bool(value); }
  bool Int(int value) { return document_.Int(value); }
  bool Uint(unsigned value) { return document_.Uint(value); }
  bool Int64(std::int64_t value) { return document_.Int64(value); }
  bool Uint64(std::uint64_t value) { return document_.Uint64(value); }
  bool Double(double value) { return document_.Double(value); }
  bool RawNumber(const Ch* text, rapidjson::SizeType size, bool copy) {
    return document_.RawNumber(text, size, copy);
  }
  bool String(const Ch* text, rapidjson::SizeType size, bool) {
    const std::string whole = mended(text, size);
    return document_.String(whole.data(), static_cast<rapidjson::SizeType>(whole.size()), true);
  }
  bool Key(const Ch* text, rapidjson::SizeType size, bool) {
    const std::string whole = mended(text, size);
    return document_.Key(whole.data(), static_cast<rapidjson::SizeType>(whole.size()), true);
  }
  bool StartObject() { return ++depth_ <= kDeepest && document_.StartObject(); }
  bool StartArray() { return ++depth_ <= kDeepest && document_.StartArray(); }
  bool EndObject(rapidjson::SizeType count) {
    --depth_;
    return document_.EndObject(count);
  }
  bool EndArray(rapidjson::SizeType count) {
    --depth_;
    return document_.EndArray(count);
  }
  // NOLINTEND(readability-identifier-naming)

 private:
  /// Half a surrogate pair, as tools leave it that cut text by UTF-16 units, becomes U+FFFD; the
  /// reader lets it through as bytes that are not UTF-8.
  static std::string mended(const Ch* text, rapidjson::SizeType size) {
    constexpr Ch kLeadOfSurrogates = '\xed';
    std::string whole(text, size);
    return whole.find(kLeadOfSurrogates) == std::string::npos ? whole : valid_utf8(whole);
  }

  rapidjson::Document& document_;
  int depth_ = 0;
};

}  // namespace detail

/// `Flags` are RapidJSON's parse flags beyond the ones that are always set. Invalid on bad UTF-8
/// and on more than 200 levels.
template <unsigned Flags = rapidjson::kParseNoFlags>
[[nodiscard]] director::Result<rapidjson::Document> parse_json(std::string_view text) {
  constexpr unsigned kAll =
      Flags | rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  rapidjson::Document document;
  rapidjson::Reader reader;
  const auto generate = [&](rapidjson::Document& target) {
    rapidjson::MemoryStream bytes(text.data(), text.size());
    rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
    detail::DepthLimit limit(target);
    return !reader.Parse<kAll>(stream, limit).IsError();
  };
  document.Populate(generate);
  if (reader.HasParseError()) {
    const bool deep = reader.GetParseErrorCode() == rapidjson::kParseErrorTermination;
    return director::Error(
        director::Errc::Invalid,
        std::string(deep ? "More than 200 levels"
                         : rapidjson::GetParseError_En(reader.GetParseErrorCode())) +
            " at byte " + std::to_string(reader.GetErrorOffset()));
  }
  return document;
}

/// The member, or null where `object` is no object or has none of that name.
[[nodiscard]] inline const rapidjson::Value* member(const rapidjson::Value& object,
                                                    std::string_view name) {
  if (!object.IsObject()) {
    return nullptr;
  }
  const auto found = object.FindMember(rapidjson::Value(
      rapidjson::StringRef(name.data(), static_cast<rapidjson::SizeType>(name.size()))));
  return found == object.MemberEnd() ? nullptr : &found->value;
}

/// As member(), down a path of names.
template <typename... Names>
[[nodiscard]] const rapidjson::Value* member(const rapidjson::Value& object, std::string_view name,
                                             Names... rest) {
  const rapidjson::Value* inner = member(object, name);
  return inner == nullptr ? nullptr : member(*inner, rest...);
}

[[nodiscard]] inline std::optional<std::string_view> as_string(const rapidjson::Value* value) {
  if (value == nullptr || !value->IsString()) {
    return std::nullopt;
  }
  return std::string_view(value->GetString(), value->GetStringLength());
}

/// Empty for what is no text.
[[nodiscard]] inline std::string text_or_empty(const rapidjson::Value* value) {
  return std::string(as_string(value).value_or(std::string_view()));
}

/// Whole numbers, also when written as 3.0.
[[nodiscard]] inline std::optional<std::int64_t> as_integer(const rapidjson::Value* value) {
  if (value == nullptr || !value->IsNumber()) {
    return std::nullopt;
  }
  if (value->IsInt64()) {
    return value->GetInt64();
  }
  constexpr double kLimit = 9.0e18;
  const double number = value->GetDouble();
  if (!(number > -kLimit && number < kLimit)) {
    return std::nullopt;
  }
  const auto whole = static_cast<std::int64_t>(number);
  return static_cast<double>(whole) == number ? std::optional(whole) : std::nullopt;
}

[[nodiscard]] inline std::optional<double> as_number(const rapidjson::Value* value) {
  return value == nullptr || !value->IsNumber() ? std::nullopt
                                                : std::optional<double>(value->GetDouble());
}

/// 0 for what is no whole number, or less than that.
[[nodiscard]] inline std::int64_t count_or_zero(const rapidjson::Value* value) {
  return std::max<std::int64_t>(0, as_integer(value).value_or(0));
}

[[nodiscard]] inline bool is_true(const rapidjson::Value* value) {
  return value != nullptr && value->IsTrue();
}

}  // namespace plugin_support
