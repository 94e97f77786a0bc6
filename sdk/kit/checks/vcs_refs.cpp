#include <atomic>
#include <thread>

#include "sdk/kit/check.hpp"
#include "sdk/kit/folders.hpp"
#include "sdk/kit/vcs_bench.hpp"

namespace director::kit {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRef = "refs/heads/director/kit";

Status unknown_body(const VcsBench& bench) {
  const std::string absent(40, '0');
  vcs& backend = bench.backend();
  DIRECTOR_CHECK(refuses(backend.resolve("no-such-branch"), Errc::NotFound, "an unknown branch"));
  DIRECTOR_CHECK(refuses(backend.resolve(absent), Errc::NotFound, "an unknown oid"));
  DIRECTOR_CHECK(refuses(backend.commit(absent, bench.head().oid, "x\n"), Errc::NotFound,
                         "a commit of an unknown tree"));
  DIRECTOR_CHECK(
      refuses(backend.update_ref(kRef, "", absent), Errc::NotFound, "a ref to an unknown commit"));
  DIRECTOR_CHECK(refuses(backend.checkout(bench.main(), absent, "", {}), Errc::NotFound,
                         "a checkout of an unknown commit"));
  DIRECTOR_CHECK(refuses(backend.snapshot(bench.main(), absent, {}), Errc::NotFound,
                         "a snapshot against an unknown tree"));
  return refuses(backend.read_file(bench.head().tree, "no/such/file"), Errc::NotFound,
                 "a file that is not there");
}

Status swap_body(const VcsBench& bench) {
  vcs& backend = bench.backend();
  const std::string first = bench.head().oid;
  DIRECTOR_TRY(const std::string second, backend.commit(bench.head().tree, first, "second\n"));
  DIRECTOR_CHECK(refuses(backend.update_ref(kRef, first, second), Errc::Conflict,
                         "moving a ref that does not exist"));
  DIRECTOR_CHECK(backend.update_ref(kRef, "", first));
  DIRECTOR_CHECK(
      refuses(backend.update_ref(kRef, "", second), Errc::Conflict, "making a ref that exists"));
  DIRECTOR_CHECK(refuses(backend.update_ref(kRef, second, first), Errc::Conflict,
                         "moving a ref from where it is not"));
  DIRECTOR_CHECK(refuses(backend.update_ref(kRef, second, ""), Errc::Conflict,
                         "deleting a ref that is elsewhere"));
  DIRECTOR_CHECK(backend.update_ref(kRef, first, second));
  DIRECTOR_TRY(const auto refs, backend.list_refs("refs/heads/director/"));
  DIRECTOR_CHECK(expect(refs.size() == 1 && refs[0].name == kRef && refs[0].oid == second,
                        "a ref that was moved is not listed where it is"));
  DIRECTOR_CHECK(backend.update_ref(kRef, second, ""));
  DIRECTOR_TRY(const auto gone, backend.list_refs("refs/heads/director/"));
  return expect(gone.empty(), "a ref that was deleted is listed");
}

/// Everybody wants the ref to be theirs, from the same commit: one may have it.
Status race_round(const VcsBench& bench, const std::vector<std::unique_ptr<vcs>>& instances,
                  const Lines& commits, std::string& current) {
  std::atomic<int> wins = 0;
  std::atomic<int> winner = -1;
  std::atomic<int> odd = 0;
  std::vector<std::thread> racers;
  racers.reserve(instances.size());
  for (std::size_t i = 0; i < instances.size(); ++i) {
    racers.emplace_back([&, i] {
      if (commits[i] == current) {
        return;
      }
      const Status moved = instances[i]->update_ref(kRef, current, commits[i]);
      wins += moved ? 1 : 0;
      winner = moved ? static_cast<int>(i) : winner.load();
      odd += moved || moved.error().code() == Errc::Conflict ? 0 : 1;
    });
  }
  for (std::thread& racer : racers) {
    racer.join();
  }
  DIRECTOR_CHECK(expect(wins == 1, "of " + std::to_string(instances.size()) +
                                       " that moved a ref from the same commit at once " +
                                       std::to_string(wins) + " were told that they did"));
  DIRECTOR_CHECK(expect(odd == 0, "who comes late to a ref is not told Conflict"));
  current = commits[static_cast<std::size_t>(winner.load())];
  DIRECTOR_TRY(const auto refs, bench.backend().list_refs(kRef));
  return expect(refs.size() == 1 && refs[0].oid == current,
                "the ref is not where the one that won has put it");
}

Status race_body(const VcsBench& bench) {
  constexpr int kRacers = 8;
  constexpr int kRounds = 30;
  std::vector<std::unique_ptr<vcs>> instances;
  Lines commits;
  for (int i = 0; i < kRacers; ++i) {
    DIRECTOR_TRY(std::unique_ptr<vcs> one, bench.another());
    instances.push_back(std::move(one));
    DIRECTOR_TRY(std::string made, bench.backend().commit(bench.head().tree, bench.head().oid,
                                                          "racer " + std::to_string(i) + "\n"));
    commits.push_back(std::move(made));
  }
  std::string current;
  for (int round = 0; round < kRounds; ++round) {
    DIRECTOR_CHECK(race_round(bench, instances, commits, current));
  }
  return ok();
}

Status own_refs_body(const VcsBench& bench) {
  for (const char* name :
       {"refs/heads/main", "refs/heads/master", "refs/heads/director", "refs/heads/director/",
        "HEAD", "refs/tags/v1", "refs/director/../heads/main", "refs/heads/directory/x",
        "refs/heads/director/a b"}) {
    DIRECTOR_CHECK(refuses(bench.backend().update_ref(name, "", bench.head().oid), Errc::Invalid,
                           std::string("writing the ref '") + name + "'"));
  }
  DIRECTOR_TRY(const commit_info still, bench.backend().resolve("HEAD"));
  return expect(still.oid == bench.head().oid, "HEAD has moved");
}

Status history_body(const VcsBench& bench) {
  vcs& backend = bench.backend();
  const std::string message = "second\n\nDirector-Node: n1\n";
  DIRECTOR_TRY(const std::string second,
               backend.commit(bench.head().tree, bench.head().oid, message));
  DIRECTOR_TRY(const std::string third, backend.commit(bench.head().tree, second, "third\n"));
  DIRECTOR_TRY(const auto commits, backend.history(third, bench.head().oid));
  DIRECTOR_CHECK(
      expect(commits.size() == 2 && commits[0].oid == third && commits[1].message == message,
             "history is not newest first, down to but without base"));
  DIRECTOR_TRY(const auto none, backend.history(third, third));
  DIRECTOR_CHECK(expect(none.empty(), "the history from a commit to itself is not empty"));
  DIRECTOR_TRY(const auto all, backend.history(third, ""));
  DIRECTOR_CHECK(expect(all.size() == 3, "without a base history does not go to the root"));
  DIRECTOR_CHECK(backend.update_ref(kRef, "", third));
  DIRECTOR_TRY(const std::unique_ptr<vcs> other, bench.another());
  DIRECTOR_TRY(const commit_info seen, other->resolve("director/kit"));
  return expect(seen.oid == third && seen.tree == bench.head().tree,
                "another instance does not see a commit that a ref names");
}

Status merge_body(const VcsBench& bench) {
  vcs& backend = bench.backend();
  DIRECTOR_CHECK(bench.write("README", "ours\n"));
  DIRECTOR_TRY(const snapshot_result ours, bench.snapshot());
  DIRECTOR_CHECK(bench.restore());
  DIRECTOR_CHECK(bench.write("src/c.txt", "theirs\n"));
  std::error_code error;
  fs::remove(bench.at("src/a.txt"), error);
  DIRECTOR_TRY(const snapshot_result theirs, bench.snapshot());
  DIRECTOR_TRY(const merge_result merged, backend.merge(bench.head().tree, ours.tree, theirs.tree));
  DIRECTOR_CHECK(expect(merged.merged, "two sides that changed other files conflict"));
  DIRECTOR_TRY(const auto changes, backend.changes(bench.head().tree, merged.tree));
  return same(show(changes), {"A src/c.txt", "D src/a.txt", "M README"},
              "a merge takes both sides");
}

Status conflict_body(const VcsBench& bench) {
  DIRECTOR_CHECK(bench.write("README", "ours\n"));
  DIRECTOR_TRY(const snapshot_result ours, bench.snapshot());
  DIRECTOR_CHECK(bench.write("README", "theirs, longer\n"));
  DIRECTOR_TRY(const snapshot_result theirs, bench.snapshot());
  const auto merged = bench.backend().merge(bench.head().tree, ours.tree, theirs.tree);
  DIRECTOR_CHECK(expect(merged.has_value(), "a conflict is an error, not a result"));
  DIRECTOR_CHECK(expect(!merged->merged, "two sides that changed the same line are merged"));
  return same(merged->conflicts, {"README"}, "the conflicts of a merge");
}

Status checkout_state_body(const VcsBench& bench) {
  DIRECTOR_TRY(const checkout_state clean, bench.backend().user_checkout());
  DIRECTOR_CHECK(expect(!clean.uncommitted && !clean.unborn,
                        "a fresh repository is told to have uncommitted work or no commit"));
  DIRECTOR_CHECK(write_file(bench.places().repo / "README", "work in progress\n"));
  DIRECTOR_TRY(const checkout_state dirty, bench.backend().user_checkout());
  return expect(dirty.uncommitted, "uncommitted work of the user is not seen");
}

/// The user's files, and what stands beside slots.
Status outside_body(const VcsBench& bench) {
  const auto users = [&bench] {
    Listing all = list_folder(bench.places().repo);
    std::erase_if(all, [](const auto& entry) {
      return entry.first.starts_with(".git") || entry.first.starts_with(".director");
    });
    return all;
  };
  const Listing before = users();
  const fs::path outside = bench.places().cache.parent_path() / "outside";
  DIRECTOR_CHECK(write_file(outside / "a.txt", "precious\n"));
  std::error_code error;
  fs::remove_all(bench.at("src"), error);
  fs::create_directory_symlink(outside, bench.at("src"), error);
  fs::remove(bench.at("README"), error);
  fs::create_symlink(outside / "a.txt", bench.at("README"), error);
  fs::create_directory_symlink(outside, bench.at("cache"), error);
  DIRECTOR_CHECK(bench.backend().checkout(bench.main(), bench.head().oid, "", {"cache"}));
  DIRECTOR_CHECK(
      expect(read_file(outside / "a.txt") == "precious\n" && list_folder(outside).size() == 1,
             "a checkout follows a link out of its slot"));
  DIRECTOR_CHECK(expect(read_file(bench.at("src/a.txt")) == "one\n",
                        "a checkout does not replace a link by the folder of the tree"));
  DIRECTOR_TRY(const snapshot_result taken, bench.snapshot());
  DIRECTOR_CHECK(expect(taken.tree == bench.head().tree, "a link that was planted stays"));
  const std::string difference = first_difference(before, users());
  return expect(difference.empty(), "it writes in the user's repository: " + difference);
}

Status parallel_body(const VcsBench& bench) {
  constexpr int kWorkers = 6;
  std::vector<Status> ended(kWorkers, ok());
  std::vector<std::thread> workers;
  workers.reserve(kWorkers);
  for (int i = 0; i < kWorkers; ++i) {
    workers.emplace_back([&, i] {
      ended[static_cast<std::size_t>(i)] = [&]() -> Status {
        DIRECTOR_TRY(const std::unique_ptr<vcs> own, bench.another());
        const slot where = bench.slot_at("worker-" + std::to_string(i));
        const std::string name = "file-" + std::to_string(i);
        for (int round = 0; round < 4; ++round) {
          DIRECTOR_CHECK(own->checkout(where, bench.head().oid, "", {}));
          DIRECTOR_CHECK(write_file(fs::path(where.dir) / name, std::to_string(round)));
          DIRECTOR_TRY(const snapshot_result taken, own->snapshot(where, bench.head().tree, {}));
          DIRECTOR_CHECK(same(show(taken.changes), {"A " + name}, "a worker's changes"));
          DIRECTOR_TRY(const std::string made,
                       own->commit(taken.tree, bench.head().oid, name + "\n"));
          (void)made;
        }
        return ok();
      }();
    });
  }
  for (std::thread& worker : workers) {
    worker.join();
  }
  for (const Status& status : ended) {
    DIRECTOR_CHECK(status);
  }
  return ok();
}

Outcome unknown_revisions(const Subject& subject) { return with_vcs(subject, &unknown_body); }
Outcome compare_and_swap(const Subject& subject) { return with_vcs(subject, &swap_body); }
Outcome swap_is_one(const Subject& subject) { return with_vcs(subject, &race_body); }
Outcome own_refs_only(const Subject& subject) { return with_vcs(subject, &own_refs_body); }
Outcome history(const Subject& subject) { return with_vcs(subject, &history_body); }
Outcome merges(const Subject& subject) { return with_vcs(subject, &merge_body); }
Outcome conflicts(const Subject& subject) { return with_vcs(subject, &conflict_body); }
Outcome users_checkout(const Subject& subject) { return with_vcs(subject, &checkout_state_body); }
Outcome writes_nothing_outside(const Subject& subject) { return with_vcs(subject, &outside_body); }
Outcome parallel(const Subject& subject) { return with_vcs(subject, &parallel_body); }

}  // namespace

const std::vector<Check>& vcs_ref_checks() {
  static const std::vector<Check> kAll{
      {"vcs.unknown-revisions", "what does not exist is NotFound", Needs::Answer,
       &unknown_revisions},
      {"vcs.compare-and-swap", "a ref moves only from what was expected", Needs::Answer,
       &compare_and_swap},
      {"vcs.swap-is-one", "of those that race one wins", Needs::Answer, &swap_is_one},
      {"vcs.own-refs-only", "other refs are not its to write", Needs::Answer, &own_refs_only},
      {"vcs.history", "history is by first parents, newest first", Needs::Answer, &history},
      {"vcs.merge", "a merge takes both sides", Needs::Answer, &merges},
      {"vcs.conflicts", "conflicts are a result", Needs::Answer, &conflicts},
      {"vcs.user-checkout", "the user's own state is seen", Needs::Answer, &users_checkout},
      {"vcs.writes-nothing-outside", "nothing outside is written", Needs::Answer,
       &writes_nothing_outside},
      {"vcs.parallel", "slots are worked on side by side", Needs::Answer, &parallel},
  };
  return kAll;
}

}  // namespace director::kit
