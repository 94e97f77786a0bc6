#include "core/platform/spdlog_log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <string>

#include "core/base/text.hpp"

namespace director::platform {
namespace {

spdlog::level::level_enum native(ports::LogLevel level) {
  switch (level) {
    case ports::LogLevel::Debug:
      return spdlog::level::debug;
    case ports::LogLevel::Info:
      return spdlog::level::info;
    case ports::LogLevel::Warning:
      return spdlog::level::warn;
    case ports::LogLevel::Error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view prefix(ports::LogLevel level) {
  switch (level) {
    case ports::LogLevel::Debug:
      return "director: debug: ";
    case ports::LogLevel::Info:
      return "director: ";
    case ports::LogLevel::Warning:
      return "director: warning: ";
    case ports::LogLevel::Error:
      return "director: error: ";
  }
  return "director: ";
}

}  // namespace

struct SpdlogLog::Impl {
  spdlog::logger logger{"director", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
};

SpdlogLog::SpdlogLog(ports::LogLevel least) : impl_(std::make_unique<Impl>()) {
  impl_->logger.set_pattern("%v");
  impl_->logger.set_level(native(least));
  impl_->logger.flush_on(spdlog::level::debug);
}

SpdlogLog::~SpdlogLog() = default;

void SpdlogLog::write(ports::LogLevel level, std::string_view message) {
  if (!impl_->logger.should_log(native(level))) {
    return;
  }
  std::string shown(prefix(level));
  bool first = true;
  for (const std::string_view line : text::split_lines(message)) {
    shown += first ? "" : "\n  ";
    shown += text::printable(line);
    first = false;
  }
  impl_->logger.log(native(level), shown);
}

}  // namespace director::platform
