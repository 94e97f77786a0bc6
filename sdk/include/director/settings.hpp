/// A plugin's configuration, read out of instance_info::config_json.
#pragma once

#include <charconv>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace director {
namespace detail {

/// One member of the table: the text of a string, the literal of a number or boolean, or strings.
struct setting {
  bool is_text = false;
  std::string text;
  std::vector<std::string> texts;
};

/// Reads the members of one JSON object, as flat as a config_schema can describe it. What else is
/// in there is passed over; where the text breaks off, what came before it counts.
class settings_reader {
 public:
  explicit settings_reader(std::string_view json) : rest_(json) {}

  [[nodiscard]] std::map<std::string, setting, std::less<>> read() {
    std::map<std::string, setting, std::less<>> all;
    if (!take('{')) {
      return all;
    }
    std::string key;
    while (string(key) && take(':')) {
      setting one;
      if (!value(one)) {
        break;
      }
      all[key] = std::move(one);
      if (!take(',')) {
        break;
      }
    }
    return all;
  }

 private:
  bool take(char wanted) {
    while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_.front()) != rest_.npos) {
      rest_.remove_prefix(1);
    }
    if (rest_.empty() || rest_.front() != wanted) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  bool value(setting& out) {
    if (string(out.text)) {
      out.is_text = true;
      return true;
    }
    if (take('[')) {
      std::string item;
      while (string(item)) {
        out.texts.push_back(std::move(item));
        item.clear();
        (void)take(',');
      }
      return take(']') || pass_over(1);
    }
    if (take('{')) {
      return pass_over(1);
    }
    while (!rest_.empty() && std::string_view(",]} \t\r\n").find(rest_.front()) == rest_.npos) {
      out.text += rest_.front();
      rest_.remove_prefix(1);
    }
    return !out.text.empty();
  }

  /// To the end of what `depth` brackets have opened.
  bool pass_over(int depth) {
    std::string ignored;
    while (depth > 0 && !rest_.empty()) {
      if (rest_.front() == '"') {
        if (!string(ignored)) {
          return false;
        }
        continue;
      }
      depth += rest_.front() == '[' || rest_.front() == '{' ? 1 : 0;
      depth -= rest_.front() == ']' || rest_.front() == '}' ? 1 : 0;
      rest_.remove_prefix(1);
    }
    return depth == 0;
  }

  bool string(std::string& out) {
    if (!take('"')) {
      return false;
    }
    out.clear();
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') {
        return true;
      }
      if (c != '\\') {
        out += c;
      } else if (!escape(out)) {
        return false;
      }
    }
    return false;
  }

  bool escape(std::string& out) {
    if (rest_.empty()) {
      return false;
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c == 'u') {
      std::uint32_t point = 0;
      if (!unit(point)) {
        return false;
      }
      if (point >= 0xD800 && point < 0xDC00 && rest_.starts_with("\\u")) {
        rest_.remove_prefix(2);
        std::uint32_t low = 0;
        if (!unit(low)) {
          return false;
        }
        point = 0x10000 + ((point & 0x3FFU) << 10U) + (low & 0x3FFU);
      }
      add_utf8(out, point);
      return true;
    }
    static constexpr std::string_view kFrom = "bfnrt";
    static constexpr std::string_view kTo = "\b\f\n\r\t";
    const std::size_t at = kFrom.find(c);
    out += at == std::string_view::npos ? c : kTo[at];
    return true;
  }

  bool unit(std::uint32_t& out) {
    const std::string_view digits = rest_.substr(0, 4);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out, 16);
    if (digits.size() != 4 || read.ptr != digits.data() + 4) {
      return false;
    }
    rest_.remove_prefix(4);
    return true;
  }

  static void add_utf8(std::string& out, std::uint32_t point) {
    const auto add = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (point < 0x80) {
      add(point);
    } else if (point < 0x800) {
      add(0xC0U | (point >> 6U));
      add(0x80U | (point & 0x3FU));
    } else if (point < 0x10000) {
      add(0xE0U | (point >> 12U));
      add(0x80U | ((point >> 6U) & 0x3FU));
      add(0x80U | (point & 0x3FU));
    } else {
      add(0xF0U | (point >> 18U));
      add(0x80U | ((point >> 12U) & 0x3FU));
      add(0x80U | ((point >> 6U) & 0x3FU));
      add(0x80U | (point & 0x3FU));
    }
  }

  std::string_view rest_;
};

}  // namespace detail

/// The host has checked the table against the plugin's config_schema and filled in its defaults, so
/// a key that the schema requires or has a default for is there. Owns what it holds. It reads the
/// top level of any JSON object, a record's too.
class settings {
 public:
  explicit settings(std::string_view json) : all_(detail::settings_reader(json).read()) {}

  /// Each gives `fallback` for a key that is not there or is of another type.
  [[nodiscard]] std::string text(std::string_view key, std::string fallback = {}) const {
    const auto found = all_.find(key);
    return found != all_.end() && found->second.is_text ? found->second.text : std::move(fallback);
  }
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const {
    const auto found = all_.find(key);
    return found != all_.end() ? found->second.texts : std::vector<std::string>();
  }
  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t fallback = 0) const {
    return number_at(key, fallback);
  }
  [[nodiscard]] double number(std::string_view key, double fallback = 0) const {
    return number_at(key, fallback);
  }
  [[nodiscard]] bool flag(std::string_view key, bool fallback = false) const {
    const auto found = all_.find(key);
    if (found == all_.end() || found->second.is_text) {
      return fallback;
    }
    return found->second.text == "true" || (found->second.text != "false" && fallback);
  }

 private:
  template <typename Number>
  [[nodiscard]] Number number_at(std::string_view key, Number fallback) const {
    const auto found = all_.find(key);
    if (found == all_.end() || found->second.is_text) {
      return fallback;
    }
    const std::string& literal = found->second.text;
    Number read{};
    const auto end = literal.data() + literal.size();
    const auto [at, problem] = std::from_chars(literal.data(), end, read);
    return problem == std::errc() && at == end ? read : fallback;
  }

  std::map<std::string, detail::setting, std::less<>> all_;
};

}  // namespace director
