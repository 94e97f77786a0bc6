/// A server that answers as OpenCode's does, from data, and keeps what it was asked.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace runner_opencode::testing {

struct FakeAnswer {
  int status = 200;
  std::string body;
  int delay_ms = 0;
  bool breaks_off = false;  ///< in the middle of it
};

/// On loopback. Its session is "ses_1".
class FakeOpencode {
 public:
  static constexpr const char* kPassword = "the password of the server";

  FakeOpencode();
  FakeOpencode(const FakeOpencode&) = delete;
  FakeOpencode& operator=(const FakeOpencode&) = delete;
  ~FakeOpencode();

  /// As OpenCode prints it.
  [[nodiscard]] std::string ready_line() const;

  /// Sends an event to whoever reads them now, or will.
  void send(const std::string& data);
  /// Whether it gets rid of so many in time.
  [[nodiscard]] bool wait_written(std::size_t events, std::chrono::milliseconds patience);
  /// By "METHOD /path", without the query; in place of what it answers by itself.
  void answer(const std::string& request, FakeAnswer answer);
  /// Events that follow a message.
  void set_script(std::vector<std::string> events);
  /// The stream of events ends with the last of the script.
  void hang_up_after_script();

  /// "METHOD /path?query body" of each request, in order.
  [[nodiscard]] std::vector<std::string> requests() const;
  /// Blocks until it was asked what begins so.
  void wait_asked(const std::string& begin);
  /// Whether it has given its answer to "METHOD /path".
  [[nodiscard]] bool has_answered(const std::string& request) const;
  [[nodiscard]] int refused() const { return refused_; }  ///< for want of the password

 private:
  struct Server;  // keeps the library out of this header

  [[nodiscard]] FakeAnswer answer_to(const std::string& request);
  void note(const std::string& request);
  void hang_up();

  std::unique_ptr<Server> server_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, FakeAnswer> answers_;
  std::vector<std::string> script_;
  std::vector<std::string> events_;
  std::vector<std::string> requests_;
  std::set<std::string> answered_;
  std::size_t written_ = 0;  ///< events
  bool over_ = false;
  bool over_after_script_ = false;
  std::atomic<int> refused_ = 0;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace runner_opencode::testing
