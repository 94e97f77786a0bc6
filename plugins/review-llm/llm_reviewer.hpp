/// A reviewer that asks a role for a verdict.
#pragma once

#include <cstddef>
#include <memory>

#include "director/reviewer.hpp"

namespace review_llm {

class LlmReviewer final : public director::reviewer {
 public:
  static constexpr const char* summary = "asks a role to review the diff";
  static constexpr const char* config_schema = R"({
    "type": "object",
    "properties": {
      "max_diff_bytes": {"type": "integer", "minimum": 1000, "default": 200000}
    }
  })";

  /// Errors: Invalid, if the configuration is not what the schema says.
  [[nodiscard]] static director::Result<std::unique_ptr<LlmReviewer>> create(
      const director::instance_info& info, director::host& services);

  explicit LlmReviewer(std::size_t max_diff_bytes) : max_diff_bytes_(max_diff_bytes) {}

  /// Asks a second time if the first answer cannot be read. Errors: External if the second cannot
  /// either; those of the host.
  [[nodiscard]] director::Result<director::review> examine(const director::review_request& request,
                                                           director::host& services) override;

 private:
  std::size_t max_diff_bytes_;
};

}  // namespace review_llm
