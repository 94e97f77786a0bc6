/// Writing JSON. For .cpp files only.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string>
#include <string_view>

#include "json_view.hpp"

namespace plugin_support {

[[nodiscard]] inline std::string to_json(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

/// The same in printable ASCII: for files that people look at on a terminal.
[[nodiscard]] inline std::string to_ascii_json(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::ASCII<>> writer(buffer);
  value.Accept(writer);
  std::string text(buffer.GetString(), buffer.GetSize());
  for (std::size_t at = 0; (at = text.find('\x7f', at)) != std::string::npos;) {
    text.replace(at, 1, "\\u007f");
  }
  return text;
}

/// A copy of `text` that lives as long as `allocator`.
[[nodiscard]] inline rapidjson::Value make_string(std::string_view text,
                                                  rapidjson::Document::AllocatorType& allocator) {
  return rapidjson::Value(text.data(), static_cast<rapidjson::SizeType>(text.size()), allocator);
}

/// Sets `object[name]`, replacing what is there. `object` is an object.
inline void set_member(rapidjson::Value& object, std::string_view name, rapidjson::Value value,
                       rapidjson::Document::AllocatorType& allocator) {
  rapidjson::Value key = make_string(name, allocator);
  const auto found = object.FindMember(key);
  if (found != object.MemberEnd()) {
    found->value = value;
  } else {
    object.AddMember(key, value, allocator);
  }
}

}  // namespace plugin_support
