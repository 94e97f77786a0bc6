#include "event_stream.hpp"

#include <exception>
#include <utility>

namespace runner_opencode {

namespace {

/// What is enough of a line to see that it is not the empty one, which ends an event.
constexpr std::size_t kTellsEmptyLine = 2;
/// What an event takes besides its own bytes, or the smallest ones would have no bound.
constexpr std::size_t kBytesBesides = sizeof(std::string);

}  // namespace

void SseParser::feed(std::string_view bytes, const std::function<void(std::string)>& on_data) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (line_.size() + data_.size() + piece.size() > most_bytes_) {
      too_long_ = true;
      data_.clear();
    }
    line_ += piece;
    if (too_long_ && line_.size() > kTellsEmptyLine) {
      line_.resize(kTellsEmptyLine);
    }
    if (end == std::string_view::npos) {
      return;
    }
    bytes.remove_prefix(end + 1);
    if (line_.ends_with('\r')) {
      line_.pop_back();
    }
    const std::string line = std::exchange(line_, {});
    take(line, on_data);
  }
}

void SseParser::take(std::string_view line, const std::function<void(std::string)>& on_data) {
  if (line.empty()) {
    left_out_ += too_long_ ? 1 : 0;
    if (has_data_ && !too_long_) {
      on_data(std::move(data_));
    }
    data_.clear();
    has_data_ = false;
    too_long_ = false;
    return;
  }
  constexpr std::string_view kData = "data:";
  if (!line.starts_with(kData) || too_long_) {
    return;  // comments, and fields that say nothing here
  }
  line.remove_prefix(kData.size());
  if (line.starts_with(' ')) {
    line.remove_prefix(1);
  }
  data_ += has_data_ ? "\n" : "";
  data_ += line;
  has_data_ = true;
}

EventStream::EventStream(const ServerAddress& address, std::string path,
                         std::chrono::milliseconds silence, std::size_t most_waiting_bytes)
    : most_waiting_bytes_(most_waiting_bytes),
      stream_(address),
      thread_([this, path = std::move(path), silence] { read(path, silence); }) {}

EventStream::~EventStream() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  stream_.stop();
  thread_.join();
}

void EventStream::read(const std::string& path, std::chrono::milliseconds silence) {
  std::string why;
  try {
    SseParser parser;
    const director::Error end = stream_.read(
        path, silence,
        [this] {
          const std::lock_guard lock(mutex_);
          open_ = true;
          changed_.notify_all();
        },
        [&](std::string_view bytes) {
          parser.feed(bytes, [this](std::string data) { keep(std::move(data)); });
          return true;
        });
    why = end.message();
  } catch (const std::exception& thrown) {
    why = thrown.what();
  } catch (...) {
    why = "the events of opencode's server could not be read";
  }
  const std::lock_guard lock(mutex_);
  over_ = std::move(why);
  changed_.notify_all();
}

void EventStream::keep(std::string data) {
  const std::size_t size = data.size() + kBytesBesides;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    return closed_ || events_.empty() || waiting_bytes_ + size <= most_waiting_bytes_;
  });
  if (closed_) {
    return;
  }
  waiting_bytes_ += size;
  events_.push_back(std::move(data));
  changed_.notify_all();
}

bool EventStream::wait_open(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return open_ || !over_.empty(); });
  return open_;
}

std::optional<std::string> EventStream::next(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return !events_.empty() || !over_.empty(); });
  if (events_.empty()) {
    return std::nullopt;
  }
  std::string event = std::move(events_.front());
  events_.pop_front();
  waiting_bytes_ -= event.size() + kBytesBesides;
  changed_.notify_all();
  return event;
}

std::string EventStream::over() {
  const std::lock_guard lock(mutex_);
  return events_.empty() ? over_ : "";
}

}  // namespace runner_opencode
