#include "core/config/toml_json.hpp"

#include <map>
#include <optional>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/config/entries.hpp"
#include "core/config/load.hpp"

namespace director::config {
namespace {

struct Node {
  std::string value;  ///< JSON; empty: a table
  std::map<std::string, Node> members;
};

std::optional<std::string> plain_json(const Scalar& value) {
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

void write(JsonWriter& out, const Node& node) {
  if (!node.value.empty()) {
    out.raw(node.value);
    return;
  }
  out.begin_object();
  for (const auto& [name, member] : node.members) {
    write(out.key(name), member);
  }
  out.end_object();
}

}  // namespace

Result<std::string> toml_to_json(std::string_view path, std::string_view text) {
  const Entries read = read_toml(path, text);
  std::vector<std::string> problems;
  for (const Complaint& complaint : read.complaints) {
    problems.push_back(to_string(complaint.origin) + ": " + complaint.message);
  }
  Node root;
  for (const Entry& entry : read.entries) {
    Node* at = &root;
    for (const std::string& part : entry.path) {
      at = &at->members[part];
    }
    if (std::holds_alternative<TableMark>(entry.value)) {
      continue;
    }
    const std::optional<std::string> json = plain_json(entry.value);
    if (!json) {
      problems.push_back(to_string(entry.origin) + ": " + dotted(entry.path) + ": " +
                         type_name(entry.value) + " cannot stand here");
      continue;
    }
    at->value = *json;
  }
  if (!problems.empty()) {
    return Error(Errc::Invalid, text::join(problems, "\n"));
  }
  JsonWriter out;
  write(out, root);
  return out.take();
}

}  // namespace director::config
