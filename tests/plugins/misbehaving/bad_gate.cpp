/// A gate whose fault is the request's command.
#include <stdexcept>

#include "by_hand.hpp"

namespace {

using by_hand::text;

director_status check(void*, const director_host*, const director_gate_request* request,
                      const director_gate_sink* sink, director_error* error) {
  const std::string_view fault = by_hand::view(request->command);
  director_gate_verdict pass{
      sizeof(director_gate_verdict), DIRECTOR_GATE_PASS, 0, 0, text("fine"), text("")};
  const auto say = [sink](const director_gate_verdict* verdict) {
    sink->verdict(sink->context, verdict);
  };
  if (fault == "throws int") {
    say(&pass);
    throw 7;
  }
  if (fault == "throws exception") {
    throw std::runtime_error("oops");
  }
  if (fault == "silent failure") {
    return DIRECTOR_IO;
  }
  if (fault == "failure after a pass") {
    say(&pass);
    return by_hand::fail(error, DIRECTOR_EXTERNAL, "changed my mind");
  }
  if (fault == "unknown status") {
    return by_hand::fail(error, 99, "ninety-nine");
  }
  if (fault == "negative status") {
    return by_hand::fail(error, -1, "minus one");
  }
  if (fault == "error text beyond its buffer") {
    error->size = 1U << 30U;
    return DIRECTOR_EXTERNAL;
  }
  if (fault == "two verdicts") {
    say(&pass);
    say(&pass);
  } else if (fault == "unknown verdict") {
    pass.outcome = 4;
    say(&pass);
  } else if (fault == "zero verdict") {
    pass.outcome = 0;
    say(&pass);
  } else if (fault == "short verdict") {
    pass.struct_size = 8;
    say(&pass);
  } else if (fault == "absurd verdict") {
    pass.struct_size = 0xFFFFFFFF;
    say(&pass);
  } else if (fault == "null verdict") {
    say(nullptr);
  } else if (fault == "null string") {
    pass.detail = director_string{nullptr, 5};
    say(&pass);
  } else if (fault == "good") {
    say(&pass);
  }
  return DIRECTOR_OK;  // "no verdict"
}

constexpr director_gate kGate{sizeof(director_gate), 0, &by_hand::kInstances, &check};

const void* find(const char* id) { return std::strcmp(id, DIRECTOR_GATE) == 0 ? &kGate : nullptr; }

constexpr director_plugin kPlugin{sizeof(director_plugin),
                                  DIRECTOR_ABI_MAJOR,
                                  DIRECTOR_ABI_MINOR,
                                  0,
                                  "bad-gate",
                                  "1",
                                  "",
                                  nullptr,
                                  &find};

}  // namespace

extern "C" DIRECTOR_EXPORT const director_plugin* director_plugin_entry(uint32_t, uint32_t) {
  return &kPlugin;
}
