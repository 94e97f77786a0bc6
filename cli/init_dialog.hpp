/// The questions of `director init`.
#pragma once

#include <istream>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/init_answers.hpp"
#include "director/result.hpp"

namespace director::cli {

/// The streams outlive it. One thread at a time.
class InitDialog {
 public:
  InitDialog(std::istream& in, std::ostream& out) : in_(in), out_(out) {}

  /// Asks for the models of the roles that have none. `models`: to choose from by number; may be
  /// empty. An answer that does not fit is asked for again. Errors: Cancelled if the input ends.
  [[nodiscard]] Status ask_models(const std::vector<std::string>& models, InitAnswers& answers);

  /// Offers each suggestion, then takes gates until an empty line. Errors: Cancelled.
  [[nodiscard]] Status ask_gates(const std::vector<config::Gate>& suggestions,
                                 InitAnswers& answers);

 private:
  [[nodiscard]] Result<std::string> answer(std::string_view question);
  [[nodiscard]] Result<std::string> ask_model(config::Role role,
                                              const std::vector<std::string>& models,
                                              const InitAnswers& answers);
  void show_models(const std::vector<std::string>& models);

  std::istream& in_;
  std::ostream& out_;
};

}  // namespace director::cli
