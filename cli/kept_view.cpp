#include "cli/kept_view.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/engine/timestamp.hpp"

namespace director::cli {
namespace {

using engine::KeptWork;

/// The tree of its base; empty where that is not known any more: then all of it is new.
Result<std::string> base_tree(director::vcs& vcs, const KeptWork& kept) {
  if (kept.base.empty()) {
    return std::string();
  }
  DIRECTOR_TRY(const director::commit_info base, vcs.resolve(kept.base.value));
  return base.tree;
}

Result<std::vector<director::change>> changes_of(director::vcs& vcs, const KeptWork& kept) {
  DIRECTOR_TRY(const std::string base, base_tree(vcs, kept));
  return base.empty() ? Result<std::vector<director::change>>(std::vector<director::change>())
                      : vcs.changes(base, kept.tree.value);
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kUnit = 1024;
  if (bytes < kUnit) {
    return std::to_string(bytes) + " B";
  }
  return bytes < kUnit * kUnit ? std::to_string(bytes / kUnit) + " KiB"
                               : std::to_string(bytes / kUnit / kUnit) + " MiB";
}

char letter(director::change_kind kind) {
  switch (kind) {
    case director::change_kind::added:
      return 'A';
    case director::change_kind::modified:
      return 'M';
    case director::change_kind::deleted:
      return 'D';
  }
  return '?';
}

}  // namespace

std::string age_text(ports::WallTime since, ports::WallTime now) {
  const auto minutes = std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::minutes>(now - since).count());
  constexpr std::int64_t kHour = 60;
  constexpr std::int64_t kDay = 24 * kHour;
  return minutes >= kDay    ? std::to_string(minutes / kDay) + " d"
         : minutes >= kHour ? std::to_string(minutes / kHour) + " h"
                            : std::to_string(minutes) + " min";
}

Result<KeptLine> kept_line(director::vcs& vcs, const KeptWork& kept) {
  KeptLine line;
  line.kept = kept;
  DIRECTOR_TRY(const std::vector<director::change> changes, changes_of(vcs, kept));
  line.files = changes.size();
  for (const director::change& change : changes) {
    const Result<std::string> bytes = vcs.read_file(kept.tree.value, change.path);
    line.bytes += bytes ? bytes->size() : 0;
  }
  return line;
}

std::string kept_text(const std::vector<KeptLine>& lines, ports::WallTime now) {
  if (lines.empty()) {
    return "nothing is kept\n";
  }
  std::vector<std::array<std::string, 5>> rows{{"id", "age", "files", "size", "why"}};
  for (const KeptLine& line : lines) {
    rows.push_back(
        {text::printable(line.kept.id), line.kept.since ? age_text(*line.kept.since, now) : "?",
         std::to_string(line.files), size_text(line.bytes), text::printable(line.kept.why)});
  }
  std::array<std::size_t, 5> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      text += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    }
    text += row.back() + "\n";
  }
  return text;
}

std::string kept_json(const std::vector<KeptLine>& lines, ports::WallTime now) {
  JsonWriter out(JsonWriter::Style::Pretty);
  out.begin_object().key("kept").begin_array();
  for (const KeptLine& line : lines) {
    const KeptWork& kept = line.kept;
    out.begin_object();
    out.member("id", kept.id);
    out.member("job", kept.job.value);
    out.member("node", kept.node.value);
    out.member("attempt", kept.attempt);
    out.member("commit", kept.commit.value);
    out.member("base", kept.base.value);
    out.member("why", kept.why);
    out.member("since", kept.since ? engine::iso_time(*kept.since) : std::string());
    const std::int64_t age =
        kept.since ? std::chrono::duration_cast<std::chrono::seconds>(now - *kept.since).count()
                   : 0;
    out.member("age_secs", std::max<std::int64_t>(0, age));
    out.member("files", line.files);
    out.member("bytes", line.bytes);
    out.end_object();
  }
  out.end_array().end_object();
  return out.take() + "\n";
}

Result<std::string> kept_details(director::vcs& vcs, const KeptWork& kept, bool stat) {
  DIRECTOR_TRY(const director::commit_info commit, vcs.resolve(kept.commit.value));
  std::string text = "commit " + commit.oid + "\n" + commit.message + "\n";
  if (!stat && !kept.base.empty()) {
    DIRECTOR_TRY(const std::string base, base_tree(vcs, kept));
    DIRECTOR_TRY(const std::string diff, vcs.diff(base, kept.tree.value));
    return text + diff;
  }
  DIRECTOR_TRY(const std::vector<director::change> changes, changes_of(vcs, kept));
  for (const director::change& change : changes) {
    text += std::string(1, letter(change.kind)) + " " + text::printable(change.path) + "\n";
  }
  return text;
}

}  // namespace director::cli
