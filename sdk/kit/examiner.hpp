/// Makes every check of a plugin, each in a process of its own.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/plugin/discovery.hpp"
#include "core/ports/clock.hpp"
#include "core/ports/file_store.hpp"
#include "core/ports/process_launcher.hpp"
#include "director/result.hpp"
#include "sdk/kit/check.hpp"
#include "sdk/kit/report.hpp"

namespace director::kit {

struct ExamineSettings {
  /// The program and what makes it do run_child(): rule, library, work folder, config and, for a
  /// program, "program" follow.
  std::vector<std::string> child;
  /// The program and what makes it do plugin::answer_probe(): the library follows.
  std::vector<std::string> probe;
  std::filesystem::path library;  ///< or program
  plugin::Form form = plugin::Form::Library;
  std::filesystem::path config;               ///< for read_options(); may be empty
  std::filesystem::path work;                 ///< an empty folder; absolute
  std::vector<std::string> only;              ///< rules; empty: all. What they need is checked, too
  std::chrono::milliseconds timeout{60'000};  ///< of one check
};

/// One thread; blocks.
class Examiner {
 public:
  Examiner(ports::ProcessLauncher& launcher, const ports::Clock& clock, ports::FileStore& files,
           ExamineSettings settings)
      : launcher_(launcher), clock_(clock), files_(files), settings_(std::move(settings)) {}

  /// `on_finding` is told each one as it is made; may be empty. Errors: NotFound if there is no
  /// such library; those of read_options(); Io; Cancelled.
  [[nodiscard]] Result<Report> run(const ports::CancelToken& cancel,
                                   const std::function<void(const Finding&)>& on_finding = {});

 private:
  [[nodiscard]] Result<Outcome> make(const Check& check, const ports::CancelToken& cancel);
  [[nodiscard]] bool is_wanted(const Check& check) const;
  [[nodiscard]] ports::Command command_for(const Check& check,
                                           const std::filesystem::path& work) const;

  ports::ProcessLauncher& launcher_;
  const ports::Clock& clock_;
  ports::FileStore& files_;
  ExamineSettings settings_;
};

}  // namespace director::kit
