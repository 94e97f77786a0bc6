/// The plan: a DAG of nodes with frozen acceptance tests, as plan.json holds it. Pure data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"

namespace director::plan {

enum class Difficulty : std::uint8_t { Easy, Medium, Hard };

[[nodiscard]] std::string_view to_string(Difficulty difficulty);
/// Empty for anything but "easy", "medium", "hard".
[[nodiscard]] std::optional<Difficulty> parse_difficulty(std::string_view text);

struct Node {
  NodeId id;
  std::string title;
  std::string spec;
  std::vector<std::string> files;  ///< the allowlist: exact relative paths
  std::vector<NodeId> depends_on;
  std::string test_cmd;
  std::vector<std::string> tests;  ///< relative paths of its frozen tests
  Difficulty difficulty = Difficulty::Medium;
  std::map<std::string, std::string> test_hashes;  ///< path -> SHA-256 of its bytes, lower-case hex
};

struct Plan {
  JobId job_id;
  std::string task;
  std::string repo;        ///< absolute path of the repository
  std::string created_at;  ///< ISO 8601, UTC
  std::string job_branch;  ///< short name: "director/job-<id>"
  std::vector<Node> nodes;
};

}  // namespace director::plan
