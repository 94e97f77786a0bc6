/// A runner whose tool speaks a line protocol: "say TEXT", "usage IN OUT", "fail NAME", "end"; and
/// has one fault.
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

#include "director/host.hpp"
#include "fault.hpp"

namespace {

using namespace nonconforming;
using director::exec_outcome;

class Call {
 public:
  explicit Call(const director_agent_sink* sink) : sink_(sink) {}

  void take(std::string_view line) {
    std::istringstream words{std::string(line)};
    std::string what;
    words >> what;
    if (what == "say") {
      said_ = line.substr(4);
      send(DIRECTOR_AGENT_TEXT, said_);
    } else if (what == "usage") {
      director_agent_event event = made(DIRECTOR_AGENT_USAGE, "");
      char colon = 0;
      words >> colon >> event.input_tokens >> colon >> event.output_tokens;
      if (event.input_tokens < 0 && !has("tells-negative-usage")) {
        return;
      }
      sink_->event(sink_->context, &event);
      if (has("tells-usage-twice")) {
        sink_->event(sink_->context, &event);
      }
    } else if (what == "fail") {
      failed_ = has("takes-all-failures-for-one") ? DIRECTOR_AGENT_TRANSPORT : DIRECTOR_AGENT_AUTH;
    } else if (what == "end") {
      ended_ = true;
    } else if (has("stumbles-over-garbage") && !line.empty()) {
      failed_ = DIRECTOR_AGENT_MODEL;
    } else if (has("passes-bytes-on")) {
      send(DIRECTOR_AGENT_TEXT, line);
    } else if (has("throws-at-half-a-line") && what == "e") {
      half_ = true;
    }
  }

  void finish(const director::exec_result& ended) {
    if (half_) {
      throw 7;
    }
    if (has("sends-no-ending")) {
      return;
    }
    if (has("sends-an-unknown-event")) {
      send(77, "");
    }
    if (ended.outcome == exec_outcome::timed_out) {
      fail(has("forgets-the-deadline") ? DIRECTOR_AGENT_TRANSPORT : DIRECTOR_AGENT_DEADLINE);
    } else if (ended.outcome == exec_outcome::cancelled) {
      fail(DIRECTOR_AGENT_CANCELLED);
    } else if (failed_) {
      fail(*failed_);
    } else if (ended_) {
      send(DIRECTOR_AGENT_FINISH, has("finishes-without-an-answer") ? "" : said_);
    } else {
      fail(DIRECTOR_AGENT_TRANSPORT);
    }
    if (has("sends-two-endings")) {
      fail(DIRECTOR_AGENT_TRANSPORT);
    }
    if (has("goes-on-after-the-ending")) {
      send(DIRECTOR_AGENT_TEXT, "and another thing");
    }
  }

  void fail(director_agent_failure failure) {
    director_agent_event event = made(DIRECTOR_AGENT_ERROR, "it failed");
    event.failure = failure;
    sink_->event(sink_->context, &event);
  }

 private:
  static director_agent_event made(director_agent_event_kind kind, std::string_view words) {
    director_agent_event event{};
    event.struct_size = sizeof event;
    event.kind = kind;
    event.text = text(words);
    event.cost_usd = -1;
    return event;
  }
  void send(director_agent_event_kind kind, std::string_view words) {
    const director_agent_event event = made(kind, words);
    sink_->event(sink_->context, &event);
  }

  const director_agent_sink* sink_;
  std::string said_;
  std::optional<director_agent_failure> failed_;
  bool ended_ = false;
  bool half_ = false;
};

director::exec_request command_for(const director_run_request& request) {
  director::exec_request run;
  const std::string message(view(request.message));
  const std::string system(view(request.system_prompt));
  run.argv = {"true", "run"};  // a job finds it, too
  run.cwd = has("works-elsewhere") ? "/" : std::string(view(request.workdir));
  run.stdin_text = system + "\n" + message;
  run.stall_timeout_ms = has("waits-for-ever") ? 0 : request.stall_ms;
  if (has("trims-the-message")) {
    run.stdin_text.resize(run.stdin_text.find_last_not_of(" \n") + 1);
  } else if (has("cuts-the-message")) {
    run.stdin_text.resize(std::min<std::size_t>(run.stdin_text.size(), 65536));
  } else if (has("puts-the-message-into-a-shell")) {
    run.argv = {"/bin/sh", "-c", "kit-tool run '" + message + "'"};
  } else if (has("puts-the-prompt-into-arguments")) {
    run.argv.push_back("--system=" + system);
  } else if (has("puts-the-key-into-arguments")) {
    const char* key = std::getenv("OPENAI_API_KEY");
    run.argv.push_back(std::string("--key=") + (key == nullptr ? "" : key));
  }
  return run;
}

director_status run(void*, const director_host* raw, const director_run_request* request,
                    const director_agent_sink* sink, director_error* error) {
  misbehave_in_call();
  const director::host host(raw);
  Call call(sink);
  if (has("writes-in-the-workdir")) {
    std::ofstream(std::string(view(request->workdir)) + "/notes") << "mine\n";
  }
  const auto ended = host.exec(command_for(*request), [&](const director::exec_line& line) {
    if (!line.is_stderr && !line.cut) {
      call.take(line.text);
    }
    return true;
  });
  if (!ended) {
    if (has("finishes-without-its-tool")) {
      call.fail(DIRECTOR_AGENT_REFUSED);
      return DIRECTOR_OK;
    }
    return fail(error, director::to_status(ended.error().code()), "cannot run kit-tool");
  }
  while (has("ignores-cancel") && ended->outcome == exec_outcome::cancelled) {
    ::usleep(1000);
  }
  call.finish(*ended);
  return DIRECTOR_OK;
}

director_status probe(void*, const director_host*, const director_text_sink* json,
                      director_error*) {
  json->write(json->context,
              text(has("probes-in-prose") ? "kit-tool, version 1" : R"({"tool":"kit-tool",)"));
  if (!has("probes-in-prose")) {
    json->write(json->context, text(R"("version":"1","models":["kit/model"]})"));
  }
  return DIRECTOR_OK;
}

}  // namespace

extern "C" DIRECTOR_EXPORT const director_plugin* director_plugin_entry(std::uint32_t major,
                                                                        std::uint32_t) {
  static const director_runner table{sizeof(director_runner), 0, instances(), &run, &probe};
  return descriptor(major, DIRECTOR_RUNNER, &table);
}
