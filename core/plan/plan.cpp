#include "core/plan/plan.hpp"

namespace director::plan {

std::string_view to_string(Difficulty difficulty) {
  switch (difficulty) {
    case Difficulty::Easy:
      return "easy";
    case Difficulty::Medium:
      return "medium";
    case Difficulty::Hard:
      return "hard";
  }
  return "medium";
}

std::optional<Difficulty> parse_difficulty(std::string_view text) {
  for (const Difficulty difficulty : {Difficulty::Easy, Difficulty::Medium, Difficulty::Hard}) {
    if (text == to_string(difficulty)) {
      return difficulty;
    }
  }
  return std::nullopt;
}

}  // namespace director::plan
