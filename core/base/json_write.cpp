#include <charconv>
#include <cmath>

#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace director {
namespace {

void append_unit(std::string& out, unsigned unit) {
  constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) {
    out += kHex[(unit >> shift) & 0xfU];
  }
}

void append_code(std::string& out, unsigned code) {
  if (code <= 0xffff) {
    append_unit(out, code);
    return;
  }
  append_unit(out, 0xd800U + ((code - 0x10000U) >> 10U));
  append_unit(out, 0xdc00U + ((code - 0x10000U) & 0x3ffU));
}

/// `text` is UTF-8. What a terminal would act on, or show in another order, is escaped: people look
/// at these files with whatever is at hand.
void append_escaped(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (byte < 0x20 || byte == 0x7f) {
          append_unit(out, byte);
        } else if (const auto hidden =
                       byte < 0x80 ? std::nullopt : text::hidden_at(text.substr(i))) {
          append_code(out, hidden->code);
          i += hidden->bytes - 1;
        } else {
          out += c;
        }
    }
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  if (text::is_utf8(text)) {
    append_escaped(out, text);
  } else {
    append_escaped(out, text::to_utf8(text));
  }
  out += '"';
}

}  // namespace

std::string json_quote(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

JsonWriter& JsonWriter::begin_object() { return begin('{', '}'); }
JsonWriter& JsonWriter::end_object() { return end('}'); }
JsonWriter& JsonWriter::begin_array() { return begin('[', ']'); }
JsonWriter& JsonWriter::end_array() { return end(']'); }

JsonWriter& JsonWriter::key(std::string_view name) {
  DIRECTOR_ASSERT(!levels_.empty() && levels_.back().close == '}' && !after_key_,
                  "a JSON key outside of an object");
  before_item();
  append_quoted(out_, name);
  out_ += style_ == Style::Pretty ? ": " : ":";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::null() { return literal("null"); }

JsonWriter& JsonWriter::value(std::string_view text) {
  before_value();
  append_quoted(out_, text);
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  if (!std::isfinite(number)) {
    return null();
  }
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), number);
  DIRECTOR_ASSERT(error == std::errc{}, "a number does not fit its buffer");
  return literal(std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

JsonWriter& JsonWriter::value(const std::vector<std::string>& texts) {
  begin_array();
  for (const std::string& text : texts) {
    value(std::string_view(text));
  }
  return end_array();
}

JsonWriter& JsonWriter::raw(std::string_view json) { return literal(json); }

std::string JsonWriter::take() {
  DIRECTOR_ASSERT(levels_.empty() && !after_key_, "a JSON text that is not complete");
  return std::exchange(out_, {});
}

JsonWriter& JsonWriter::literal(std::string_view text) {
  before_value();
  out_ += text;
  return *this;
}

JsonWriter& JsonWriter::begin(char open, char close) {
  before_value();
  out_ += open;
  levels_.push_back({close, false});
  return *this;
}

JsonWriter& JsonWriter::end(char close) {
  DIRECTOR_ASSERT(!levels_.empty() && levels_.back().close == close && !after_key_,
                  "a JSON object or array closed that is not open");
  const bool has_items = levels_.back().has_items;
  levels_.pop_back();
  if (has_items) {
    break_line();
  }
  out_ += close;
  return *this;
}

void JsonWriter::before_item() {
  if (levels_.back().has_items) {
    out_ += ',';
  }
  levels_.back().has_items = true;
  break_line();
}

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (levels_.empty()) {
    DIRECTOR_ASSERT(out_.empty(), "a second JSON value behind the first");
    return;
  }
  DIRECTOR_ASSERT(levels_.back().close == ']', "a JSON member without a key");
  before_item();
}

void JsonWriter::break_line() {
  if (style_ == Style::Pretty) {
    out_ += '\n';
    out_.append(2 * levels_.size(), ' ');
  }
}

}  // namespace director
