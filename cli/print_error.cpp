#include <cstdio>
#include <string>
#include <string_view>

#include "cli/commands.hpp"
#include "core/base/text.hpp"

namespace director::cli {

void print_error(const Error& error) {
  std::string shown;
  for (const std::string_view line : text::split_lines(error.message())) {
    shown += (shown.empty() ? "director: error: " : "  ") + text::printable(line) + "\n";
  }
  std::fputs(shown.c_str(), stderr);
}

}  // namespace director::cli
