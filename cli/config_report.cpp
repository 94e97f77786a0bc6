#include "cli/config_report.hpp"

#include <algorithm>

#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace director::cli {
namespace {

/// What kind of place a value comes from: the "from" of the JSON.
std::string_view kind_of(const config::Origin& origin) {
  if (origin.line > 0) {
    return "file";
  }
  if (origin.source == "default") {
    return "default";
  }
  return origin.source.starts_with("--set") ? "set" : "environment";
}

/// Columns are not stretched beyond this for the sake of one long cell.
constexpr std::size_t kWidestColumn = 64;

std::size_t column_width(const std::vector<std::string>& cells) {
  std::size_t width = 0;
  for (const std::string& cell : cells) {
    if (cell.size() <= kWidestColumn) {
      width = std::max(width, cell.size());
    }
  }
  return width;
}

void pad(std::string& line, std::size_t width) {
  line.append(width > line.size() ? width - line.size() : 0, ' ');
}

/// What a mistyped prefix may have meant: a table, or a key.
std::string suggestion(const std::vector<config::Item>& items, std::string_view prefix) {
  std::vector<std::string> candidates;
  for (const config::Item& item : items) {
    candidates.push_back(item.key);
    const std::string table = item.key.substr(0, item.key.find('.'));
    if (std::find(candidates.begin(), candidates.end(), table) == candidates.end()) {
      candidates.push_back(table);
    }
  }
  const std::optional<std::string> close = text::closest_match(prefix, candidates);
  return close ? ", did you mean '" + *close + "'?" : "; `director config` shows all keys";
}

}  // namespace

Result<std::vector<config::Item>> items_below(const std::vector<config::Item>& items,
                                              std::string_view prefix) {
  std::vector<config::Item> found;
  std::copy_if(items.begin(), items.end(), std::back_inserter(found),
               [&](const config::Item& item) { return item.key.starts_with(prefix); });
  if (found.empty()) {
    return Error(Errc::NotFound, "there is no key that starts with '" + std::string(prefix) + "'" +
                                     suggestion(items, prefix));
  }
  return found;
}

std::string config_text(const std::vector<config::Item>& items) {
  std::vector<std::string> keys;
  std::vector<std::string> values;
  for (const config::Item& item : items) {
    keys.push_back(text::printable(item.key));
    values.push_back(text::printable(item.value));
  }
  const std::size_t key_width = column_width(keys);
  const std::size_t value_width = column_width(values);
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::string line = keys[i];
    pad(line, key_width);
    line += " = ";
    const std::size_t start = line.size();
    line += values[i];
    pad(line, start + value_width);
    out += line + "  # " + config::to_string(items[i].origin) + "\n";
  }
  return out;
}

std::string config_json(const std::vector<config::Item>& items,
                        const std::vector<std::string>& warnings, std::string_view profile) {
  JsonWriter out(JsonWriter::Style::Pretty);
  out.begin_object();
  out.key("profile");
  if (profile.empty()) {
    out.null();
  } else {
    out.value(profile);
  }
  out.key("values").begin_array();
  for (const config::Item& item : items) {
    out.begin_object();
    out.member("key", item.key);
    out.key("value").raw(item.value);  // strings, numbers and arrays are written alike in both
    out.member("from", kind_of(item.origin));
    out.member("source", item.origin.source);
    if (item.origin.line > 0) {
      out.member("line", item.origin.line);
      out.member("column", item.origin.column);
    }
    out.end_object();
  }
  out.end_array();
  out.member("warnings", warnings);
  out.end_object();
  return out.take() + "\n";
}

}  // namespace director::cli
