/// What a scenario asks for, and what is asked of every scenario. Failures fail the current test.
#pragma once

#include "tests/e2e/scenario/scenario.hpp"
#include "tests/e2e/scenario/stage.hpp"

namespace director::e2e {

/// Fails the test unless `differences` (match.hpp) is empty.
void expect_none(const std::string& differences, const std::string& where);

void check(const Then& then, Stage& stage);

/// After the last step, unasked: see tests/e2e/scenarios/README.md.
void check_always(Stage& stage);

}  // namespace director::e2e
