#include "server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <csignal>

namespace director::scripted_model {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint64_t kMaxBody = 256ULL << 20U;
constexpr std::uint32_t kMaxHeader = 64U << 10U;

auto into(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

/// One client. The socket is closed when the session's coroutine ends.
class Session {
 public:
  Session(tcp::socket socket, Endpoint& endpoint, std::size_t& in_flight)
      : socket_(std::move(socket)), endpoint_(endpoint), in_flight_(in_flight) {}

  asio::awaitable<void> run();

 private:
  asio::awaitable<bool> receive(HttpRequest& request, bool& keep_alive);
  asio::awaitable<bool> send(const Reply& reply, bool keep_alive);
  asio::awaitable<bool> send_body(const Reply& reply);
  asio::awaitable<bool> perform(const Step& step);
  asio::awaitable<bool> write(const std::string& bytes);

  tcp::socket socket_;
  Endpoint& endpoint_;
  std::size_t& in_flight_;
  boost::beast::flat_buffer buffer_;
};

/// Counts a request as in flight while it is alive; a stopping server destroys suspended ones.
class InFlight {
 public:
  explicit InFlight(std::size_t& count) : count_(count) { ++count_; }
  ~InFlight() { --count_; }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

 private:
  std::size_t& count_;
};

asio::awaitable<void> Session::run() {
  for (bool keep_alive = true; keep_alive;) {
    HttpRequest request;
    const bool received = co_await receive(request, keep_alive);
    if (!received) {
      co_return;
    }
    const InFlight counted(in_flight_);
    const Reply reply = endpoint_.answer(request, in_flight_);
    const bool sent = co_await send(reply, keep_alive);
    if (!sent) {
      co_return;
    }
  }
}

// False: the connection is over. What is no HTTP is answered, then hung up on.
asio::awaitable<bool> Session::receive(HttpRequest& request, bool& keep_alive) {
  http::request_parser<http::string_body> parser;
  parser.body_limit(kMaxBody);
  parser.header_limit(kMaxHeader);
  error_code error;
  co_await http::async_read(socket_, buffer_, parser, into(error));
  if (error == http::error::end_of_stream ||
      (error && error.category() == asio::error::get_system_category())) {
    co_return false;
  }
  if (error) {
    const int status = error == http::error::body_limit ? 413 : 400;
    co_await send(error_reply(status, "cannot read the HTTP request: " + error.message()), false);
    co_return false;
  }
  auto message = parser.release();
  keep_alive = message.keep_alive();
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  request.body = std::move(message.body());
  co_return true;
}

// False: the connection is not to be used again.
asio::awaitable<bool> Session::send(const Reply& reply, bool keep_alive) {
  for (const Step& step : reply.before) {
    const bool going_on = co_await perform(step);
    if (!going_on) {
      co_return false;
    }
  }
  const bool whole = reply.body.size() == 1;
  http::response<http::empty_body> head(static_cast<http::status>(reply.status), 11);
  for (const Header& header : reply.headers) {
    head.set(header.name, header.value);
  }
  head.keep_alive(keep_alive);
  if (whole) {
    head.content_length(std::get<Send>(reply.body.front()).bytes.size());
  } else {
    head.chunked(true);
  }
  http::response_serializer<http::empty_body> serializer(head);
  error_code error;
  co_await http::async_write_header(socket_, serializer, into(error));
  if (error) {
    co_return false;
  }
  const bool sent = co_await send_body(reply);
  co_return sent&& keep_alive;
}

asio::awaitable<bool> Session::send_body(const Reply& reply) {
  if (reply.body.size() == 1) {
    const bool written = co_await write(std::get<Send>(reply.body.front()).bytes);
    co_return written;
  }
  error_code error;
  for (const Step& step : reply.body) {
    if (const auto* part = std::get_if<Send>(&step)) {
      const auto chunk = http::make_chunk(asio::buffer(part->bytes));
      co_await asio::async_write(socket_, chunk, into(error));
      if (error) {
        co_return false;
      }
      continue;
    }
    const bool going_on = co_await perform(step);
    if (!going_on) {
      co_return false;
    }
  }
  const auto last = http::make_chunk_last();
  co_await asio::async_write(socket_, last, into(error));
  co_return !error;
}

asio::awaitable<bool> Session::perform(const Step& step) {
  error_code error;
  if (const auto* pause = std::get_if<Pause>(&step)) {
    asio::steady_timer timer(socket_.get_executor(), pause->length);
    co_await timer.async_wait(into(error));
    co_return !error;
  }
  if (std::holds_alternative<Silence>(step)) {
    // A client that waits for its answer sends nothing: readable means that it has hung up.
    co_await socket_.async_wait(tcp::socket::wait_read, into(error));
    co_return false;
  }
  socket_.close(error);
  co_return false;
}

asio::awaitable<bool> Session::write(const std::string& bytes) {
  error_code error;
  co_await asio::async_write(socket_, asio::buffer(bytes), into(error));
  co_return !error;
}

asio::awaitable<void> converse(tcp::socket socket, Endpoint& endpoint, std::size_t& in_flight) {
  Session session(std::move(socket), endpoint, in_flight);
  co_await session.run();
}

asio::awaitable<void> accept_all(tcp::acceptor& acceptor, Endpoint& endpoint,
                                 std::size_t& in_flight) {
  for (;;) {
    error_code error;
    tcp::socket socket = co_await acceptor.async_accept(into(error));
    if (error == asio::error::operation_aborted) {
      co_return;
    }
    if (error) {
      // Out of descriptors, as a rule: some will come back.
      asio::steady_timer timer(acceptor.get_executor(), std::chrono::milliseconds(20));
      co_await timer.async_wait(into(error));
      continue;
    }
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    asio::co_spawn(acceptor.get_executor(), converse(std::move(socket), endpoint, in_flight),
                   asio::detached);
  }
}

Result<tcp::endpoint> loopback_address(const ServeOptions& options) {
  error_code error;
  const auto address = asio::ip::make_address(options.host, error);
  if (error || !address.is_loopback()) {
    return Error(Errc::Invalid, "cannot serve on '" + options.host +
                                    "': not a loopback address; use 127.0.0.1 or ::1");
  }
  return tcp::endpoint(address, options.port);
}

Status open_acceptor(tcp::acceptor& acceptor, const tcp::endpoint& address) {
  error_code error;
  acceptor.open(address.protocol(), error);
  if (!error) {
    acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  }
  if (!error) {
    acceptor.bind(address, error);
  }
  if (!error) {
    acceptor.listen(asio::socket_base::max_listen_connections, error);
  }
  if (error) {
    return Error(Errc::Io, "cannot listen on '" + address.address().to_string() + " port " +
                               std::to_string(address.port()) + "': " + error.message());
  }
  return ok();
}

std::string base_url(const tcp::endpoint& address) {
  const std::string host = address.address().is_v6() ? "[" + address.address().to_string() + "]"
                                                     : address.address().to_string();
  return "http://" + host + ":" + std::to_string(address.port()) + "/v1";
}

Status serve_throwing(const ServeOptions& options, Endpoint& endpoint,
                      const std::function<Status(const std::string&, std::uint16_t)>& ready) {
  DIRECTOR_TRY(const tcp::endpoint wanted, loopback_address(options));
  std::size_t in_flight = 0;  // Outlives the context, whose destructor ends suspended sessions.
  asio::io_context context(1);
  asio::signal_set signals(context, SIGTERM, SIGINT);
  signals.async_wait([&context](const error_code&, int) { context.stop(); });
  tcp::acceptor acceptor(context);
  DIRECTOR_CHECK(open_acceptor(acceptor, wanted));
  error_code error;
  const tcp::endpoint bound = acceptor.local_endpoint(error);
  asio::co_spawn(context, accept_all(acceptor, endpoint, in_flight), asio::detached);
  DIRECTOR_CHECK(ready(base_url(bound), bound.port()));
  context.run();
  return ok();
}

}  // namespace

Status serve(const ServeOptions& options, Endpoint& endpoint,
             const std::function<Status(const std::string&, std::uint16_t)>& ready) {
  try {
    return serve_throwing(options, endpoint, ready);
  } catch (const std::exception& error) {
    return Error(Errc::Io, std::string("cannot serve: ") + error.what());
  }
}

}  // namespace director::scripted_model
