/// A log without secrets.
#pragma once

#include "core/base/redactor.hpp"
#include "core/ports/log.hpp"

namespace director::platform {

/// In front of another. References outlive it; `redactor` may be changed while nobody writes.
class MaskingLog final : public ports::Log {
 public:
  MaskingLog(ports::Log& log, const Redactor& redactor) : log_(log), redactor_(redactor) {}
  void write(ports::LogLevel level, std::string_view text) override {
    log_.write(level, redactor_.mask(text));
  }

 private:
  ports::Log& log_;
  const Redactor& redactor_;
};

}  // namespace director::platform
