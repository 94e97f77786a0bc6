#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <set>
#include <string>
#include <vector>

#include "cli/call_book.hpp"
#include "cli/commands.hpp"
#include "cli/log_follower.hpp"
#include "cli/repository.hpp"
#include "core/base/text.hpp"
#include "core/engine/journal.hpp"
#include "core/engine/replay.hpp"
#include "core/platform/disk_file_store.hpp"
#include "core/platform/interrupt.hpp"
#include "core/platform/repo_lock.hpp"

namespace director::cli {
namespace {

/// What the journal holds for this command.
struct Known {
  CallBook book;
  engine::JobState job;
};

Result<Known> read_known(const engine::Folders& folders) {
  Known known;
  platform::DiskFileStore files;
  DIRECTOR_TRY(const std::uint64_t bytes,
               engine::read_journal(files, folders.journal(), [&](const engine::Entry& entry) {
                 known.book.apply(entry);
                 return engine::apply(known.job, entry);
               }));
  (void)bytes;
  if (known.job.planning.stage == run::Stage::None) {
    return Error(Errc::NotFound, "there is no job in '" + folders.repo.string() +
                                     "'; start one with `director plan \"<task>\"`");
  }
  return known;
}

Status check_node(const Known& known, const std::string& node) {
  std::set<std::string> names;
  for (const CallRecord& call : known.book.calls()) {
    names.insert(call.node);
  }
  if (known.job.plan) {
    for (const plan::Node& planned : known.job.plan->nodes) {
      names.insert(planned.id.value);
    }
  }
  names.erase("");
  if (names.contains(node)) {
    return ok();
  }
  const std::vector<std::string> candidates(names.begin(), names.end());
  const std::optional<std::string> close = text::closest_match(node, candidates);
  return Error(Errc::NotFound,
               "there is no node '" + node + "'" +
                   (close ? ", did you mean '" + *close + "'?"
                          : "; `director graph` shows the plan, `director logs` all calls"));
}

/// The one call whose id is, or starts with, what was asked for.
Result<std::string> find_call(const CallBook& book, const std::string& wanted) {
  std::vector<std::string> found;
  for (const CallRecord& call : book.calls()) {
    if (call.id == wanted) {
      return wanted;
    }
    if (call.id.starts_with(wanted)) {
      found.push_back(call.id);
    }
  }
  if (found.size() == 1) {
    return found.front();
  }
  if (found.empty()) {
    return Error(Errc::NotFound, "there is no call '" + wanted + "'; `director logs` lists them");
  }
  return Error(Errc::Invalid, "call '" + wanted + "' may be any of " +
                                  std::to_string(found.size()) + ", such as '" + found[0] +
                                  "' and '" + found[1] + "'; give more of its id");
}

Result<LogSelection> select(const Known& known, const LogsOptions& options) {
  LogSelection selection;
  selection.raw = options.raw;
  selection.escape_raw = isatty(STDOUT_FILENO) == 1;
  if (!options.node.empty()) {
    DIRECTOR_CHECK(check_node(known, options.node));
    selection.node = options.node;
  }
  if (!options.call.empty()) {
    DIRECTOR_TRY(selection.call, find_call(known.book, options.call));
  }
  return selection;
}

void print_out(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void wait_a_little() {
  constexpr long kNanoseconds = 250'000'000;
  const std::timespec pause{0, kNanoseconds};
  nanosleep(&pause, nullptr);  // a signal ends it early, which is welcome
}

Result<ExitCode> print_logs(const engine::Folders& folders, const LogsOptions& options) {
  DIRECTOR_TRY(const Known known, read_known(folders));
  DIRECTOR_TRY(LogSelection selection, select(known, options));
  const bool is_list = options.node.empty() && options.call.empty();
  if (is_list && !options.follow && !options.raw) {
    print_out(call_table(known.book.calls()));
    return ExitCode::Done;
  }
  const ports::CancelToken interrupt;
  const platform::InterruptGuard guard(interrupt);
  LogFollower follower(
      folders.state, std::move(selection),
      [&] {
        return options.follow && !interrupt.cancelled() &&
               platform::RepoLock::holder(folders.state / "lock").has_value();
      },
      print_out);
  while (true) {
    DIRECTOR_TRY(const bool more, follower.step());
    std::fflush(stdout);
    if (!more) {
      return interrupt.cancelled() ? ExitCode::Interrupted : ExitCode::Done;
    }
    wait_a_little();
  }
}

}  // namespace

ExitCode logs_command(const CommonOptions& common, const LogsOptions& options) {
  const Result<std::filesystem::path> repository = find_repository(common.repo);
  if (!repository) {
    print_error(repository.error());
    return ExitCode::Usage;
  }
  const Result<ExitCode> printed =
      print_logs({*repository, *repository / ".director", {}}, options);
  if (!printed) {
    print_error(printed.error());
    return ExitCode::Usage;
  }
  return *printed;
}

}  // namespace director::cli
