/// The events that a server sends as they happen (server-sent events).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "http_client.hpp"

namespace runner_opencode {

/// Bytes in, the data of whole events out. Pure.
class SseParser {
 public:
  /// An event of more is left out, whole.
  static constexpr std::size_t kMostBytes = std::size_t{32} << 20U;

  explicit SseParser(std::size_t most_bytes = kMostBytes) : most_bytes_(most_bytes) {}

  /// `on_data` gets the data lines of an event, joined by line feeds.
  void feed(std::string_view bytes, const std::function<void(std::string)>& on_data);
  [[nodiscard]] std::size_t left_out() const { return left_out_; }

 private:
  void take(std::string_view line, const std::function<void(std::string)>& on_data);

  std::size_t most_bytes_;
  std::string line_;  ///< of an event that is too long, the beginning only
  std::string data_;
  bool has_data_ = false;
  bool too_long_ = false;
  std::size_t left_out_ = 0;
};

/// Reads a stream of events on a thread of its own, promptly: the server queues without bounds what
/// nobody reads. What is read waits here for the thread that works on it, up to a bound; beyond
/// that it is the server that has to keep it.
class EventStream {
 public:
  /// Events that wait here have no more bytes than that together; one of more waits alone.
  static constexpr std::size_t kMostWaitingBytes = std::size_t{64} << 20U;
  /// `silence`: the stream is broken if nothing at all comes for so long.
  EventStream(const ServerAddress& address, std::string path, std::chrono::milliseconds silence,
              std::size_t most_waiting_bytes = kMostWaitingBytes);
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;
  ~EventStream();

  /// Waits up to `patience` until the server has accepted. False: not yet, or never.
  [[nodiscard]] bool wait_open(std::chrono::milliseconds patience);
  /// The next event, waiting up to `patience` for one; nullopt: none, or the stream is over.
  [[nodiscard]] std::optional<std::string> next(std::chrono::milliseconds patience);
  /// Why it is over, once every event was taken; empty: it goes on.
  [[nodiscard]] std::string over();

 private:
  void read(const std::string& path, std::chrono::milliseconds silence);
  /// Waits for room; the event is dropped if the stream is closed meanwhile.
  void keep(std::string data);

  const std::size_t most_waiting_bytes_;
  HttpStream stream_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> events_;
  std::size_t waiting_bytes_ = 0;
  bool closed_ = false;
  bool open_ = false;
  std::string over_;
  std::thread thread_;  ///< last: it uses the rest
};

}  // namespace runner_opencode
