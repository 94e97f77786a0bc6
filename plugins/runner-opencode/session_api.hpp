/// What is asked of OpenCode's server for one session (1.18.33): each a request with a time limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent_file.hpp"
#include "director/result.hpp"
#include "director/runner.hpp"
#include "http_client.hpp"
#include "user_config.hpp"

namespace runner_opencode {

struct Prompt {
  std::string_view agent;
  ModelName model;
  std::string_view text;
};

/// All errors: those of HttpClient; External if the server refuses or answers nonsense. Blocks.
class SessionApi {
 public:
  /// `directory`: where the session works, absolute. `limit`: of each request. `is_unwanted`: see
  /// HttpClient.
  SessionApi(const ServerAddress& address, std::string_view directory,
             std::chrono::milliseconds limit, std::function<bool()> is_unwanted = {})
      : client_(address, std::move(is_unwanted)),
        directory_("?directory=" + percent_encoded(directory)),
        limit_(limit) {}

  /// Of the stream of this directory's events.
  [[nodiscard]] std::string events_path() const { return "/event" + directory_; }
  /// Of the stream of every directory's events.
  [[nodiscard]] static std::string all_events_path() { return "/global/event"; }

  /// Whether the server knows the agent: it reads what is configured when it opens a directory.
  [[nodiscard]] director::Result<bool> knows_agent(std::string_view name) const;
  /// Whether a session works in the directory.
  [[nodiscard]] director::Result<bool> is_busy() const;
  /// Ends everything in the directory; what is configured is read again.
  [[nodiscard]] director::Status dispose_directory() const;
  /// The same in every directory.
  [[nodiscard]] director::Status dispose_all() const;

  /// Returns the session's id. `rules` hold for it and its children, whatever its agent may do.
  [[nodiscard]] director::Result<std::string> create(
      std::string_view title, const std::vector<PermissionRule>& rules) const;
  /// Returns when the server has taken it; what comes of it, the events say. Io: it may have taken
  /// it, or not.
  [[nodiscard]] director::Status prompt(const std::string& session, const Prompt& prompt) const;
  [[nodiscard]] director::Status abort(const std::string& session) const;
  [[nodiscard]] director::Status reject(const std::string& permission) const;
  /// What the session and its children used.
  [[nodiscard]] director::Result<director::usage> totals(const std::string& session) const;

 private:
  [[nodiscard]] director::Result<std::string> get(const std::string& path) const;
  [[nodiscard]] director::Result<std::string> post(const std::string& path,
                                                   const std::string& json) const;
  [[nodiscard]] std::string session_path(const std::string& session, std::string_view what) const;

  HttpClient client_;
  std::string directory_;
  std::chrono::milliseconds limit_;
};

}  // namespace runner_opencode
