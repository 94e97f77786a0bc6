/// HTTP to a server on this machine. The library behind it stays in the .cpp.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "director/result.hpp"

namespace runner_opencode {

/// Where a server of OpenCode listens, and what it wants to be asked with.
struct ServerAddress {
  std::string host;
  int port = 0;
  std::string password;
};

/// From the line "... listening on http://127.0.0.1:4096". Errors: External if it is not like that,
/// or names another machine.
[[nodiscard]] director::Result<ServerAddress> read_address(std::string_view line,
                                                           std::string password);

/// What may stand in a query or a path as it is; all else as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// One connection a request. Safe from any thread.
class HttpClient {
 public:
  /// `is_unwanted` (may be empty) is asked on another thread while a request is under way, and ends
  /// it.
  explicit HttpClient(ServerAddress address, std::function<bool()> is_unwanted = {})
      : address_(std::move(address)), is_unwanted_(std::move(is_unwanted)) {}

  /// `path` with its query. Each has an end: within `limit` there is the whole answer or an error.
  /// Errors: External if the server is not there. It may have done what was asked: Timeout;
  /// Cancelled; Io if it breaks off; External if it answers more than 64 MiB.
  [[nodiscard]] director::Result<HttpAnswer> get(const std::string& path,
                                                 std::chrono::milliseconds limit) const;
  /// `json`: the body; may be empty.
  [[nodiscard]] director::Result<HttpAnswer> post(const std::string& path, const std::string& json,
                                                  std::chrono::milliseconds limit) const;

 private:
  [[nodiscard]] director::Result<HttpAnswer> ask(const std::string& method, const std::string& path,
                                                 const std::string& json,
                                                 std::chrono::milliseconds limit) const;

  ServerAddress address_;
  std::function<bool()> is_unwanted_;
};

/// An answer that goes on and on. One thread reads it, another may stop it.
class HttpStream {
 public:
  explicit HttpStream(const ServerAddress& address);
  HttpStream(const HttpStream&) = delete;
  HttpStream& operator=(const HttpStream&) = delete;
  ~HttpStream();

  /// Hands over bytes as they come until the server ends, `on_bytes` says false, stop() is called,
  /// or nothing comes for `silence`. `on_open` is called when the server has accepted. The error
  /// says why it ended: External, Io, Timeout, or Cancelled after stop() or false. Blocks.
  [[nodiscard]] director::Error read(const std::string& path, std::chrono::milliseconds silence,
                                     const std::function<void()>& on_open,
                                     const std::function<bool(std::string_view)>& on_bytes);
  /// From any thread; also before read().
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace runner_opencode
