#include "cli/bench_report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

#include "cli/report.hpp"
#include "core/base/dollars.hpp"

namespace director::cli {
namespace {

using Line = std::vector<std::string>;

/// Columns as wide as their widest cell; the first to the left, the others to the right.
std::vector<std::string> aligned(const std::vector<Line>& lines) {
  std::vector<std::size_t> widths;
  for (const Line& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], line[i].size());
    }
  }
  std::vector<std::string> texts;
  for (const Line& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string padding(widths[i] - line[i].size(), ' ');
      text += i == 0 ? line[i] + padding : "  " + padding + line[i];
    }
    texts.push_back(text.substr(0, text.find_last_not_of(' ') + 1));
  }
  return texts;
}

std::string fixed(double number, int digits) {
  std::array<char, 64> buffer{};
  const int size = std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, number);
  return {buffer.data(), std::min(static_cast<std::size_t>(std::max(size, 0)), buffer.size() - 1)};
}

std::string percent(std::size_t count, std::size_t of) {
  constexpr double kPercent = 100.0;
  return of == 0 ? "-" : fixed(kPercent * static_cast<double>(count) / static_cast<double>(of), 0);
}

std::string integration(const engine::BenchRow& row) {
  if (!row.integration_ok) {
    return "not run";
  }
  return *row.integration_ok ? "passed" : "FAILED";
}

std::string duration(double seconds) {
  constexpr long kPerMinute = 60;
  const long whole = std::lround(seconds);
  return whole < kPerMinute ? fixed(seconds, 1) + " s"
                            : std::to_string(whole / kPerMinute) + " min " +
                                  std::to_string(whole % kPerMinute) + " s";
}

Line cells(const engine::BenchRow& row) {
  if (row.outcome.empty()) {
    return {row.profile, "-", "-", "-", "-", "not run", "-", "-"};
  }
  return {row.profile,
          std::to_string(row.done) + "/" + std::to_string(row.nodes),
          percent(row.by_executor, row.nodes),
          std::to_string(row.to_escalation),
          percent(row.reviewed, row.nodes),
          integration(row),
          dollars(row.cost_usd),
          duration(row.wall_secs)};
}

std::string saved(const engine::BenchSummary& summary, const engine::BenchRow& row) {
  constexpr double kPercent = 100.0;
  const std::optional<double> share = engine::saving(summary, row);
  if (!share) {
    return "cannot be told: " + std::string(engine::is_measured(row)
                                                ? "the baseline was not measured, or cost nothing"
                                                : "it was not measured");
  }
  std::string text = fixed(kPercent * *share, 1) + " %" +
                     (*share > engine::kSavingTarget ? ", on target" : ", short of the target");
  if (row.done < row.nodes) {
    text += " (but " + std::to_string(row.nodes - row.done) + " of " + std::to_string(row.nodes) +
            " nodes did not land)";
  }
  return text;
}

std::string savings(const engine::BenchSummary& summary) {
  const bool compared = std::any_of(
      summary.rows.begin(), summary.rows.end(),
      [](const engine::BenchRow& row) { return row.profile == engine::kBaselineProfile; });
  if (!compared || summary.rows.size() < 2) {
    return "";
  }
  constexpr double kPercent = 100.0;
  std::string out = "\nSaving against " + std::string(engine::kBaselineProfile) + " (target > " +
                    fixed(kPercent * engine::kSavingTarget, 0) + " %, planning not counted)\n";
  std::size_t width = 0;
  for (const engine::BenchRow& row : summary.rows) {
    width = std::max(width, row.profile.size());
  }
  for (const engine::BenchRow& row : summary.rows) {
    if (row.profile != engine::kBaselineProfile) {
      out += row.profile + std::string(width - row.profile.size(), ' ') + "  " +
             saved(summary, row) + "\n";
    }
  }
  return out;
}

}  // namespace

std::string bench_text(const engine::BenchSummary& summary) {
  constexpr std::size_t kShort = 10;
  std::string out = "Bench " + summary.bench.job.value + ": " + first_line(summary.bench.task) +
                    "\nPlanned under " + summary.bench.plan_profile + " for " +
                    dollars(summary.planning_usd) + ": " + std::to_string(summary.nodes) +
                    " nodes, frozen at " + summary.bench.commit.value.substr(0, kShort) + "\n\n";
  std::vector<Line> lines{
      {"profile", "done", "exec %", "escalated", "review %", "integration", "run cost", "wall"}};
  for (const engine::BenchRow& row : summary.rows) {
    lines.push_back(cells(row));
  }
  const std::vector<std::string> texts = aligned(lines);
  out += texts.front() + "\n";
  for (std::size_t i = 0; i < summary.rows.size(); ++i) {
    out += texts[i + 1] + "\n";
    if (!summary.rows[i].error.empty()) {
      out += "  ^ " + first_line(summary.rows[i].error) + "\n";
    }
  }
  return out + savings(summary);
}

}  // namespace director::cli
