// director-scripted-model: an OpenAI-compatible endpoint on loopback that plays a scenario file.

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "server.hpp"

namespace director::scripted_model {
namespace {

struct Arguments {
  std::string scenario;
  ServeOptions serve;
  std::string log;
  std::string port_file;
};

// The file appears whole: who waits for it never reads half a number.
Status write_port_file(const std::string& path, std::uint16_t port) {
  const std::string temporary = path + ".new";
  std::ofstream stream(temporary, std::ios::trunc);
  stream << port << '\n';
  stream.close();
  std::error_code error;
  if (stream) {
    std::filesystem::rename(temporary, path, error);
  }
  if (!stream || error) {
    return Error(Errc::Io, "cannot write port file '" + path + "'");
  }
  return ok();
}

Status run(const Arguments& arguments) {
  DIRECTOR_TRY(Scenario scenario, load_scenario(arguments.scenario));
  std::optional<RequestLog> log;
  if (!arguments.log.empty()) {
    DIRECTOR_TRY(log, RequestLog::open(arguments.log));
  }
  Endpoint endpoint(std::move(scenario), log.has_value() ? &*log : nullptr);
  return serve(arguments.serve, endpoint,
               [&](const std::string& url, std::uint16_t port) -> Status {
                 if (!arguments.port_file.empty()) {
                   DIRECTOR_CHECK(write_port_file(arguments.port_file, port));
                 }
                 std::printf("listening on %s\n", url.c_str());
                 std::fflush(stdout);
                 return ok();
               });
}

}  // namespace
}  // namespace director::scripted_model

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  director::scripted_model::Arguments arguments;
  CLI::App app("An OpenAI-compatible endpoint on loopback that plays a scenario file.",
               "director-scripted-model");
  app.add_option("--scenario", arguments.scenario, "the scenario file (JSON)")->required();
  app.add_option("--host", arguments.serve.host, "a loopback address")->capture_default_str();
  app.add_option("--port", arguments.serve.port, "0 takes a free one")->capture_default_str();
  app.add_option("--log", arguments.log, "append a JSON line for each request to this file");
  app.add_option("--port-file", arguments.port_file, "write the port here once it is open");
  CLI11_PARSE(app, argc, argv);
  const director::Status status = director::scripted_model::run(arguments);
  if (!status) {
    std::fprintf(stderr, "director-scripted-model: %s\n", status.error().message().c_str());
    return 2;
  }
  return 0;
}
