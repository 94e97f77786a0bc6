/// Answers HTTP requests from a scenario and records them. No sockets.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "player.hpp"
#include "reply.hpp"

namespace director::scripted_model {

struct HttpRequest {
  std::string method;
  std::string target;           ///< Path, with the query if there is one.
  std::vector<Header> headers;  ///< As received.
  std::string body;
};

/// Where the log's lines go. Each is on its way to the file when `write` returns.
class RequestLog {
 public:
  /// Appends to the file. Errors: Io.
  [[nodiscard]] static Result<RequestLog> open(const std::string& path);

  [[nodiscard]] Status write(const std::string& line);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  RequestLog(std::FILE* file, std::string path) : file_(file), path_(std::move(path)) {}

  std::unique_ptr<std::FILE, Close> file_;
  std::string path_;
};

/// One thread at a time.
class Endpoint {
 public:
  /// `log` may be null.
  Endpoint(Scenario scenario, RequestLog* log) : player_(std::move(scenario)), log_(log) {}

  /// Every request gets an answer; one that no rule matches gets status 400 and says so.
  /// `in_flight` is how many requests are being answered, this one included.
  [[nodiscard]] Reply answer(const HttpRequest& request, std::size_t in_flight);

 private:
  Reply chat(const HttpRequest& request, std::size_t in_flight);
  Reply refuse(const HttpRequest& request, int status, const std::string& problem);
  Reply logged(const std::string& line, Reply reply);

  Player player_;
  RequestLog* log_;
  std::uint64_t serial_ = 0;
};

}  // namespace director::scripted_model
