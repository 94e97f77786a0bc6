/// A job run by the real program while a test makes calls of its process fail or end it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/plan/plan.hpp"
#include "tests/e2e/support.hpp"

namespace director::fault {

namespace fs = std::filesystem;

/// What is to go wrong in one run; as the shim reads it.
struct Order {
  std::string group;  ///< journal, disk, open, fork, lock, any; time: `from` is in microseconds
  unsigned long from = 1;
  unsigned long until = 1;
  std::string action;  ///< kill, power, short, or the name of an error number
  unsigned long seed = 0;
  std::string clock{};  ///< "<every> <seconds>": the wall clock jumps; "0 <time>": it stands still
  fs::path under{};     ///< where `disk` and `journal` look; empty: .director
};
constexpr unsigned long kForEver = 1'000'000'000;

struct Struck {
  e2e::Ran ran;
  unsigned long calls = 0;  ///< of the group, in this run
  unsigned long fired = 0;  ///< 0: the run was over before
  std::string where;        ///< the call that was struck
  [[nodiscard]] bool killed() const { return ran.exit_code == 137; }
};

/// A repository with a plan that is frozen already and agents that are scripted. Node "nK" writes
/// nK.txt. The agent of n2 runs hook(), a shell script of the test's.
class FaultyJob : public e2e::World {
 public:
  /// `nodes` nodes, each of which needs up to two before it; `more` is put behind the
  /// configuration.
  explicit FaultyJob(int nodes, const std::string& more = "");

  /// One run of director to its end, or to what the order has in store. More arguments behind
  /// "run"; `command` instead of it.
  [[nodiscard]] Struck strike(const Order& order, const std::vector<std::string>& arguments = {},
                              const std::string& command = "run");
  /// A run that nothing happens to.
  [[nodiscard]] e2e::Ran go_on(const std::vector<std::string>& arguments = {});

  /// Everything landed once and is written down, and nothing is left over.
  void expect_complete();
  /// How often each node is on the job branch.
  [[nodiscard]] std::map<std::string, int> landings();
  /// Nothing but what lands may have come to the branch, whatever happened.
  void expect_sound();
  [[nodiscard]] fs::path hook() const { return root() / "hook.sh"; }
  void expect_state_done();
  /// What the repository was like before director came.
  [[nodiscard]] const std::string& untouched() const { return untouched_; }
  [[nodiscard]] fs::path journal() const { return state() / "journal.jsonl"; }
  /// The values of a member in the lines of a file of .director, in order.
  [[nodiscard]] std::vector<std::string> column(const std::string& file, const std::string& member,
                                                const std::string& type = "");

 private:
  void write_config(const std::string& more);
  void write_script();
  [[nodiscard]] plan::Plan make_plan() const;
  void make_branches(const plan::Plan& plan);
  void expect_books_closed();
  void expect_nothing_left();

  int nodes_;
  std::string untouched_;
};

}  // namespace director::fault
