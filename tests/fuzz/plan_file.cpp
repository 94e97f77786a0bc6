// plan.json as anybody may have edited it.
#include <cstdint>
#include <string_view>

#include "core/base/text.hpp"
#include "core/plan/plan_json.hpp"
#include "core/plan/topology.hpp"
#include "core/plan/validate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace director;
  const auto plan = plan::parse_plan({reinterpret_cast<const char*>(data), size});
  if (!plan) {
    DIRECTOR_ASSERT(text::is_utf8(plan.error().message()), "an error that is not UTF-8");
    return 0;
  }
  const std::string json = plan::to_json(*plan);
  const auto again = plan::parse_plan(json);
  DIRECTOR_ASSERT(again.has_value() && plan::to_json(*again) == json, "a plan that changes");
  if (plan::validate(plan->nodes).empty()) {
    DIRECTOR_ASSERT(plan::make_topology(plan->nodes).has_value(), "a valid plan without an order");
  }
  return 0;
}
