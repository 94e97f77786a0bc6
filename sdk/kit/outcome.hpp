/// What a check found.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "director/result.hpp"

namespace director::kit {

enum class Verdict : std::uint8_t {
  Passed,
  Failed,
  Unchecked,     ///< it could not be made, for want of something that only the author can say
  NotApplicable  ///< a plugin of this form cannot break the rule
};

/// "passed", "failed", "not checked", "not applicable"
[[nodiscard]] constexpr std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::Passed:
      return "passed";
    case Verdict::Failed:
      return "failed";
    case Verdict::Unchecked:
      return "not checked";
    case Verdict::NotApplicable:
      return "not applicable";
  }
  return "failed";
}

struct Outcome {
  Verdict verdict = Verdict::Failed;
  std::string why;  ///< one sentence; may be empty if it passed
};

[[nodiscard]] inline Outcome passed(std::string note = {}) {
  return {Verdict::Passed, std::move(note)};
}
[[nodiscard]] inline Outcome failed(std::string why) { return {Verdict::Failed, std::move(why)}; }
[[nodiscard]] inline Outcome unchecked(std::string why) {
  return {Verdict::Unchecked, std::move(why)};
}
[[nodiscard]] inline Outcome not_applicable(std::string why) {
  return {Verdict::NotApplicable, std::move(why)};
}
/// An error is the plugin's.
[[nodiscard]] inline Outcome outcome_of(const Status& status) {
  return status ? passed() : failed(status.error().message());
}

/// For the body of a check: DIRECTOR_CHECK(expect(found == wanted, "found ...")).
[[nodiscard]] inline Status expect(bool holds, std::string why) {
  return holds ? ok() : Status(Error(Errc::Invalid, std::move(why)));
}

}  // namespace director::kit

/// DIRECTOR_TRY for a check: an error says why it cannot be made.
#define DIRECTOR_TRY_OUTCOME(declaration, ...) \
  DIRECTOR_TRY_OUTCOME_INNER(DIRECTOR_CONCAT(director_try_, __COUNTER__), declaration, __VA_ARGS__)
#define DIRECTOR_TRY_OUTCOME_INNER(temporary, declaration, ...)     \
  auto temporary = __VA_ARGS__;                                     \
  if (!temporary) {                                                 \
    return ::director::kit::unchecked(temporary.error().message()); \
  }                                                                 \
  declaration = std::move(temporary).value()

/// DIRECTOR_CHECK for a check, likewise.
#define DIRECTOR_CHECK_OUTCOME(...) \
  DIRECTOR_CHECK_OUTCOME_INNER(DIRECTOR_CONCAT(director_check_, __COUNTER__), __VA_ARGS__)
#define DIRECTOR_CHECK_OUTCOME_INNER(temporary, ...)                \
  if (const auto temporary = __VA_ARGS__; !temporary) {             \
    return ::director::kit::unchecked(temporary.error().message()); \
  }
