/// The log on stderr.
#pragma once

#include <memory>

#include "core/ports/log.hpp"

namespace director::platform {

/// `director: text` a line, with the level's name where it is not the normal one. Further lines of
/// a text are indented.
class SpdlogLog final : public ports::Log {
 public:
  /// Lines below `least` are dropped.
  explicit SpdlogLog(ports::LogLevel least);
  SpdlogLog(const SpdlogLog&) = delete;
  SpdlogLog& operator=(const SpdlogLog&) = delete;
  ~SpdlogLog() override;

  void write(ports::LogLevel level, std::string_view message) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace director::platform
