/// Exit statuses of `director`. Scripts rely on them.
#pragma once

#include "director/result.hpp"

namespace director::cli {

enum class ExitCode : int {
  Done = 0,          ///< `run`: every node landed and the integration gates passed
  Incomplete = 1,    ///< the job ended short of that
  Usage = 2,         ///< usage, configuration or plan error; nothing was started
  Locked = 3,        ///< another director holds this repository
  Interrupted = 130  ///< state is saved, the same command goes on
};

/// For an error of a job under way.
[[nodiscard]] inline ExitCode exit_code_of(const Error& error) {
  return error.code() == Errc::Cancelled ? ExitCode::Interrupted : ExitCode::Incomplete;
}

}  // namespace director::cli
