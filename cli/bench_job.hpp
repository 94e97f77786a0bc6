/// A bench under way: its plan, its profiles' runs and its files in .director/bench.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/bench_profiles.hpp"
#include "cli/session.hpp"
#include "core/engine/bench.hpp"
#include "core/engine/services.hpp"
#include "core/ports/file_store.hpp"
#include "director/result.hpp"

namespace director::cli {

/// Where a bench keeps what. Nothing of the user's own job is in there.
struct BenchFolders {
  engine::Folders repository;

  [[nodiscard]] std::filesystem::path root() const { return repository.state / "bench"; }
  [[nodiscard]] std::filesystem::path bench() const { return root() / "bench.json"; }
  [[nodiscard]] std::filesystem::path summary() const { return root() / "summary.json"; }
  [[nodiscard]] std::filesystem::path metrics(const std::string& profile) const {
    return root() / (profile + ".metrics.jsonl");
  }
  /// Of the plan, or of one profile's run. Slots are shared: nobody runs at the same time.
  [[nodiscard]] engine::Folders of(const std::string& name) const {
    return {repository.repo, root() / name, repository.cache};
  }
};

/// The bench that is there; nullopt: none. Errors: a bench.json that cannot be read.
[[nodiscard]] Result<std::optional<engine::Bench>> read_bench(ports::FileStore& files,
                                                              const BenchFolders& folders);
/// How a profile stands, from its journal; without a plan in it, only the profile's name. Errors: a
/// journal that cannot be read.
[[nodiscard]] Result<engine::BenchRow> read_row(ports::FileStore& files,
                                                const BenchFolders& folders,
                                                const std::string& profile);
/// Closes a bench's books and moves its files to history/bench-<job>/ as a whole, or removes them
/// if nothing was started. The session may be equipped for a part of it afterwards.
[[nodiscard]] Status put_aside(Session& session, const BenchFolders& folders,
                               const ProfileSettings& profiles);

/// Plans, forks and runs. One at a time, on one thread.
class BenchJob {
 public:
  /// `bench` says what is to be done and how far it is. References outlive the object.
  BenchJob(Session& session, const BenchFolders& folders, const ProfileSettings& profiles,
           const BenchOptions& options, engine::Bench bench)
      : session_(session),
        folders_(folders),
        profiles_(profiles),
        options_(options),
        bench_(std::move(bench)) {}

  /// Plans and freezes, as far as that is not done. Blocks. Errors: the plan did not come about;
  /// Cancelled if interrupted.
  [[nodiscard]] Status plan();
  /// Runs every profile that is not measured yet and writes the summary after each. Blocks. Errors:
  /// Cancelled if interrupted; the summary cannot be written. What goes wrong in a profile is in
  /// its row.
  [[nodiscard]] Result<engine::BenchSummary> run();

 private:
  [[nodiscard]] Status create_plan();
  [[nodiscard]] Status freeze();
  [[nodiscard]] Status fork(const std::string& profile);
  [[nodiscard]] Status run_profile(const std::string& profile);
  /// The row of a profile that has had its turn; its metrics are written.
  [[nodiscard]] Result<engine::BenchRow> finish_row(const std::string& profile, const Status& ran);
  [[nodiscard]] Status save();
  [[nodiscard]] Result<engine::BenchSummary> summarize(
      const std::vector<engine::BenchRow>& had_their_turn);

  Session& session_;
  const BenchFolders& folders_;
  const ProfileSettings& profiles_;
  const BenchOptions& options_;
  engine::Bench bench_;
};

}  // namespace director::cli
