#include "cli/wording.hpp"

namespace director::cli {

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  out.append(width > out.size() ? width - out.size() : 0, ' ');
  return out;
}

}  // namespace director::cli
