/// A launcher that starts commands as they are, and has one fault.
#include <atomic>
#include <vector>

#include "fault.hpp"

namespace {

using namespace nonconforming;

std::vector<std::string> prepared(std::vector<std::string> argv,
                                  const director_launch_request& request) {
  static std::atomic<int> calls = 0;
  std::vector<std::string> around;
  if (has("counts-its-calls")) {
    around = {"/usr/bin/env"};
    around.resize(1 + static_cast<std::size_t>(++calls), "KIT_CALL=1");
  } else if (has("puts-the-environment-into-arguments")) {
    around = {"/usr/bin/env"};
    for (std::size_t i = 0; i < request.env_count; ++i) {
      around.emplace_back(view(request.env[i]));
    }
  } else if (has("swallows-the-exit-status")) {
    around = {"/bin/sh", "-c", "\"$@\"; exit 0", "sh"};
  } else if (has("shuts-standard-input")) {
    around = {"/bin/sh", "-c", "exec \"$@\" </dev/null", "sh"};
  } else if (has("clears-the-environment")) {
    around = {"/usr/bin/env", "-i"};
  } else if (has("goes-to-the-root")) {
    around = {"/bin/sh", "-c", "cd / && exec \"$@\"", "sh"};
  } else if (has("joins-arguments")) {
    std::string line;
    for (const std::string& arg : argv) {
      line += "\"" + arg + "\" ";
    }
    return {"/bin/sh", "-c", line};
  } else if (has("drops-arguments") && argv.size() > 1000) {
    argv.resize(1000);
  } else if (has("prepares-nothing")) {
    return {};
  }
  around.insert(around.end(), argv.begin(), argv.end());
  return around;
}

director_status prepare(void*, const director_host*, const director_launch_request* request,
                        const director_launch_sink* sink, director_error*) {
  misbehave_in_call();
  std::vector<std::string> argv;
  for (std::size_t i = 0; i < request->argv_count; ++i) {
    argv.emplace_back(view(request->argv[i]));
  }
  for (const std::string& arg : prepared(std::move(argv), *request)) {
    sink->arg(sink->context, text(arg));
  }
  return DIRECTOR_OK;
}

}  // namespace

extern "C" DIRECTOR_EXPORT const director_plugin* director_plugin_entry(std::uint32_t major,
                                                                        std::uint32_t) {
  static const director_launcher table{sizeof(director_launcher), 0, instances(), &prepare};
  return descriptor(major, DIRECTOR_LAUNCHER, &table);
}
