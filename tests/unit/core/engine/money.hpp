/// What a world's journal, ledger and records say about money.
#pragma once

#include <string>
#include <vector>

#include "world.hpp"

namespace director::engine::testing {

/// A step that costs this much and nothing else is known of.
inline usage step(double usd) { return {0, 0, 0, 0, 0, usd}; }

std::vector<run::MoneyEvent> money(World& world);

run::Ledger ledger(World& world);

double sum_of_costs(World& world);

/// The ledger, costs.jsonl and the last run's record say the same.
void expect_one_truth(World& world);

}  // namespace director::engine::testing
