#include "core/engine/kept.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/text.hpp"
#include "core/engine/landed.hpp"
#include "core/engine/timestamp.hpp"

namespace director::engine {
namespace {

// Not the trailers of a landed commit: whatever becomes of this one, it never counts as landed.
constexpr std::string_view kJob = "Director-Kept-Job";
constexpr std::string_view kNode = "Director-Kept-Node";
constexpr std::string_view kAttempt = "Director-Kept-Attempt";
constexpr std::string_view kBase = "Director-Kept-Base";
constexpr std::string_view kSince = "Director-Kept-Since";
constexpr std::string_view kWhy = "Director-Kept-Why";

constexpr std::size_t kMostDetail = 16384;

void add_trailer(std::string& message, std::string_view name, const std::string& value) {
  message.append(name).append(": ").append(text::printable(value)).push_back('\n');
}

std::string message_of(const UnlandedWork& work, ports::WallTime now) {
  std::string message = "Keep attempt " + std::to_string(work.attempt) + " of node " +
                        text::printable(work.node.value) + ": " + text::printable(work.why) +
                        "\n\n";
  const std::string detail = text::cut_middle(work.detail, kMostDetail);
  for (const std::string_view line : text::split_lines(detail)) {
    message += text::printable(line) + "\n";
  }
  message += "\n";
  add_trailer(message, kJob, work.job.value);
  add_trailer(message, kNode, work.node.value);
  add_trailer(message, kAttempt, std::to_string(work.attempt));
  add_trailer(message, kBase, work.base.value);
  add_trailer(message, kSince, iso_time(now));
  add_trailer(message, kWhy, work.why);
  return message;
}

std::optional<KeptWork> read_kept(const director::ref& ref, const director::commit_info& commit) {
  KeptWork kept;
  kept.id = ref.name.substr(kKeptRefs.size());
  kept.commit = Oid(commit.oid);
  kept.tree = Oid(commit.tree);
  kept.job = JobId(trailer(commit.message, kJob));
  kept.node = NodeId(trailer(commit.message, kNode));
  kept.base = Oid(trailer(commit.message, kBase));
  kept.why = trailer(commit.message, kWhy);
  kept.since = parse_iso_time(trailer(commit.message, kSince));
  kept.attempt = trailer_number(commit.message, kAttempt);
  return kept.job.empty() || kept.node.empty() ? std::nullopt : std::optional(std::move(kept));
}

}  // namespace

std::string ref_part(std::string_view text) {
  std::string part;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || (c == '.' && !part.empty() && part.back() != '.');
    part += plain ? c : '-';
  }
  if (part.empty() || part.ends_with('.') || part.ends_with(".lock")) {
    part += '-';
  }
  return part;
}

Result<std::string> keep_work(director::vcs& vcs, const UnlandedWork& work, ports::WallTime now) {
  const std::string attempt = ref_part(work.job.value) + "/" + ref_part(work.node.value) + "/" +
                              std::to_string(work.attempt);
  DIRECTOR_TRY(const std::vector<director::ref> present,
               vcs.list_refs(std::string(kKeptRefs) + attempt));
  std::set<std::string> taken;
  for (const director::ref& ref : present) {
    const Result<director::commit_info> commit = vcs.resolve(ref.oid);
    const std::optional<KeptWork> kept = commit ? read_kept(ref, *commit) : std::nullopt;
    if (kept && kept->attempt == work.attempt && kept->node == work.node &&
        kept->tree == work.tree) {
      return kept->id;
    }
    taken.insert(ref.name.substr(kKeptRefs.size()));
  }
  std::string id = attempt;
  for (int again = 2; taken.contains(id); ++again) {
    id = attempt + "-" + std::to_string(again);
  }
  DIRECTOR_TRY(const std::string commit,
               vcs.commit(work.tree.value, work.base.value, message_of(work, now)));
  DIRECTOR_CHECK(vcs.update_ref(std::string(kKeptRefs) + id, "", commit));
  return id;
}

Result<std::vector<KeptWork>> list_kept(director::vcs& vcs) {
  DIRECTOR_TRY(const std::vector<director::ref> refs, vcs.list_refs(kKeptRefs));
  std::vector<KeptWork> all;
  for (const director::ref& ref : refs) {
    const Result<director::commit_info> commit = vcs.resolve(ref.oid);
    if (std::optional<KeptWork> kept = commit ? read_kept(ref, *commit) : std::nullopt) {
      all.push_back(std::move(*kept));
    }
  }
  std::sort(all.begin(), all.end(), [](const KeptWork& a, const KeptWork& b) {
    return std::tie(a.since, a.id) < std::tie(b.since, b.id);
  });
  return all;
}

bool is_older_than(const KeptWork& kept, std::chrono::hours age, ports::WallTime now) {
  return kept.since && now - *kept.since > age;
}

Status drop_kept(director::vcs& vcs, const KeptWork& kept) {
  return vcs.update_ref(std::string(kKeptRefs) + kept.id, kept.commit.value, "");
}

Result<int> drop_older_than(director::vcs& vcs, std::chrono::hours age, ports::WallTime now) {
  DIRECTOR_TRY(const std::vector<KeptWork> all, list_kept(vcs));
  int dropped = 0;
  Status failed = ok();
  for (const KeptWork& kept : all) {
    if (!is_older_than(kept, age, now)) {
      continue;
    }
    if (Status done = drop_kept(vcs, kept); done) {
      ++dropped;
    } else {
      failed = std::move(done);
    }
  }
  return failed ? Result<int>(dropped) : Result<int>(std::move(failed).error());
}

}  // namespace director::engine
