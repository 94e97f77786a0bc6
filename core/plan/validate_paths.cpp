#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "core/base/nesting.hpp"
#include "core/plan/names.hpp"
#include "core/plan/validate_parts.hpp"

namespace director::plan {
namespace {

using Owners = std::unordered_map<std::string_view, NodeIndex>;

/// The first node that lists each path.
Owners first_owners(const std::vector<Node>& nodes, std::vector<std::string> Node::*list) {
  Owners owners;
  for (NodeIndex i = 0; i < nodes.size(); ++i) {
    for (const std::string& path : nodes[i].*list) {
      owners.emplace(path, i);
    }
  }
  return owners;
}

class PathCheck {
 public:
  PathCheck(const std::vector<Node>& nodes, Problems& problems)
      : nodes_(nodes),
        problems_(problems),
        files_(first_owners(nodes, &Node::files)),
        tests_(first_owners(nodes, &Node::tests)) {}

  void check(NodeIndex index) {
    const Node& node = nodes_[index];
    const std::unordered_set<std::string_view> own_tests(node.tests.begin(), node.tests.end());
    std::unordered_set<std::string_view> seen;
    for (const std::string& path : node.files) {
      if (!seen.insert(path).second || !check_alone(index, "files: ", path)) {
        continue;
      }
      if (own_tests.contains(path)) {
        problems_.add(index, "files: " + shown(path) +
                                 " is also one of the node's tests, which nobody may change: list "
                                 "it in one of the two");
      } else if (const auto test = tests_.find(path); test != tests_.end()) {
        problems_.add(index, "files: " + shown(path) + " is a test of node " +
                                 shown(nodes_[test->second].id.value) +
                                 ", which nobody may change: remove it from files");
      }
    }
    seen.clear();
    for (const std::string& path : node.tests) {
      if (seen.insert(path).second) {
        check_alone(index, "tests: ", path);
      }
    }
  }

 private:
  /// True if the path can be compared with others.
  bool check_alone(NodeIndex index, std::string_view list, const std::string& path) {
    if (const auto problem = path_problem(path)) {
      problems_.add(index, std::string(list) + shown(path) + " " + *problem);
      return false;
    }
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      const std::string_view folder = std::string_view(path).substr(0, slash);
      if (const auto owner = owner_of(folder)) {
        problems_.add(index, std::string(list) + shown(path) + " lies under " + shown(folder) +
                                 ", which node " + shown(nodes_[*owner].id.value) +
                                 " lists as a file: rename one of them");
      }
    }
    return true;
  }

  [[nodiscard]] std::optional<NodeIndex> owner_of(std::string_view path) const {
    const auto file = files_.find(path);
    if (file != files_.end()) {
      return file->second;
    }
    const auto test = tests_.find(path);
    return test == tests_.end() ? std::nullopt : std::optional(test->second);
  }

  const std::vector<Node>& nodes_;
  Problems& problems_;
  Owners files_;
  Owners tests_;
};

struct Share {
  std::string_view list;  ///< "files: " or "tests: "
  std::string_view path;
};

/// All pairs of a path's owners are joined if and only if each is joined with the next one in
/// topological order: a path between two owners cannot avoid the direction of that order, and
/// consecutive joins compose. So one query for each neighbouring pair is enough.
void collect_shares(const std::vector<Node>& nodes, const std::vector<NodeIndex>& order,
                    std::string_view list_name, std::vector<std::string> Node::*list,
                    std::vector<Share>& shares, std::vector<PathQuery>& queries) {
  std::unordered_map<std::string_view, NodeIndex> last_owner;
  for (const NodeIndex index : order) {
    for (const std::string& path : nodes[index].*list) {
      const auto [owner, is_new] = last_owner.emplace(path, index);
      if (!is_new && owner->second != index) {
        shares.push_back({list_name, path});
        queries.push_back({owner->second, index});
        owner->second = index;
      }
    }
  }
}

/// A command's words as a shell would see them, more or less: no expansion, no escapes.
std::vector<std::string_view> words_of(std::string_view command) {
  constexpr std::string_view kBetween = " \t\r\n;&|<>()`\"'$";
  std::vector<std::string_view> words;
  for (std::size_t at = command.find_first_not_of(kBetween); at != std::string_view::npos;
       at = command.find_first_not_of(kBetween, at)) {
    const std::size_t end = std::min(command.find_first_of(kBetween, at), command.size());
    std::string_view word = command.substr(at, end - at);
    while (word.starts_with("./")) {
      word.remove_prefix(2);
    }
    words.push_back(word);
    at = end;
  }
  return words;
}

/// "tests.a" or "tests.a.TestB": the file as a module of Python, or a part of it.
bool is_module_of(std::string_view path, std::string_view word) {
  constexpr std::string_view kPython = ".py";
  if (!path.ends_with(kPython) || path.find('/') == std::string_view::npos) {
    return false;
  }
  path.remove_suffix(kPython.size());
  const bool alike = word.size() >= path.size() &&
                     std::equal(path.begin(), path.end(), word.begin(),
                                [](char a, char b) { return (a == '/' ? '.' : a) == b; });
  return alike && (word.size() == path.size() || word[path.size()] == '.');
}

/// The path, or a part of what it holds ("tests/a.py::test_b").
bool is_named_by(std::string_view path, std::string_view word) {
  const bool begins = word.starts_with(path);
  return (begins && (word.size() == path.size() || word[path.size()] == ':')) ||
         is_module_of(path, word);
}

}  // namespace

void check_commands(const std::vector<Node>& nodes, Problems& problems) {
  for (NodeIndex i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    const std::vector<std::string_view> words = words_of(node.test_cmd);
    const bool runs_its_tests =
        std::any_of(node.tests.begin(), node.tests.end(), [&](const std::string& test) {
          return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
            return is_named_by(test, word) || lies_below(test, word);
          });
        });
    if (runs_its_tests) {
      continue;  // a compiler's command names the node's sources beside them
    }
    const auto own = std::find_if(words.begin(), words.end(), [&](std::string_view word) {
      return std::any_of(node.files.begin(), node.files.end(),
                         [&](const std::string& file) { return is_named_by(file, word); });
    });
    if (own != words.end()) {
      problems.add(i, "test_cmd runs " + shown(*own) +
                          ", which the node may change, and none of its tests: list it in tests "
                          "instead of files, or run one of the tests");
    }
  }
}

void check_paths(const std::vector<Node>& nodes, Problems& problems) {
  PathCheck check(nodes, problems);
  for (NodeIndex i = 0; i < nodes.size(); ++i) {
    check.check(i);
  }
}

void check_sharing(const std::vector<Node>& nodes, const Graph& graph,
                   const std::vector<NodeIndex>& order, Problems& problems) {
  std::vector<Share> shares;
  std::vector<PathQuery> queries;
  collect_shares(nodes, order, "files: ", &Node::files, shares, queries);
  collect_shares(nodes, order, "tests: ", &Node::tests, shares, queries);
  const std::vector<std::uint8_t> joined = answer_paths(graph, order, queries);
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (joined[i] == 0) {
      problems.add(queries[i].to, std::string(shares[i].list) + shown(shares[i].path) +
                                      " is also listed by node " +
                                      shown(nodes[queries[i].from].id.value) +
                                      ", and neither depends on the other: add a dependency or "
                                      "list it in one of them");
    }
  }
}

}  // namespace director::plan
