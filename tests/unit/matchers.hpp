/// Matchers for Result<T>.
#pragma once

#include <gmock/gmock.h>

#include <ostream>
#include <string>

#include "director/result.hpp"

namespace director {

inline void PrintTo(const Error& error, std::ostream* out) {
  *out << to_string(error.code()) << ": " << error.message();
}

namespace testing {

MATCHER(IsOk, negation ? "is an error" : "is a value") {
  if (arg.has_value()) {
    return true;
  }
  *result_listener << "which is the error " << to_string(arg.error().code()) << ": "
                   << arg.error().message();
  return false;
}

/// An error with this code whose message contains `part`.
MATCHER_P2(FailsWith, code, part,
           std::string(negation ? "does not fail" : "fails") + " with " +
               std::string(to_string(code)) + " and a message containing \"" + std::string(part) +
               "\"") {
  if (arg.has_value()) {
    *result_listener << "which is a value";
    return false;
  }
  *result_listener << "which is the error " << to_string(arg.error().code()) << ": "
                   << arg.error().message();
  return arg.error().code() == code &&
         arg.error().message().find(std::string(part)) != std::string::npos;
}

}  // namespace testing
}  // namespace director
