/// A job that loads a plugin which does wrong: planned with good plugins, run with the bad one.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "tests/e2e/scripted_job.hpp"

namespace director::e2e {

struct Bad {
  std::string folder;
  std::string file;                 ///< without its extension; also its id, but for '_'
  std::string said;                 ///< of the error
  std::string rules{};              ///< of the agents, before those of a job that goes well
  std::string config{};             ///< at the end of the configuration
  std::vector<std::string> args{};  ///< of `director run`
  std::string tool{};               ///< of a runner: a shell script in the place of `true`

  [[nodiscard]] std::string id() const;
  [[nodiscard]] std::string kind() const { return file.substr(0, file.find('-')); }
};
void PrintTo(const Bad& bad, std::ostream* out);
[[nodiscard]] std::string name_of(const ::testing::TestParamInfo<Bad>& info);

constexpr const char* kOurs = DIRECTOR_NONCONFORMING;
constexpr const char* kLoaders = DIRECTOR_MISBEHAVING;
constexpr const char* kAllLanded = "README.md\none.txt\ntests/one.sh\ntests/two.sh\ntwo.txt";

class BadPlugin : public ::testing::TestWithParam<Bad> {
 protected:
  /// Configures the job with this plugin, alone of its folder.
  static void configure(ScriptedJob& job, const Bad& bad);
  /// Plans with good plugins first.
  static void plan_for(ScriptedJob& job, const Bad& bad);
  static std::vector<std::string> run_command(const Bad& bad = {});
  static Ran run_with(ScriptedJob& job, const Bad& bad);
  /// The files of the job's branch.
  static std::string landed(ScriptedJob& job);
  /// Everything landed, and is right.
  static void expect_all_landed(ScriptedJob& job);

  /// Sends the signal to director from when the shell condition holds until it is gone, and waits
  /// until nobody works below the job's folder any more.
  static Ran interrupt(ScriptedJob& job, const std::string& signal, const std::string& condition);
};

/// What the kit finds and a job need not mind.
class CarelessPlugin : public BadPlugin {};

}  // namespace director::e2e
