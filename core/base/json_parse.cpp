#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <system_error>

#include "core/base/json.hpp"
#include "core/base/json_tape.hpp"
#include "core/base/text.hpp"

namespace director {
namespace {

using detail::JsonRecord;
using detail::JsonSlice;
using detail::JsonTape;

/// Receives the reader's events. Returning false stops the reader; problem() then says why.
class TapeBuilder {
 public:
  explicit TapeBuilder(JsonTape& tape) : tape_(tape) { tape_.records.reserve(kFewRecords); }

  // RapidJSON calls a handler by these names.
  // NOLINTBEGIN(readability-identifier-naming)
  bool Null() {
    add(JsonType::Null);
    return true;
  }
  bool Bool(bool flag) {
    add(JsonType::Bool).integer = flag ? 1 : 0;
    return true;
  }
  // Not called: numbers arrive as text, since the reader's own conversion is undefined for 0e75.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    const char* const end = text + size;
    if (std::none_of(text, end, [](char c) { return c == '.' || c == 'e' || c == 'E'; })) {
      std::int64_t whole = 0;
      if (std::from_chars(text, end, whole).ec == std::errc()) {
        add(JsonType::Integer).integer = whole;
        return true;
      }
    }
    double number = 0;
    if (std::from_chars(text, end, number).ec == std::errc::result_out_of_range) {
      number =
          std::strtod(std::string(text, size).c_str(), nullptr);  // tells too big from too small
    }
    if (std::isinf(number)) {
      problem_ = "the number " + text::cut_middle({text, size}, 100) + " is too big for a double";
      return false;
    }
    add(JsonType::Number).number = number;
    return true;
  }
  bool String(const char* text, rapidjson::SizeType size, bool copy) {
    const JsonSlice slice = keep(text, size, copy);
    add(JsonType::String).text = slice;
    return is_whole(tape_.view(slice));
  }
  bool Key(const char* text, rapidjson::SizeType size, bool copy) {
    key_ = keep(text, size, copy);
    return is_whole(tape_.view(key_));
  }
  bool StartObject() { return open(JsonType::Object); }
  bool EndObject(rapidjson::SizeType) { return keys_are_unique(close()); }
  bool StartArray() { return open(JsonType::Array); }
  bool EndArray(rapidjson::SizeType) {
    close();
    return true;
  }
  // NOLINTEND(readability-identifier-naming)

  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  /// Copies what is not in the tape already.
  JsonSlice keep(const char* text, std::size_t size, bool copy) {
    if (!copy) {
      return {static_cast<std::uint32_t>(text - tape_.strings.data()),
              static_cast<std::uint32_t>(size)};
    }
    const JsonSlice slice{static_cast<std::uint32_t>(tape_.strings.size()),
                          static_cast<std::uint32_t>(size)};
    tape_.strings.append(text, size);
    return slice;
  }

  /// The reader refuses the first half of a surrogate pair that stands alone, not the second.
  bool is_whole(std::string_view text) {
    constexpr char kLeadOfSurrogates = '\xed';
    if (text.find(kLeadOfSurrogates) == std::string_view::npos || text::is_utf8(text)) {
      return true;
    }
    problem_ = "half a surrogate pair in a string";
    return false;
  }

  JsonRecord& add(JsonType type) {
    const auto index = static_cast<std::uint32_t>(tape_.records.size());
    JsonRecord record;
    record.type = type;
    record.parent = index;
    record.next = index + 1;
    if (!open_.empty()) {
      record.parent = open_.back();
      record.key = key_;
      ++tape_.records[open_.back()].count;
    }
    return tape_.records.emplace_back(record);
  }

  bool open(JsonType type) {
    if (open_.size() == kMaxJsonDepth) {
      problem_ = "nested deeper than " + std::to_string(kMaxJsonDepth) + " levels";
      return false;
    }
    add(type);
    open_.push_back(static_cast<std::uint32_t>(tape_.records.size() - 1));
    return true;
  }

  std::uint32_t close() {
    const std::uint32_t closed = open_.back();
    open_.pop_back();
    tape_.records[closed].next = static_cast<std::uint32_t>(tape_.records.size());
    return closed;
  }

  bool keys_are_unique(std::uint32_t object) {
    keys_.clear();
    for (std::uint32_t at = object + 1; at != tape_.records[object].next;
         at = tape_.records[at].next) {
      keys_.push_back(tape_.view(tape_.records[at].key));
    }
    // Few keys are of one length, so that few are compared byte by byte.
    std::sort(keys_.begin(), keys_.end(), [](std::string_view a, std::string_view b) {
      return a.size() != b.size() ? a.size() < b.size() : a < b;
    });
    const auto twice = std::adjacent_find(keys_.begin(), keys_.end());
    if (twice == keys_.end()) {
      return true;
    }
    problem_ =
        "the key " + json_quote(text::cut_middle(*twice, 100)) + " stands twice in one object";
    return false;
  }

  /// Enough for a line of a journal.
  static constexpr std::size_t kFewRecords = 16;

  JsonTape& tape_;
  std::vector<std::uint32_t> open_;
  std::vector<std::string_view> keys_;
  JsonSlice key_;
  std::string problem_;
};

std::string cause(rapidjson::ParseErrorCode code) {
  std::string words = rapidjson::GetParseError_En(code);
  words.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(words.front())));
  if (words.back() == '.') {
    words.pop_back();
  }
  return words;
}

// The reader calls itself for what is nested: TapeBuilder stops it before that is deep.
constexpr unsigned kStrict =
    rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseStopWhenDoneFlag;
constexpr unsigned kLenient =
    kStrict | rapidjson::kParseCommentsFlag | rapidjson::kParseTrailingCommasFlag;
constexpr std::size_t kTooLarge = std::numeric_limits<std::uint32_t>::max();  // for a JsonSlice
constexpr unsigned kChecked = rapidjson::kParseValidateEncodingFlag;

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

template <unsigned Flags, typename Stream>
JsonPrefix read(Stream&& stream, const std::shared_ptr<JsonTape>& tape) {
  TapeBuilder builder(*tape);
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<Flags>(stream, builder);
  if (!result.IsError()) {
    return {json_root(tape), stream.Tell(), {}};
  }
  if (!builder.problem().empty()) {
    return {std::nullopt, stream.Tell(), builder.problem()};
  }
  return {std::nullopt, result.Offset(), cause(result.Code())};
}

/// Strict, of ASCII, which is UTF-8: to check each byte for that takes as long as all the rest.
/// Strings stay where they are in a copy of the text.
JsonPrefix read_ascii(std::string_view text) {
  auto tape = std::make_shared<JsonTape>();
  tape->strings = text;
  return read<kStrict | rapidjson::kParseInsituFlag>(
      rapidjson::InsituStringStream(tape->strings.data()), tape);
}

}  // namespace

std::string line_and_column(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return std::to_string(lines + 1) + ":" + std::to_string(before.size() - line_start + 1);
}

JsonPrefix parse_json_prefix(std::string_view text, JsonDialect dialect) {
  if (text.size() >= kTooLarge) {
    return {std::nullopt, 0, "larger than 4 GiB"};
  }
  const auto tape = std::make_shared<JsonTape>();
  rapidjson::MemoryStream stream(text.data(), text.size());
  return dialect == JsonDialect::Strict ? read<kStrict | kChecked>(stream, tape)
                                        : read<kLenient | kChecked>(stream, tape);
}

Result<Json> parse_json(std::string_view text, JsonDialect dialect) {
  JsonPrefix prefix = dialect == JsonDialect::Strict && text.size() < kTooLarge && is_ascii(text)
                          ? read_ascii(text)
                          : parse_json_prefix(text, dialect);
  if (prefix.value && text.find_first_not_of(" \t\r\n", prefix.end) == std::string_view::npos) {
    return *std::move(prefix.value);
  }
  const std::string problem = prefix.value ? "something follows the value" : prefix.problem;
  return Error(Errc::Invalid, line_and_column(text, prefix.end) + ": " + problem);
}

}  // namespace director
