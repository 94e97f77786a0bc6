#include "money.hpp"

#include <variant>

#include "core/base/json.hpp"

namespace director::engine::testing {

std::vector<run::MoneyEvent> money(World& world) {
  std::vector<run::MoneyEvent> all;
  const auto read = read_journal(world.files, world.journal(), [&](const Entry& entry) {
    if (const auto* event = std::get_if<run::MoneyEvent>(&entry.event)) {
      all.push_back(*event);
    }
    return ok();
  });
  EXPECT_THAT(read, director::testing::IsOk());
  return all;
}

run::Ledger ledger(World& world) {
  const Result<JobState> job = world.replayed();
  EXPECT_THAT(job, director::testing::IsOk());
  return job ? job->ledger : run::Ledger();
}

double sum_of_costs(World& world) {
  double sum = 0;
  for (const std::string& record : world.sink.records(kJob, "cost")) {
    sum += parse_json(record)->get_number("cost").value_or(0);
  }
  return sum;
}

void expect_one_truth(World& world) {
  const run::Ledger book = ledger(world);
  EXPECT_TRUE(book.open.empty());
  EXPECT_DOUBLE_EQ(sum_of_costs(world), book.total.usd);
  const std::vector<std::string> runs = world.sink.records(kJob, "run");
  ASSERT_FALSE(runs.empty());
  EXPECT_DOUBLE_EQ(parse_json(runs.back())->get_number("cost_total").value_or(-1), book.total.usd);
}

}  // namespace director::engine::testing
