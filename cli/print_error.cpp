#include <cstdio>
#include <string>
#include <string_view>

#include "cli/commands.hpp"
#include "core/base/text.hpp"
#include "core/platform/environment.hpp"

namespace director::cli {

void print_error(const Error& error) {
  std::string shown;
  const std::string clean = Redactor(platform::secrets_of_this_process({})).mask(error.message());
  for (const std::string_view line : text::split_lines(clean)) {
    shown += (shown.empty() ? "director: error: " : "  ") + text::printable(line) + "\n";
  }
  std::fputs(shown.c_str(), stderr);
}

void print_text(std::FILE* out, std::string_view text) {
  std::fputs(text::printable_lines(text).c_str(), out);
}

}  // namespace director::cli
