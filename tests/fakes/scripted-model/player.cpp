#include "player.hpp"

#include <algorithm>
#include <utility>

namespace director::scripted_model {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool text_matches(const Match& match, const ChatRequest& request, const std::string& user,
                  const std::string& system) {
  const auto in_user = [&](const std::string& part) { return contains(user, part); };
  const auto in_system = [&](const std::string& part) { return contains(system, part); };
  return (!match.model.has_value() || *match.model == request.model) &&
         std::all_of(match.contains.begin(), match.contains.end(), in_user) &&
         std::none_of(match.not_contains.begin(), match.not_contains.end(), in_user) &&
         std::all_of(match.system_contains.begin(), match.system_contains.end(), in_system);
}

Turn turn_at(const Rule& rule, std::size_t index, const std::string& done_text) {
  if (index < rule.turns.size()) {
    return rule.turns[index];
  }
  if (rule.repeat_last) {
    return rule.turns.back();
  }
  Turn done;
  done.text = done_text;
  return done;
}

}  // namespace

Player::Player(Scenario scenario) : scenario_(std::move(scenario)), seen_(scenario_.rules.size()) {}

bool Player::session_matches(const Match& match, const std::string& session, Seen& seen) {
  const auto next = static_cast<std::int64_t>(seen.sessions.size()) + 1;
  const std::int64_t number = seen.sessions.emplace(session, next).first->second;
  return number == match.session_nth.value_or(number) &&
         number <= match.session_max.value_or(number);
}

std::optional<Choice> Player::choose(const ChatRequest& request) {
  const std::string user = text_of(request, "user");
  const std::string system = text_of(request, "system");
  for (std::size_t i = 0; i < scenario_.rules.size(); ++i) {
    const Rule& rule = scenario_.rules[i];
    if (!text_matches(rule.match, request, user, system) ||
        !session_matches(rule.match, request.session, seen_[i])) {
      continue;
    }
    const std::size_t index = turn_index(request);
    if (seen_[i].answered++ < rule.fail_first) {
      return Choice{&rule, rule.failing, index, true};
    }
    return Choice{&rule, turn_at(rule, index, scenario_.done_text), index, false};
  }
  return std::nullopt;
}

}  // namespace director::scripted_model
