/// Chooses the rule and the turn that answer a request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "request.hpp"
#include "scenario.hpp"

namespace director::scripted_model {

struct Choice {
  const Rule* rule;  ///< Lives as long as the player.
  Turn turn;
  std::size_t turn_index;
  bool failing;  ///< One of the rule's first requests, which fail.
};

/// Plays one scenario. Which turn is played depends on the request alone; `session_nth`,
/// `session_max` and `fail_first` count what this player has seen. One thread at a time.
class Player {
 public:
  explicit Player(Scenario scenario);

  /// The answer of the first rule that matches; nothing when none does.
  [[nodiscard]] std::optional<Choice> choose(const ChatRequest& request);

  [[nodiscard]] const Scenario& scenario() const { return scenario_; }

 private:
  struct Seen {
    std::map<std::string, std::int64_t> sessions;  ///< To their number, from 1.
    std::int64_t answered = 0;
  };

  bool session_matches(const Match& match, const std::string& session, Seen& seen);

  Scenario scenario_;
  std::vector<Seen> seen_;  ///< One for each rule.
};

}  // namespace director::scripted_model
