/// The messages that agents get. Pure: text in, text out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/plan.hpp"

namespace director::engine {

/// A file of the repository as it stands at the node's base; nullopt: it does not exist yet.
struct PresentFile {
  std::string path;
  std::optional<std::string> content;
};

/// What the repository tells agents: AGENTS.md and CLAUDE.md.
struct Guidance {
  std::string path;
  std::string text;
};

struct ExecutorBrief {
  const plan::Node& node;
  std::vector<PresentFile> files;
  std::string failing_output;  ///< of the red check
  std::string feedback;        ///< why the last attempt did not land; empty: there was none
  int attempt = 1;
  std::vector<Guidance> guidance;
  bool kept = false;  ///< the last attempt's files are in the workspace
};

/// Longer file contents, outputs and feedback are cut in the middle, and say so.
inline constexpr std::size_t kMaxFileBytes = 64 << 10;
inline constexpr std::size_t kMaxOutputBytes = 16 << 10;

[[nodiscard]] std::string explorer_message(std::string_view task,
                                           const std::vector<Guidance>& guidance);
[[nodiscard]] std::string brainstorm_message(std::string_view task, std::string_view recon,
                                             const std::vector<Guidance>& guidance);
/// `problems`: what was wrong with the last answer; empty: the first question.
[[nodiscard]] std::string planner_message(std::string_view task, std::string_view spec,
                                          std::string_view recon, std::string_view problems,
                                          const std::vector<Guidance>& guidance);
/// Asks the planner to judge its own artifact, `what` ("spec" or "plan"), and to send it again,
/// whole.
[[nodiscard]] std::string critique_message(std::string_view what, std::string_view task,
                                           std::string_view artifact);
/// `rejected`: why the last tests were refused; empty: the first question.
[[nodiscard]] std::string test_author_message(const plan::Node& node, std::string_view rejected,
                                              const std::vector<Guidance>& guidance);
[[nodiscard]] std::string executor_message(const ExecutorBrief& brief);

/// The prompt of an agent file: what stands below its front matter.
[[nodiscard]] std::string without_front_matter(std::string_view markdown);

/// The folders whose guidance counts for these paths: the root ("") and every folder above a path.
[[nodiscard]] std::vector<std::string> guidance_folders(const std::vector<std::string>& paths);

}  // namespace director::engine
