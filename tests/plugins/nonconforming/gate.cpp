/// A gate that runs its command with sh, as gate-shell does, and has one fault.
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <optional>

#include "director/host.hpp"
#include "fault.hpp"

namespace {

using namespace nonconforming;
using director::exec_outcome;

std::atomic<int> g_under_way = 0;

struct Judgement {
  director_gate_outcome outcome = DIRECTOR_GATE_ERROR;
  std::string summary;
  std::string detail;
};

std::string cut(std::string output) {
  constexpr std::size_t kMost = 65536;
  if (!has("floods-the-detail") && output.size() > kMost) {
    output.resize(kMost);
  }
  if (!has("sends-bytes-that-are-no-text")) {
    for (char& c : output) {
      c = (c >= ' ' && c < 127) || c == '\n' ? c : '?';
    }
  }
  return output;
}

Judgement judge(const director::host& host, const director_gate_request& request) {
  const std::string command(view(request.command));
  director::exec_request run;
  run.argv = {"/bin/sh", "-c", command};
  if (has("puts-names-into-a-shell")) {
    run.argv.back() += " # " + std::string(view(request.name));
  }
  run.cwd = std::string(view(request.workdir));
  std::string output;
  if (has("hangs-in-callback")) {
    run.argv.back() = ": >started; echo started; exec sleep 600";
  }
  const auto ended = host.exec(run, [&](const director::exec_line& line) {
    while (has("hangs-in-callback")) {
      ::pause();
    }
    output.append(line.text).append("\n");
    return true;
  });
  if (!ended || ended->outcome != exec_outcome::exited || ended->exit_code == 127) {
    return {has("passes-on-error") ? DIRECTOR_GATE_PASS : DIRECTOR_GATE_ERROR, "could not run", ""};
  }
  return {ended->exit_code == 0 ? DIRECTOR_GATE_PASS : DIRECTOR_GATE_FAIL,
          "exit status " + std::to_string(ended->exit_code), cut(std::move(output))};
}

Judgement with_fault(Judgement said, const director_gate_request& request) {
  static std::atomic<int> calls = 0;
  if (has("passes-whatever-comes")) {
    said.outcome = said.outcome == DIRECTOR_GATE_FAIL ? DIRECTOR_GATE_PASS : said.outcome;
  } else if (has("fails-whatever-comes")) {
    said.outcome = DIRECTOR_GATE_FAIL;
  } else if (has("judges-nodes-only") && request.scope != DIRECTOR_SCOPE_NODE) {
    said.outcome = DIRECTOR_GATE_ERROR;
  } else if (has("tosses-a-coin") && ++calls % 2 == 0) {
    said.outcome = DIRECTOR_GATE_FAIL;
  }
  return said;
}

[[gnu::no_sanitize_undefined]] void touch_what_is_not_there(const Instance& instance,
                                                            const director_host* raw) {
  die_of_signals();
  if (has("needs-every-service")) {
    const auto* clock =
        static_cast<const director_clock_service*>(raw->get_service(raw, DIRECTOR_SERVICE_CLOCK));
    (void)clock->unix_ms(raw);
  } else if (instance.borrowed.data[0] == '\0') {
    std::abort();
  }
}

director_status check(void* handle, const director_host* raw, const director_gate_request* request,
                      const director_gate_sink* sink, director_error* error) {
  misbehave_in_call();
  if (has("keeps-borrowed") || has("needs-every-service")) {
    touch_what_is_not_there(*static_cast<const Instance*>(handle), raw);
  }
  if (has("writes-in-the-checkout")) {
    std::ofstream(std::string(view(request->workdir)) + "/verdict") << "done\n";
  }
  if (has("does-not-say-why")) {
    return DIRECTOR_IO;
  }
  if (has("gives-an-unknown-status")) {
    return fail(error, 99, "ninety-nine");
  }
  if (has("overruns-the-error-text")) {
    error->size = std::size_t{1} << 30U;
    return DIRECTOR_EXTERNAL;
  }
  if (has("has-one-state-for-all")) {
    const bool alone = ++g_under_way == 1;
    ::usleep(20000);
    --g_under_way;
    if (!alone) {
      return fail(error, DIRECTOR_INTERNAL, "in use");
    }
  }
  const director::host host(raw);
  if (has("ignores-cancel")) {
    director::exec_request wait{{"/bin/true"}, "/", {}, {}, "", 0, 0, 0};
    const auto ended = host.exec(wait, {});
    while (ended && ended->outcome == exec_outcome::cancelled) {
      ::usleep(1000);
    }
  }
  const Judgement said = with_fault(judge(host, *request), *request);
  const director_gate_verdict verdict{
      sizeof(director_gate_verdict), said.outcome, -1, 0, text(said.summary), text(said.detail)};
  sink->verdict(sink->context, &verdict);
  if (has("gives-two-verdicts")) {
    sink->verdict(sink->context, &verdict);
  }
  return DIRECTOR_OK;
}

}  // namespace

extern "C" DIRECTOR_EXPORT const director_plugin* director_plugin_entry(std::uint32_t major,
                                                                        std::uint32_t) {
  static const director_gate table{sizeof(director_gate), 0, instances(), &check};
  return descriptor(major, DIRECTOR_GATE, &table);
}
