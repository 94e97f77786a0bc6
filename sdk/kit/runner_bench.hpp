/// A runner, its tool played, and what became of what it was told.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sdk/kit/calls.hpp"

namespace director::kit {

/// The one in which the tool does its work, as far as the author says; else null.
[[nodiscard]] const ToolCase* good_case(const Options& options);
[[nodiscard]] Play play_of(const ToolCase& tool_case);

class RunnerBench {
 public:
  explicit RunnerBench(const Subject& subject) : subject_(subject) {}

  /// The tool does its work from now on. Errors: no instance can be made.
  [[nodiscard]] Status open();
  void script(Play play) const {
    subject_.launcher().script(subject_.options().call, std::move(play));
  }
  /// In the folder of the repository.
  [[nodiscard]] RunAsk ask() const;
  [[nodiscard]] RunSaid run(const RunAsk& ask, const ports::CancelToken& cancel = {}) const;
  [[nodiscard]] const Made& made() const { return *made_; }

  /// Where a text arrived unchanged: the standard input of a command, as such or in JSON, a file
  /// below the instance's cache or the working folder, or an event. Empty: nowhere.
  [[nodiscard]] std::string place_of(const std::string& text, const RunSaid& said) const;

 private:
  const Subject& subject_;
  Places places_;
  std::unique_ptr<Made> made_;
};

/// `body` on a runner that was opened; its error is the plugin's.
[[nodiscard]] Outcome with_runner(const Subject& subject,
                                  Status (*body)(const Subject& subject, RunnerBench& bench));

/// "finish", the name of a failure, or "none" if the call did not end as it should.
[[nodiscard]] std::string ending_of(const RunSaid& said);

}  // namespace director::kit
