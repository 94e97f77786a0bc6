#include "core/platform/os_error.hpp"

#include <cctype>
#include <cerrno>
#include <system_error>

namespace director::platform {

std::string os_reason(int error_number) {
  std::string text = std::generic_category().message(error_number);
  if (!text.empty()) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

Error os_error(std::string_view what, int error_number) {
  Errc code = Errc::Io;
  if (error_number == ENOENT || error_number == ENOTDIR) {
    code = Errc::NotFound;
  } else if (error_number == EEXIST) {
    code = Errc::Conflict;
  }
  return Error(code, std::string(what) + ": " + os_reason(error_number));
}

}  // namespace director::platform
