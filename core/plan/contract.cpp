#include "core/plan/contract.hpp"

#include <string_view>

#include "core/plan/names.hpp"

namespace director::plan {
namespace {

constexpr std::size_t kMostListed = 50;

std::string_view type_problem(file_type type) {
  switch (type) {
    case file_type::none:
    case file_type::regular:
    case file_type::executable:
      return {};
    case file_type::symlink:
      return "is a symbolic link now: write a regular file";
    case file_type::submodule:
      return "is a submodule now: write a regular file";
    case file_type::other:
      return "is not a file that can be kept (a folder with a repository in it, a pipe, a socket, "
             "more than 100 MB, or 256 MB with the others): write a regular file";
  }
  return "is of an unknown type: write a regular file";
}

std::string_view problem_of(const change& change, const std::set<std::string>& allowed,
                            const std::set<std::string>& frozen) {
  if (frozen.contains(change.path)) {
    return "the tests are frozen: leave them as they are and make the code pass them";
  }
  if (!allowed.contains(change.path)) {
    return "is not one of this node's files: leave it as it was";
  }
  return type_problem(change.new_type);
}

template <typename Items, typename Line>
void list_bounded(std::string& text, const Items& items, Line line) {
  std::size_t listed = 0;
  for (const auto& item : items) {
    if (listed == kMostListed) {
      text += "- and " + std::to_string(items.size() - listed) + " more\n";
      return;
    }
    text += "- " + line(item) + "\n";
    ++listed;
  }
}

std::string allowed_list(const Node& node) {
  std::string text = "Only these files may be changed:\n";
  list_bounded(text, node.files, [](const std::string& path) { return shown(path); });
  return text;
}

}  // namespace

std::set<std::string> frozen_tests(const std::vector<Node>& nodes) {
  std::set<std::string> frozen;
  for (const Node& node : nodes) {
    frozen.insert(node.tests.begin(), node.tests.end());
  }
  return frozen;
}

Contract judge(const Node& node, const std::set<std::string>& frozen,
               const std::vector<change>& changes) {
  Contract contract;
  if (changes.empty()) {
    contract.empty = true;
    contract.feedback = "No file was changed, so there is nothing to test.\n" + allowed_list(node);
    return contract;
  }
  const std::set<std::string> allowed(node.files.begin(), node.files.end());
  for (const change& change : changes) {
    const std::string_view problem = problem_of(change, allowed, frozen);
    if (!problem.empty()) {
      contract.violations.push_back({change.path, std::string(problem)});
    }
  }
  contract.ok = contract.violations.empty();
  if (!contract.ok) {
    contract.feedback = "The change was refused, because it touches what this node may not:\n";
    list_bounded(contract.feedback, contract.violations, [](const Violation& violation) {
      return shown(violation.path) + ": " + violation.why;
    });
    contract.feedback += allowed_list(node);
  }
  return contract;
}

}  // namespace director::plan
