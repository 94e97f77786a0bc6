/// A runner whose fault is the request's message.
#include <limits>

#include "by_hand.hpp"

namespace {

using by_hand::text;

director_agent_event event(director_agent_event_kind kind) {
  director_agent_event made{};
  made.struct_size = sizeof(director_agent_event);
  made.kind = kind;
  made.text = text("words");
  made.failure = DIRECTOR_AGENT_AUTH;
  return made;
}

director_status run(void*, const director_host*, const director_run_request* request,
                    const director_agent_sink* sink, director_error* error) {
  const std::string_view fault = by_hand::view(request->message);
  const auto send = [sink](director_agent_event one) { sink->event(sink->context, &one); };
  director_agent_event odd = event(DIRECTOR_AGENT_USAGE);
  odd.input_tokens = 10;
  send(odd);  // money that was spent, whatever comes
  if (fault == "no ending") {
    return DIRECTOR_OK;
  }
  if (fault == "failure after the ending") {
    send(event(DIRECTOR_AGENT_FINISH));
    return by_hand::fail(error, DIRECTOR_EXTERNAL, "tool crashed");
  }
  if (fault == "two endings") {
    send(event(DIRECTOR_AGENT_FINISH));
    send(event(DIRECTOR_AGENT_ERROR));
    return DIRECTOR_OK;
  }
  if (fault == "text after the ending") {
    send(event(DIRECTOR_AGENT_FINISH));
    send(event(DIRECTOR_AGENT_TEXT));
    return DIRECTOR_OK;
  }
  if (fault == "unknown event") {
    send(event(77));
  } else if (fault == "unknown failure") {
    odd = event(DIRECTOR_AGENT_ERROR);
    odd.failure = 0;
    send(odd);
    return DIRECTOR_OK;
  } else if (fault == "negative tokens") {
    odd.input_tokens = -1;
    odd.output_tokens = 7;  // beside a figure that cannot be stands one that counts
    send(odd);
  } else if (fault == "cost that is no number") {
    odd.input_tokens = 0;
    odd.output_tokens = 7;
    odd.cost_usd = std::numeric_limits<double>::quiet_NaN();
    send(odd);
  } else if (fault == "usage with a null string") {
    odd.input_tokens = 0;
    odd.output_tokens = 7;
    odd.text = director_string{nullptr, 3};
    send(odd);
  } else if (fault == "usage after the ending") {
    send(event(DIRECTOR_AGENT_FINISH));
    odd.input_tokens = 0;
    odd.output_tokens = 7;
    send(odd);
  } else if (fault == "null event") {
    sink->event(sink->context, nullptr);
  } else if (fault == "null string") {
    odd = event(DIRECTOR_AGENT_TEXT);
    odd.text = director_string{nullptr, 3};
    send(odd);
  }
  send(event(DIRECTOR_AGENT_FINISH));
  return DIRECTOR_OK;
}

director_status probe(void*, const director_host*, const director_text_sink*, director_error*) {
  return DIRECTOR_OK;  // without an answer
}

constexpr director_runner kRunner{sizeof(director_runner), 0, &by_hand::kInstances, &run, &probe};

const void* find(const char* id) {
  return std::strcmp(id, DIRECTOR_RUNNER) == 0 ? &kRunner : nullptr;
}

constexpr director_plugin kPlugin{sizeof(director_plugin),
                                  DIRECTOR_ABI_MAJOR,
                                  DIRECTOR_ABI_MINOR,
                                  0,
                                  "bad-runner",
                                  "1",
                                  "",
                                  nullptr,
                                  &find};

}  // namespace

extern "C" DIRECTOR_EXPORT const director_plugin* director_plugin_entry(uint32_t, uint32_t) {
  return &kPlugin;
}
