/// What OpenCode's server says of a session while it works (1.18.33), told as `opencode run` tells
/// it: so both transports are judged and written down alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace runner_opencode {

struct RetryNote {
  std::string why;
  std::int64_t at_ms = 0;  ///< when it tries again, since 1970; 0: it does not say
};

/// What one event means for the call.
struct ServerNews {
  std::vector<std::string> lines;  ///< as of `opencode run --format json`
  std::optional<RetryNote> retry;
  std::string started;     ///< a tool that has just begun; empty: none
  std::string permission;  ///< the id of a question that nobody will answer; empty: none
  bool is_sign_of_life = false;
};

/// Pure.
class ServerEvents {
 public:
  explicit ServerEvents(std::string session) : session_(std::move(session)) {}

  /// `data`: of one event, of the session's folder or of all of the server's, which came at
  /// `now_ms`. What is not known means nothing.
  [[nodiscard]] ServerNews feed(std::string_view data, std::int64_t now_ms);

  /// The server took up the message.
  [[nodiscard]] bool was_busy() const { return was_busy_; }
  /// It ended, well or not.
  [[nodiscard]] bool is_idle() const { return is_idle_; }
  /// It said that something failed.
  [[nodiscard]] bool has_failed() const { return has_failed_; }
  /// Another session was begun meanwhile, or works: of those that last, what they say when they
  /// are over is none of that.
  [[nodiscard]] bool has_others() const { return has_others_; }
  /// The server has dropped what it had open for the folder: nothing more comes.
  [[nodiscard]] bool is_disposed() const { return is_disposed_; }
  /// The tools that run now, or whose input the model writes, of which no event tells: names, by
  /// the parts that they are told in.
  [[nodiscard]] const std::map<std::string, std::string>& running_tools() const { return running_; }
  [[nodiscard]] bool waits_to_retry() const { return waits_to_retry_; }

 private:
  struct Properties;  // keeps RapidJSON out of this header

  [[nodiscard]] static bool is_at_work(const Properties& properties);
  void on_part(const Properties& properties, ServerNews& news);
  void on_tool(const std::string& id, const std::string& name, std::string_view status,
               ServerNews& news);
  /// Those of a step that the model begins anew are never run.
  void forget_pending();
  void on_status(const Properties& properties, ServerNews& news);
  void on_error(const Properties& properties, ServerNews& news);

  std::string session_;
  std::set<std::string> told_;  ///< parts that have ended
  std::map<std::string, std::string> running_;
  std::set<std::string> pending_;  ///< of these, those with input still to come
  std::string directory_;          ///< the session's, as the server writes it
  bool has_others_ = false;
  bool was_busy_ = false;
  bool is_idle_ = false;
  bool has_failed_ = false;
  bool is_disposed_ = false;
  bool waits_to_retry_ = false;
};

}  // namespace runner_opencode
