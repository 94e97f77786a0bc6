#include "core/platform/start_failure.hpp"

#include <cerrno>
#include <string>

#include "core/platform/os_error.hpp"

namespace director::platform {

Error failure_to_start(const ports::Command& command, const Report& report) {
  const std::string what = "cannot start '" + command.argv.front() + "'";
  if (report.kind == ReportKind::NoFolder) {
    return os_error(what + " in '" + command.cwd + "'", report.value);
  }
  if (report.kind == ReportKind::NoCgroup) {
    return os_error(what + " in its control group", report.value);
  }
  if (report.value == E2BIG) {
    return Error(Errc::Invalid,
                 what +
                     ": its arguments and environment are longer than the system takes; pass "
                     "long text through standard input");
  }
  if (report.kind == ReportKind::NoExec && report.value == ENOEXEC) {
    return Error(Errc::Invalid, what + ": neither a binary of this machine nor a script with '#!'");
  }
  if (report.kind == ReportKind::NoSupervisor) {
    if (!command.within.empty()) {
      return Error(Errc::Io, what + ": its sandbox '" + command.within.front() +
                                 "' does not start (" + os_reason(report.value) + ")");
    }
    return Error(Errc::Io, what + ": director's own part 'director-supervise' does not start (" +
                               os_reason(report.value) + "); install director again");
  }
  if (report.kind == ReportKind::NoSandbox) {
    return os_error(what + " in its sandbox", report.value);
  }
  return start_error(what, report.value);
}

}  // namespace director::platform
