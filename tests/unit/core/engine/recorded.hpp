/// What a job's journal says, by kind.
#pragma once

#include <gmock/gmock.h>

#include <variant>
#include <vector>

#include "world.hpp"

namespace director::engine::testing {

/// All that was recorded of one kind, in order.
template <typename Event>
std::vector<Event> recorded(World& world) {
  std::vector<Event> all;
  const auto read = read_journal(world.files, world.journal(), [&](const Entry& entry) {
    if (const auto* run = std::get_if<run::RunEvent>(&entry.event)) {
      if (const auto* one = std::get_if<Event>(run)) {
        all.push_back(*one);
      }
    }
    return ok();
  });
  EXPECT_THAT(read, director::testing::IsOk());
  return all;
}

}  // namespace director::engine::testing
