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

Error start_error(std::string_view what, int error_number) {
  const char* remedy = "";
  if (error_number == EMFILE || error_number == ENFILE) {
    remedy = "; raise the limit (`ulimit -n`) or lower --parallel";
  } else if (error_number == EAGAIN) {
    remedy =
        ": no further process may be started; raise the limit (`ulimit -u`, or the "
        "container's) or lower --parallel";
  } else {
    return os_error(what, error_number);
  }
  return Error(Errc::Io, std::string(what) + ": " + os_reason(error_number) + remedy);
}

}  // namespace director::platform
