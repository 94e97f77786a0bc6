// What a planner model answers: any bytes give nodes that survive plan.json, or an error that is
// text.
#include <cstdint>
#include <string_view>

#include "core/base/text.hpp"
#include "core/plan/plan_json.hpp"
#include "core/plan/reply.hpp"
#include "core/plan/validate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace director;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto nodes = plan::parse_planner_reply(text);
  if (!nodes) {
    DIRECTOR_ASSERT(!nodes.error().message().empty(), "an error without words");
    DIRECTOR_ASSERT(text::is_utf8(nodes.error().message()), "an error that is not UTF-8");
    return 0;
  }
  DIRECTOR_ASSERT(text::is_utf8(plan::describe(plan::validate(*nodes))), "problems not UTF-8");
  plan::Plan made;
  made.nodes = *std::move(nodes);
  const std::string json = plan::to_json(made);
  const auto again = plan::parse_plan(json);
  DIRECTOR_ASSERT(again.has_value(), "a plan that cannot be read back");
  DIRECTOR_ASSERT(plan::to_json(*again) == json, "a plan that changes on the way");
  return 0;
}
