#include "server_call.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace runner_opencode {

using director::agent_failure;
using director::Errc;
using director::Error;
using director::log_level;
using director::Result;
using director::Status;
using std::chrono::milliseconds;

namespace {

/// How often it is looked whether the call is to end.
constexpr milliseconds kTick{100};
/// The server sends a heartbeat every 10 s.
constexpr milliseconds kStreamSilence{60'000};
constexpr milliseconds kStreamOpens{30'000};
/// Of each request when a call is over.
constexpr milliseconds kEndingLimit{5000};
/// From the end of a server's events, or of a request, to the news that it has ended itself; and
/// for the events that it had sent.
constexpr milliseconds kServerEnds{2000};
/// For the errors of a message that was not taken up, which are followed by nothing.
constexpr std::int64_t kAfterErrorMs = 2000;

std::int64_t steady_ms() {
  return std::chrono::duration_cast<milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Outcome cut_off(agent_failure failure, std::string why) {
  return {false, {}, failure, std::move(why), 0};
}

director::exec_result ended_by(director::exec_outcome outcome) {
  director::exec_result ended;
  ended.outcome = outcome;
  return ended;
}

}  // namespace

void report(const Event& event, const director::agent_events& events) {
  if (const auto* text = std::get_if<TextEvent>(&event)) {
    events.text(text->text, text->time_ms);
  } else if (const auto* tool = std::get_if<ToolEvent>(&event)) {
    events.tool({tool->name, tool->input, tool->output, tool->exit_code, tool->time_ms});
  } else {
    events.spent(std::get<UsageEvent>(event).usage);
  }
}

ServerCall::ServerCall(LeasedServer& server, const ServerQuestion& question,
                       const director::agent_events& events, director::host& services)
    : server_(server),
      question_(question),
      events_(events),
      services_(services),
      shared_(shared_server(server.address)),
      api_(server.address, question.workdir, kRequestLimit, [this] { return is_unwanted(); }),
      news_(""),
      watch_(question.limits, steady_ms()) {
  reported_.cost_usd = 0;
}

Result<Outcome> ServerCall::run() {
  if (Status known = make_known(api_, question_.agent); !known) {
    if (known.error().code() == Errc::Conflict) {
      DIRECTOR_CHECK(server_.daemon.keep());
    } else {
      broken_ = end_of_server();
    }
    return Error(known.error().code(),
                 known.error().message() + (broken_.empty() ? "" : "; " + broken_));
  }
  // An agent may have its own server work in another folder than its own.
  EventStream stream(server_.address,
                     server_.is_private ? SessionApi::all_events_path() : api_.events_path(),
                     kStreamSilence);
  const Status begun = begin(stream);
  if (!begun && (session_.empty() || begun.error().code() != Errc::Io)) {
    return begun.error();
  }
  Stop stop = Stop::Broken;
  if (begun) {
    stop = follow(stream);
  } else {
    broken_ = begun.error().message();
    await_end_of_server();
    take_last_words(stream);
    stop = interrupted().value_or(Stop::Broken);
  }
  Outcome outcome = judge_end(stop);
  end_session(stop);
  return outcome;
}

Status ServerCall::begin(EventStream& stream) {
  const auto open_by = steady_ms() + kStreamOpens.count();
  while (!stream.wait_open(kTick)) {
    if (is_unwanted()) {
      return Error(Errc::Cancelled, "not wanted any more");
    }
    if (stream.over().empty() && steady_ms() < open_by) {
      continue;
    }
    return Error(Errc::External, "opencode's server sends no events: " + stream.over());
  }
  DIRECTOR_TRY(session_, api_.create(question_.title, permission_rules(question_.call.may_edit)));
  news_ = ServerEvents(session_);
  watch_ = CallWatch(question_.limits, steady_ms());
  // Once that is under way the model may have been asked, and then the call goes on to its end.
  return api_.prompt(session_, {question_.agent, question_.model, question_.message});
}

std::optional<ServerCall::Stop> ServerCall::interrupted() const {
  if (services_.remaining_ms() == 0) {
    return Stop::Deadline;
  }
  return services_.cancelled() ? std::optional(Stop::Cancelled) : std::nullopt;
}

ServerCall::Stop ServerCall::follow(EventStream& stream) {
  std::optional<std::int64_t> failed_at_ms;
  while (!news_.is_idle()) {
    if (const auto data = stream.next(kTick)) {
      take(*data);
    } else if (broken_ = stream.over(); !broken_.empty()) {
      await_end_of_server();
      return Stop::Broken;
    }
    if (news_.is_disposed() && !news_.is_idle()) {
      broken_ = "opencode's server closed the folder under the call";
      return Stop::Broken;
    }
    if (const auto why = interrupted()) {
      return *why;
    }
    if (shared_->is_given_up) {
      broken_ = "another call could not end its session on opencode's server, which is stopped";
      return Stop::Broken;
    }
    const std::int64_t now_ms = steady_ms();
    if (news_.has_failed() && !news_.was_busy()) {
      failed_at_ms = failed_at_ms.value_or(now_ms);
      if (now_ms - *failed_at_ms >= kAfterErrorMs) {
        return Stop::Idle;
      }
    }
    if (auto reached = watch_.check(
            {news_.was_busy(), news_.waits_to_retry(), news_.running_tools()}, now_ms)) {
      limit_ = *std::move(reached);
      return Stop::Limit;
    }
  }
  return Stop::Idle;
}

void ServerCall::take_last_words(EventStream& stream) {
  const std::int64_t until_ms = steady_ms() + kServerEnds.count();
  while (stream.over().empty() && steady_ms() < until_ms) {
    if (const auto data = stream.next(kTick)) {
      take(*data);
    }
  }
}

void ServerCall::take(const std::string& data) {
  const std::int64_t unix_ms = services_.unix_ms();
  const ServerNews news = news_.feed(data, unix_ms);
  const std::int64_t now_ms = steady_ms();
  if (news.is_sign_of_life) {
    watch_.saw_life(now_ms);
  }
  if (news.retry) {
    const std::int64_t wait_ms = std::max<std::int64_t>(0, news.retry->at_ms - unix_ms);
    watch_.saw_retry(now_ms, now_ms + wait_ms, news.retry->why);
    events_.retry(news.retry->why, wait_ms);
    services_.log(log_level::info,
                  "opencode tries again in " + std::to_string(wait_ms) + " ms: " + news.retry->why);
  }
  if (!news.started.empty()) {
    services_.log(log_level::debug, "tool '" + news.started + "' runs");
  }
  for (const std::string& line : news.lines) {
    if (const Status written = director::write_transcript(services_, line);
        !written && !std::exchange(transcript_fails_, true)) {
      services_.log(log_level::warning, written.error().message());
    }
    if (const auto event = parser_.feed(line)) {
      report(*event, events_);
      if (const auto* spent = std::get_if<UsageEvent>(&*event)) {
        reported_.input += spent->usage.input;
        reported_.output += spent->usage.output;
        reported_.reasoning += spent->usage.reasoning;
        reported_.cache_read += spent->usage.cache_read;
        reported_.cache_write += spent->usage.cache_write;
        reported_.cost_usd += std::max(0.0, spent->usage.cost_usd);
      }
    }
  }
  // Nobody is there to be asked. The role has no such rule; a subagent may have.
  if (!news.permission.empty()) {
    if (const Status told = api_.reject(news.permission); !told && !services_.cancelled()) {
      services_.log(log_level::warning, told.error().message());
    }
  }
}

void ServerCall::add_unreported(const director::usage& total) {
  constexpr double kSmallest = 1e-9;
  director::usage more;
  more.input = std::max<std::int64_t>(0, total.input - reported_.input);
  more.output = std::max<std::int64_t>(0, total.output - reported_.output);
  more.reasoning = std::max<std::int64_t>(0, total.reasoning - reported_.reasoning);
  more.cache_read = std::max<std::int64_t>(0, total.cache_read - reported_.cache_read);
  more.cache_write = std::max<std::int64_t>(0, total.cache_write - reported_.cache_write);
  const double cost = total.cost_usd - reported_.cost_usd;
  more.cost_usd = cost > kSmallest ? cost : -1;
  if (more.cost_usd > 0 ||
      more.input + more.output + more.reasoning + more.cache_read + more.cache_write > 0) {
    events_.spent(more);
  }
}

std::string ServerCall::end_of_server() const {
  const auto state = server_.daemon.inspect();
  return state && !state->alive ? "opencode's server: " + state->last_words : "";
}

void ServerCall::await_end_of_server() const {
  constexpr milliseconds kLook{20};
  const std::int64_t until_ms = steady_ms() + kServerEnds.count();
  while (end_of_server().empty() && steady_ms() < until_ms && !is_unwanted()) {
    std::this_thread::sleep_for(kLook);
  }
}

Outcome ServerCall::judge_end(Stop stop) {
  const Transcript& seen = parser_.transcript();
  switch (stop) {
    case Stop::Idle:
      return judge(question_.call, seen, notes_, ended_by(director::exec_outcome::exited));
    case Stop::Cancelled:
      return judge(question_.call, seen, notes_, ended_by(director::exec_outcome::cancelled));
    case Stop::Deadline:
      return is_decided(seen)
                 ? judge(question_.call, seen, notes_, ended_by(director::exec_outcome::timed_out))
                 : cut_off(agent_failure::deadline, "no end before the call's deadline");
    case Stop::Limit:
    case Stop::Broken:
      break;
  }
  if (is_decided(seen)) {
    return judge(question_.call, seen, notes_, ended_by(director::exec_outcome::stalled));
  }
  if (stop == Stop::Limit) {
    return {false, {}, limit_.failure, limit_.why, limit_.retry_after_ms};
  }
  const std::string words = end_of_server();
  return cut_off(agent_failure::transport,
                 "the call broke off: " + broken_ + (words.empty() ? "" : "; " + words));
}

bool ServerCall::is_unwanted() const { return services_.cancelled() || shared_->is_given_up; }

Status ServerCall::end_beside_others(const SessionApi& api) const {
  const std::int64_t until_ms = steady_ms() + question_.abort_ms;
  Status aborted = api.abort(session_);
  while (!aborted && steady_ms() < until_ms && end_of_server().empty()) {
    std::this_thread::sleep_for(kTick);
    aborted = api.abort(session_);
  }
  return aborted || !end_of_server().empty() || api.dispose_directory() ? director::ok() : aborted;
}

void ServerCall::leave_with_all() {
  (void)server_.daemon.stop();
  const std::weak_ptr<SharedServer> others = std::exchange(shared_, nullptr);
  const std::int64_t until_ms = steady_ms() + question_.leave_ms;
  while (!others.expired() && steady_ms() < until_ms) {
    std::this_thread::sleep_for(kTick);
  }
  if (!others.expired()) {
    services_.log(log_level::warning, "opencode's session '" + session_ +
                                          "' may work on: other calls have not left its server");
  }
}

void ServerCall::end_session(Stop stop) {
  const SessionApi api(server_.address, question_.workdir, kEndingLimit);
  const bool is_alive = stop != Stop::Broken || end_of_server().empty();
  if (is_alive && stop != Stop::Idle && server_.is_private) {
    (void)api.abort(session_);
  } else if (is_alive && stop != Stop::Idle && !shared_->is_given_up) {
    if (const Status ended = end_beside_others(api); !ended) {
      services_.log(log_level::warning,
                    "opencode's server is stopped for all its calls, since session '" + session_ +
                        "' cannot be ended: " + ended.error().message());
      shared_->is_given_up = true;
    }
  }
  if (shared_->is_given_up) {
    leave_with_all();
    return;
  }
  if (is_alive) {
    if (const auto totals = api.totals(session_)) {
      add_unreported(*totals);
    }
  }
  const bool is_abused = server_.is_private && news_.has_others();
  if (is_abused) {
    services_.log(log_level::warning,
                  "opencode's server is stopped: an agent had it work on a session of its own");
  }
  if (stop != Stop::Idle || is_abused) {
    if (is_alive && server_.is_private) {
      (void)api.dispose_all();  // what that leaves of its tools, the host ends
    }
    (void)server_.daemon.stop();
    return;
  }
  // What else works there was begun before the call, by an agent with its server's password.
  const auto busy = api.is_busy();
  const bool is_clean = busy && (!*busy || !server_.is_private || api.dispose_directory());
  (void)(is_clean ? server_.daemon.keep() : server_.daemon.stop());
}

}  // namespace runner_opencode
