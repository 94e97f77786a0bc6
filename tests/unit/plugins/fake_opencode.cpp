#include "fake_opencode.hpp"

#include <httplib.h>

#include <algorithm>
#include <chrono>

namespace runner_opencode::testing {

struct FakeOpencode::Server {
  httplib::Server http;
};

FakeOpencode::FakeOpencode() : server_(std::make_unique<Server>()) {
  httplib::Server& http = server_->http;
  http.set_pre_routing_handler([this](const httplib::Request& request,
                                      httplib::Response& response) {
    const auto expected = httplib::make_basic_authentication_header("opencode", kPassword).second;
    if (request.get_header_value("Authorization") == expected) {
      return httplib::Server::HandlerResponse::Unhandled;
    }
    ++refused_;
    response.status = 401;
    return httplib::Server::HandlerResponse::Handled;
  });
  const auto tell = [this](const httplib::Request& request, httplib::Response& response) {
    note("GET " + request.target);
    response.set_chunked_content_provider(
        "text/event-stream",
        [this, next = std::size_t{0}](std::size_t, httplib::DataSink& sink) mutable {
          std::unique_lock lock(mutex_);
          changed_.wait_for(lock, std::chrono::milliseconds(20),
                            [&] { return over_ || next < events_.size(); });
          std::string bytes = ": still here\n";
          const bool has_one = next < events_.size();
          if (has_one) {
            bytes += "data: " + events_[next++] + "\n\n";
          }
          const bool is_last = over_ && next == events_.size();
          lock.unlock();  // who does not read is not to keep the others from being answered
          const bool was_written = sink.write(bytes.data(), bytes.size());
          lock.lock();
          written_ += has_one && was_written ? 1 : 0;
          changed_.notify_all();
          if (is_last) {
            sink.done();
            return false;
          }
          return was_written;
        });
  };
  http.Get("/event", tell);
  http.Get("/global/event", tell);
  const auto reply = [this](const httplib::Request& request, httplib::Response& response) {
    note(request.method + " " + request.target + " " + request.body);
    const FakeAnswer answer = answer_to(request.method + " " + request.path);
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, std::chrono::milliseconds(answer.delay_ms), [this] { return over_; });
      answered_.insert(request.method + " " + request.path);
    }
    response.status = answer.status;
    if (answer.breaks_off) {
      constexpr std::size_t kMoreThanComes = 100;
      response.set_content_provider(
          kMoreThanComes, "application/json",
          [](std::size_t, std::size_t, httplib::DataSink&) { return false; });
      return;
    }
    response.set_content(answer.body, "application/json");
  };
  http.Get(".*", reply);
  http.Post(".*", reply);
  port_ = http.bind_to_any_port("127.0.0.1");
  thread_ = std::thread([&http] { http.listen_after_bind(); });
  while (!http.is_running()) {
    std::this_thread::yield();
  }
}

FakeOpencode::~FakeOpencode() {
  hang_up();
  server_->http.stop();
  thread_.join();
}

std::string FakeOpencode::ready_line() const {
  return "opencode server listening on http://127.0.0.1:" + std::to_string(port_);
}

void FakeOpencode::send(const std::string& data) {
  const std::lock_guard lock(mutex_);
  events_.push_back(data);
  changed_.notify_all();
}

bool FakeOpencode::wait_written(std::size_t events, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return written_ >= events; });
}

void FakeOpencode::hang_up() {
  const std::lock_guard lock(mutex_);
  over_ = true;
  changed_.notify_all();
}

void FakeOpencode::answer(const std::string& request, FakeAnswer answer) {
  const std::lock_guard lock(mutex_);
  answers_[request] = std::move(answer);
}

void FakeOpencode::set_script(std::vector<std::string> events) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(events);
}

void FakeOpencode::hang_up_after_script() {
  const std::lock_guard lock(mutex_);
  over_after_script_ = true;
}

std::vector<std::string> FakeOpencode::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void FakeOpencode::note(const std::string& request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(request);
  changed_.notify_all();
}

void FakeOpencode::wait_asked(const std::string& begin) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    return std::any_of(requests_.begin(), requests_.end(),
                       [&](const std::string& request) { return request.starts_with(begin); });
  });
}

bool FakeOpencode::has_answered(const std::string& request) const {
  const std::lock_guard lock(mutex_);
  return answered_.contains(request);
}

FakeAnswer FakeOpencode::answer_to(const std::string& request) {
  const std::lock_guard lock(mutex_);
  if (request == "POST /session/ses_1/prompt_async") {
    events_.insert(events_.end(), script_.begin(), script_.end());
    over_ = over_ || over_after_script_;
    changed_.notify_all();
  }
  if (const auto given = answers_.find(request); given != answers_.end()) {
    return given->second;
  }
  if (request == "GET /agent") {
    return {200, R"([{"name":"build"},{"name":"director-x"}])"};
  }
  if (request == "POST /session") {
    return {200, R"({"id":"ses_1"})"};
  }
  if (request == "POST /session/ses_1/prompt_async") {
    return {204, ""};
  }
  if (request == "GET /session/ses_1") {
    return {
        200,
        R"({"id":"ses_1","cost":0.00588,"tokens":{"input":400,"output":180,"reasoning":120,"cache":{"read":600,"write":0}}})"};
  }
  if (request.ends_with("/children")) {
    return {200, "[]"};
  }
  if (request == "GET /session/status") {
    return {200, "{}"};
  }
  return {200, "true"};
}

}  // namespace runner_opencode::testing
