#include "core/plan/reply_node.hpp"

#include <initializer_list>
#include <string_view>

#include "core/base/text.hpp"

namespace director::plan {
namespace {

using Names = std::initializer_list<std::string_view>;

bool is_blank(const Json& json) {
  return json.is_null() || ((json.is_array() || json.is_object()) && json.size() == 0) ||
         (json.is_string() && text::trim(*json.as_string()).empty());
}

/// The first of the names that has content; else the first that is there.
std::optional<Json> find_any(const Json& node, Names names) {
  std::optional<Json> blank;
  for (const std::string_view name : names) {
    std::optional<Json> found = node.find(name);
    if (found && !is_blank(*found)) {
      return found;
    }
    if (found && !blank) {
      blank = found;
    }
  }
  return blank;
}

class NodeReader {
 public:
  NodeReader(const Json& json, std::vector<std::string>& problems)
      : json_(json), problems_(problems) {}

  Node read() {
    Node node;
    node.id = NodeId(text_or_number("id", {"id"}, true));
    node.title = text_or_number("title", {"title"}, false);
    node.spec = text_or_number("spec", {"spec", "description", "desc"}, true);
    node.files = list("files", {"files", "files_to_modify", "file_allowlist"}, true);
    for (std::string& id : list("depends_on", {"depends_on"}, false)) {
      node.depends_on.emplace_back(std::move(id));
    }
    node.test_cmd = text_or_number("test_cmd", {"test_cmd"}, true);
    node.tests = list("tests", {"tests", "test_files", "test_file", "test"}, false);
    for (std::vector<std::string>* paths : {&node.files, &node.tests}) {
      for (std::string& path : *paths) {
        path.erase(0, path.starts_with("./") ? 2 : 0);
      }
    }
    node.difficulty = difficulty();
    if (text::trim(node.title).empty()) {
      node.title = node.id.value;
    }
    return node;
  }

 private:
  void missing(std::string_view name, std::string_view wanted) {
    problems_.push_back(json_.path() + "." + std::string(name) + ": missing, expected " +
                        std::string(wanted));
  }

  /// A number as it would be written; nullopt for other types.
  static std::optional<std::string> as_text(const Json& json) {
    if (auto text = json.as_string()) {
      return *std::move(text);
    }
    if (const auto number = json.as_number()) {
      JsonWriter digits;
      const auto integer = json.as_int();
      integer ? digits.value(*integer) : digits.value(*number);
      return digits.take();
    }
    return std::nullopt;
  }

  std::string text_or_number(std::string_view name, Names names, bool required) {
    const std::optional<Json> found = find_any(json_, names);
    if (!found || found->is_null()) {
      if (required) {
        missing(name, "a string");
      }
      return {};
    }
    if (auto text = as_text(*found)) {
      return *std::move(text);
    }
    problems_.push_back(found->as_string().error().message());
    return {};
  }

  std::vector<std::string> list(std::string_view name, Names names, bool required) {
    std::vector<std::string> texts;
    const std::optional<Json> found = find_any(json_, names);
    if (!found || found->is_null()) {
      if (required) {
        missing(name, "an array of strings");
      }
      return texts;
    }
    if (auto single = as_text(*found)) {
      if (!single->empty()) {
        texts.push_back(*std::move(single));
      }
      return texts;
    }
    const auto elements = found->as_array();
    if (!elements) {
      problems_.push_back(found->as_strings().error().message());
      return texts;
    }
    for (const Json& element : *elements) {
      if (auto text = as_text(element)) {
        texts.push_back(*std::move(text));
      } else {
        problems_.push_back(element.as_string().error().message());
      }
    }
    return texts;
  }

  [[nodiscard]] Difficulty difficulty() const {
    const auto found = find_any(json_, {"estimated_difficulty", "difficulty"});
    const auto text = found ? as_text(*found) : std::nullopt;
    return parse_difficulty(text::to_lower(text::trim(text.value_or(""))))
        .value_or(Difficulty::Medium);
  }

  const Json& json_;
  std::vector<std::string>& problems_;
};

}  // namespace

std::optional<Json> find_nodes(const Json& json) {
  if (json.is_array()) {
    const auto elements = json.as_array();
    const bool is_plan = !elements->empty() && elements->front().is_object() &&
                         elements->front().find("id").has_value();
    return is_plan ? std::optional(json) : std::nullopt;
  }
  if (auto nodes = json.find("nodes")) {
    return nodes;
  }
  std::optional<Json> plan = json.find("plan");
  if (!plan || plan->is_array()) {
    return plan;
  }
  return plan->find("nodes");
}

ReadNodes read_nodes(const Json& list) {
  ReadNodes read;
  const auto elements = list.as_array();
  if (!elements) {
    read.problems.push_back(elements.error().message());
    return read;
  }
  for (const Json& element : *elements) {
    if (element.is_object()) {
      read.nodes.push_back(NodeReader(element, read.problems).read());
    } else {
      read.problems.push_back(element
                                  .error("expected an object with the node's fields, found " +
                                         std::string(to_string(element.type())))
                                  .message());
    }
  }
  return read;
}

}  // namespace director::plan
