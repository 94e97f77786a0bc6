// A line of an executable plugin: a message that is what the line says, or an error in words.
#include <cmath>
#include <cstdint>
#include <string>
#include <variant>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/plugin/exec/protocol.hpp"

namespace {

using namespace director;
using namespace director::plugin::exec;

void check(const Hello& hello) {
  DIRECTOR_ASSERT(!hello.config_schema || parse_json(*hello.config_schema),
                  "a schema that is no JSON");
}
void check(const LogLine& line) {
  DIRECTOR_ASSERT(line.level >= log_level::debug && line.level <= log_level::error, "a level");
}
void check(const RunCommand& command) {
  DIRECTOR_ASSERT(command.timeout_ms >= 0, "a time before now");
  DIRECTOR_ASSERT(command.argv.empty() || !command.argv.front().empty(), "no program");
}
void check(const Failure& failure) {
  DIRECTOR_ASSERT(!text::trim(failure.text).empty(), "a failure without words");
}
void check(const Verdict& answer) {
  DIRECTOR_ASSERT(
      answer.said.outcome >= DIRECTOR_GATE_PASS && answer.said.outcome <= DIRECTOR_GATE_ERROR,
      "a verdict that there is not");
}
void check(const AgentTool& call) {
  DIRECTOR_ASSERT(parse_json(call.input), "an input that is no JSON");
}
void check(const usage& step) {
  DIRECTOR_ASSERT(step.input >= 0 && step.output >= 0 && step.reasoning >= 0 &&
                      step.cache_read >= 0 && step.cache_write >= 0 && std::isfinite(step.cost_usd),
                  "usage that cannot be");
}
void check(const review& said) {
  for (const finding& one : said.findings) {
    DIRECTOR_ASSERT(one.level >= severity::critical && one.level <= severity::minor, "a severity");
  }
}
void check(const Tool& tool) { DIRECTOR_ASSERT(parse_json(tool.json), "a tool that is no JSON"); }
template <typename Other>
void check(const Other&) {}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string line(reinterpret_cast<const char*>(data), size);
  const Result<Message> message = parse_message(line);
  if (!message) {
    DIRECTOR_ASSERT(message.error().code() == Errc::Invalid, "an error of another kind");
    DIRECTOR_ASSERT(!message.error().message().empty(), "an error without words");
    DIRECTOR_ASSERT(text::is_utf8(message.error().message()), "an error that is not UTF-8");
    return 0;
  }
  const Result<Json> json = parse_json(line);
  DIRECTOR_ASSERT(json && json->get_string("type").value_or("") == type_of(*message),
                  "a message of another type than the line's");
  std::visit([](const auto& one) { check(one); }, *message);
  return 0;
}
