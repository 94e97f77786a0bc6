#include "core/engine/landed.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "core/base/text.hpp"

namespace director::engine {

std::string trailer(std::string_view message, std::string_view name) {
  // Only its end is trimmed: what comes before the blank line may be blank itself.
  const std::string_view body = message.substr(0, message.find_last_not_of(" \t\r\n") + 1);
  const std::size_t blank = body.rfind("\n\n");
  const std::size_t last = blank == std::string_view::npos ? 0 : blank + 2;
  for (const std::string_view line : text::split_lines(body.substr(last))) {
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':') {
      return std::string(text::trim(line.substr(name.size() + 1)));
    }
  }
  return {};
}

int trailer_number(std::string_view message, std::string_view name) {
  const std::string text = trailer(message, name);
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool is_landed_by(const JobId& job, const director::commit_info& commit) {
  return trailer(commit.message, "Director-Job") == job.value &&
         !trailer(commit.message, "Director-Attempt").empty();
}

Result<std::vector<LandedCommit>> landed_between(director::vcs& vcs, const std::string& tip,
                                                 const std::string& base, const JobId& job) {
  DIRECTOR_TRY(const std::vector<director::commit_info> commits, vcs.history(tip, base));
  std::vector<LandedCommit> landed;
  for (const director::commit_info& commit : commits) {
    if (is_landed_by(job, commit)) {
      landed.push_back({NodeId(trailer(commit.message, "Director-Node")), Oid(commit.oid)});
    }
  }
  return landed;
}

Result<std::vector<LandedCommit>> landed_commits(director::vcs& vcs, const std::string& tip,
                                                 const std::string& base, const plan::Plan& plan) {
  std::set<NodeId> open;
  for (const plan::Node& node : plan.nodes) {
    open.insert(node.id);
  }
  DIRECTOR_TRY(std::vector<LandedCommit> landed, landed_between(vcs, tip, base, plan.job_id));
  std::erase_if(landed, [&](const LandedCommit& commit) { return open.erase(commit.node) == 0; });
  std::reverse(landed.begin(), landed.end());
  return landed;
}

}  // namespace director::engine
