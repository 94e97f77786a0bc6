#include "core/config/entries.hpp"

#include <algorithm>
#include <array>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/config/toml_text.hpp"

namespace director::config {
namespace {

bool is_bare(std::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

/// Splits at dots outside of quotes; empty if the key is not well formed.
std::vector<std::string> split_key(std::string_view key) {
  std::vector<std::string> parts;
  while (true) {
    key = text::trim(key);
    std::size_t end = 0;
    if (!key.empty() && (key.front() == '"' || key.front() == '\'')) {
      end = key.find(key.front(), 1);
      if (end == std::string_view::npos) {
        return {};
      }
      parts.emplace_back(key.substr(1, end - 1));
      key = text::trim(key.substr(end + 1));
      end = 0;
    } else {
      end = std::min(key.find('.'), key.size());
      parts.emplace_back(text::trim(key.substr(0, end)));
      if (!is_bare(parts.back())) {
        return {};
      }
    }
    if (end == key.size()) {
      return parts;
    }
    if (key[end] != '.') {
      return {};
    }
    key.remove_prefix(end + 1);
  }
}

/// Where the '=' stands that ends the key: the first one outside of quotes.
std::size_t find_equals(std::string_view text) {
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quote != '\0') {
      quote = text[i] == quote ? '\0' : quote;
    } else if (text[i] == '"' || text[i] == '\'') {
      quote = text[i];
    } else if (text[i] == '=') {
      return i;
    }
  }
  return std::string_view::npos;
}

Scalar read_text(std::string_view text) {
  if (auto value = parse_toml_value(text)) {
    return *std::move(value);
  }
  return std::string(text);
}

}  // namespace

std::string type_name(const Scalar& value) {
  if (const auto* unusable = std::get_if<Unusable>(&value)) {
    return unusable->type;
  }
  constexpr std::array<std::string_view, 6> kNames{
      "true or false", "a whole number", "a number", "a string", "an array of strings", "a table"};
  return std::string(kNames[value.index()]);
}

std::optional<std::string> to_json(const Scalar& value) {
  JsonWriter json;
  if (const auto* flag = std::get_if<bool>(&value)) {
    return json.value(*flag).take();
  }
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    return json.value(*integer).take();
  }
  if (const auto* number = std::get_if<double>(&value)) {
    return json.value(*number).take();
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return json.value(*text).take();
  }
  if (const auto* texts = std::get_if<Strings>(&value)) {
    return json.value(*texts).take();
  }
  return std::nullopt;
}

std::string to_toml(const Scalar& value) {
  if (const auto* flag = std::get_if<bool>(&value)) {
    return *flag ? "true" : "false";
  }
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return std::to_string(*number);
  }
  if (const auto* number = std::get_if<double>(&value)) {
    JsonWriter json;
    const std::string digits = json.value(*number).take();
    return digits.find_first_of(".en") == std::string::npos ? digits + ".0" : digits;
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return json_quote(*text);
  }
  if (const auto* texts = std::get_if<Strings>(&value)) {
    Strings quoted;
    for (const std::string& text : *texts) {
      quoted.push_back(json_quote(text));
    }
    return "[" + text::join(quoted, ", ") + "]";
  }
  return "{}";
}

std::string dotted(const std::vector<std::string>& path) {
  std::string joined;
  for (const std::string& part : path) {
    joined += joined.empty() ? "" : ".";
    joined += is_bare(part) ? part : json_quote(part);
  }
  return text::printable(joined);
}

Entries read_override(std::string_view text) {
  Entries read;
  const std::size_t equals = find_equals(text);
  const std::string_view key = text.substr(0, std::min(equals, text.size()));
  const Origin origin{"--set " + text::printable(text::cut_middle(text::trim(key), 200)), 0, 0};
  std::vector<std::string> path = split_key(key);
  if (equals == std::string_view::npos || path.empty()) {
    read.complaints.push_back({origin, "expected key=value, such as limits.max_attempts=2"});
    return read;
  }
  const std::string_view value = text.substr(equals + 1);
  read.entries.push_back({std::move(path), read_text(value), std::string(value), origin});
  return read;
}

std::optional<Entries> read_variable(std::string_view name, std::string_view value) {
  constexpr std::string_view kPrefix = "DIRECTOR_";
  if (!name.starts_with(kPrefix)) {
    return std::nullopt;
  }
  std::string rest = text::to_lower(name.substr(kPrefix.size()));
  std::vector<std::string> path;
  for (std::size_t at = rest.find("__"); at != std::string::npos; at = rest.find("__")) {
    path.push_back(rest.substr(0, at));
    rest.erase(0, at + 2);
  }
  if (path.empty()) {
    return std::nullopt;
  }
  path.push_back(rest);
  if (path.front() == "plugin") {
    std::replace(path[1].begin(), path[1].end(), '_', '-');
  }
  Entries read;
  read.entries.push_back(
      {std::move(path), read_text(value), std::string(value), Origin{text::printable(name), 0, 0}});
  return read;
}

std::string wrong_type(std::string_view wanted, const Entry& entry) {
  return "expected " + std::string(wanted) + ", found " + type_name(entry.value);
}

std::optional<std::string> string_of(const Entry& entry) {
  if (const auto* text = std::get_if<std::string>(&entry.value)) {
    return *text;
  }
  return entry.raw;
}

}  // namespace director::config
