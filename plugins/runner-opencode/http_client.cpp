#include "http_client.hpp"

#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace runner_opencode {

using director::Errc;
using director::Error;
using director::Result;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20U;
constexpr const char* kUser = "opencode";

void set_up(httplib::Client& client, const ServerAddress& address) {
  client.set_basic_auth(kUser, address.password);
  client.set_keep_alive(false);
  client.set_follow_location(false);
  client.set_tcp_nodelay(true);
}

/// Ends a request that takes too long, or that nobody wants any more.
class Attendant {
 public:
  enum class Ended { No, Late, Unwanted };

  Attendant(httplib::Client& client, std::chrono::steady_clock::time_point end,
            const std::function<bool()>& is_unwanted)
      : client_(client), end_(end), is_unwanted_(is_unwanted), thread_([this] { watch(); }) {}
  Attendant(const Attendant&) = delete;
  Attendant& operator=(const Attendant&) = delete;
  ~Attendant() { (void)leave(); }

  /// The request is over. Whether this has ended it, and why.
  [[nodiscard]] Ended leave() {
    if (thread_.joinable()) {
      {
        const std::lock_guard lock(mutex_);
        over_ = true;
      }
      changed_.notify_all();
      thread_.join();
    }
    return ended_;
  }

 private:
  void watch() {
    constexpr milliseconds kTick{50};
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kTick, [this] { return over_; })) {
      if (ended_ == Ended::No && is_unwanted_ && is_unwanted_()) {
        ended_ = Ended::Unwanted;
      } else if (ended_ == Ended::No && std::chrono::steady_clock::now() >= end_) {
        ended_ = Ended::Late;
      }
      if (ended_ != Ended::No) {
        client_.stop();  // again and again: it may not have been connected yet
      }
    }
  }

  httplib::Client& client_;
  const std::chrono::steady_clock::time_point end_;
  const std::function<bool()>& is_unwanted_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  Ended ended_ = Ended::No;
  std::thread thread_;  ///< last: it uses the rest
};

/// `late`: the time for it is over.
Error failed(const std::string& what, httplib::Error error, bool late) {
  const bool was_connected = error == httplib::Error::Read || error == httplib::Error::Write;
  const char* why = late            ? ": no answer in time ("
                    : was_connected ? ": the connection broke off ("
                                    : ": no connection (";
  const Errc code = late ? Errc::Timeout : was_connected ? Errc::Io : Errc::External;
  return {code, what + why + httplib::to_string(error) + ")"};
}

}  // namespace

Result<ServerAddress> read_address(std::string_view line, std::string password) {
  constexpr std::string_view kScheme = "http://";
  const std::size_t at = line.find(kScheme);
  const std::string_view rest =
      at == std::string_view::npos ? std::string_view() : line.substr(at + kScheme.size());
  const std::size_t colon = rest.find(':');
  ServerAddress address;
  address.password = std::move(password);
  if (colon != std::string_view::npos) {
    address.host = rest.substr(0, colon);
    const std::string_view port = rest.substr(colon + 1);
    std::from_chars(port.data(), port.data() + port.size(), address.port);
  }
  if (address.host != "127.0.0.1" || address.port <= 0 || address.port > 65535) {
    return Error(Errc::External,
                 "opencode's server says that it listens elsewhere: '" + std::string(line) + "'");
  }
  return address;
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
        (byte >= 'A' && byte <= 'Z') || c == '-' || c == '_' || c == '.' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += "0123456789ABCDEF"[byte >> 4U];
      out += "0123456789ABCDEF"[byte & 15U];
    }
  }
  return out;
}

Result<HttpAnswer> HttpClient::get(const std::string& path, milliseconds limit) const {
  return ask("GET", path, "", limit);
}

Result<HttpAnswer> HttpClient::post(const std::string& path, const std::string& json,
                                    milliseconds limit) const {
  return ask("POST", path, json, limit);
}

Result<HttpAnswer> HttpClient::ask(const std::string& method, const std::string& path,
                                   const std::string& json, milliseconds limit) const {
  const auto end = std::chrono::steady_clock::now() + limit;
  httplib::Client client(address_.host, address_.port);
  set_up(client, address_);
  client.set_connection_timeout(limit);
  client.set_read_timeout(limit);
  client.set_write_timeout(limit);
  HttpAnswer answer;
  httplib::Request request;
  request.method = method;
  request.path = path;
  request.body = json;
  if (method == "POST") {
    request.set_header("Content-Type", "application/json");
  }
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    answer.body.append(data, size);
    return answer.body.size() <= kMostBytes;
  };
  // Each part has that limit for itself, and each read of a trickle; all of it together has one,
  // too.
  Attendant attendant(client, end, is_unwanted_);
  const httplib::Result result = client.send(request);
  const Attendant::Ended ended = attendant.leave();
  const std::string what = method + " " + path.substr(0, path.find('?')) + " of opencode's server";
  if (answer.body.size() > kMostBytes) {
    return Error(Errc::External, what + ": an answer of more than 64 MiB");
  }
  // Also if there is a result: an answer of no known length ends where its connection does.
  if (ended == Attendant::Ended::Late) {
    return Error(Errc::Timeout, what + ": no whole answer in time");
  }
  if (ended == Attendant::Ended::Unwanted) {
    return Error(Errc::Cancelled, what + ": not wanted any more");
  }
  if (!result) {
    return failed(what, result.error(), std::chrono::steady_clock::now() >= end);
  }
  answer.status = result->status;
  return answer;
}

struct HttpStream::Impl {
  explicit Impl(const ServerAddress& address) : client(address.host, address.port) {}
  httplib::Client client;
  std::atomic<bool> stopped = false;
};

HttpStream::HttpStream(const ServerAddress& address) : impl_(std::make_unique<Impl>(address)) {
  set_up(impl_->client, address);
}

HttpStream::~HttpStream() = default;

Error HttpStream::read(const std::string& path, milliseconds silence,
                       const std::function<void()>& on_open,
                       const std::function<bool(std::string_view)>& on_bytes) {
  impl_->client.set_connection_timeout(silence);
  impl_->client.set_read_timeout(silence);
  int status = 0;
  bool unwanted = false;
  auto spoke_at = std::chrono::steady_clock::now();
  const httplib::Result result = impl_->client.Get(
      path, httplib::Headers{{"Accept", "text/event-stream"}},
      [&](const httplib::Response& response) {
        status = response.status;
        if (status == 200 && !impl_->stopped) {
          on_open();
        }
        return status == 200 && !impl_->stopped;
      },
      [&](const char* data, std::size_t size) {
        spoke_at = std::chrono::steady_clock::now();
        unwanted = impl_->stopped || !on_bytes({data, size});
        return !unwanted;
      });
  const std::string what = "the events of opencode's server";
  if (unwanted || impl_->stopped) {
    return {Errc::Cancelled, what + ": not wanted any more"};
  }
  if (status != 0 && status != 200) {
    return {Errc::External, what + ": HTTP " + std::to_string(status)};
  }
  if (!result) {
    const bool late = std::chrono::steady_clock::now() - spoke_at >= silence;
    return failed(what, result.error(), late);
  }
  return {Errc::External, what + " ended"};
}

void HttpStream::stop() {
  impl_->stopped = true;
  impl_->client.stop();
}

}  // namespace runner_opencode
