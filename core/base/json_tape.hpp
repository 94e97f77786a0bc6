/// How a parsed document is kept: one flat array in the order of the text. Only json*.cpp include
/// this.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.hpp"

namespace director::detail {

struct JsonSlice {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
};

// One of the members of the union has a value; the check asks for all of them.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
struct JsonRecord {
  JsonType type = JsonType::Null;
  std::uint32_t parent = 0;  ///< its own index for the root
  std::uint32_t next = 0;    ///< index behind this value and all that is in it
  std::uint32_t count = 0;   ///< elements or members
  JsonSlice key;             ///< in an object
  JsonSlice text;            ///< String
  union {
    std::int64_t integer = 0;  ///< Integer, Bool
    double number;             ///< Number
  };
};

struct JsonTape {
  std::vector<JsonRecord> records;
  std::string strings;

  [[nodiscard]] std::string_view view(JsonSlice slice) const {
    return std::string_view(strings).substr(slice.begin, slice.size);
  }
};

}  // namespace director::detail

namespace director {

/// The root of a complete tape.
[[nodiscard]] Json json_root(std::shared_ptr<detail::JsonTape> tape);

}  // namespace director
