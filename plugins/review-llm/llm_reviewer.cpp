#include "llm_reviewer.hpp"

#include <string>

#include "json_view.hpp"
#include "message.hpp"
#include "verdict_parser.hpp"

namespace review_llm {

using director::Errc;
using director::Error;
using director::Result;
using director::review;

Result<std::unique_ptr<LlmReviewer>> LlmReviewer::create(const director::instance_info& info,
                                                         director::host& /*services*/) {
  auto config = plugin_support::parse_json(info.config_json.empty() ? "{}" : info.config_json);
  if (!config || !config->IsObject()) {
    return Error(Errc::Invalid, "cannot read the configuration of review-llm: " +
                                    (config ? "not an object" : config.error().message()));
  }
  const std::int64_t bytes =
      plugin_support::as_integer(plugin_support::member(*config, "max_diff_bytes"))
          .value_or(200000);
  if (bytes < 1000) {
    return Error(Errc::Invalid, "plugin.review-llm.max_diff_bytes must be 1000 or more");
  }
  return std::make_unique<LlmReviewer>(static_cast<std::size_t>(bytes));
}

Result<review> LlmReviewer::examine(const director::review_request& request,
                                    director::host& services) {
  const std::string message = review_message(request, max_diff_bytes_);
  DIRECTOR_TRY(const std::string first, services.ask(request.role, message, request.workdir));
  Result<review> read = parse_verdict(first, request.diff);
  if (read) {
    return read;
  }
  const std::string again = second_message(message, read.error().message());
  DIRECTOR_TRY(const std::string second, services.ask(request.role, again, request.workdir));
  read = parse_verdict(second, request.diff);
  if (!read) {
    return Error(Errc::External, "cannot read the review of node '" + std::string(request.node) +
                                     "': " + read.error().message());
  }
  return read;
}

}  // namespace review_llm
