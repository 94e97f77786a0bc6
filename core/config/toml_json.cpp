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
    const std::optional<std::string> json = to_json(entry.value);
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
