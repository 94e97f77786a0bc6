#include "core/plugin/daemon.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "director/fence.hpp"

namespace director::plugin {
namespace {

using std::chrono::milliseconds;

/// Of a line, and of what is kept of its last words.
constexpr std::size_t kLineBytes = std::size_t{64} << 10U;
constexpr std::size_t kTailBytes = 2000;
/// How often the cancel token of whoever waits is looked at.
constexpr milliseconds kTick{20};
/// With the command's supervisor: longer than that tries to weed.
constexpr milliseconds kPatience{6000};

/// 256 bits. Without them there is nothing to be trusted.
std::string make_secret() {
  std::array<unsigned char, 32> bytes{};
  if (::getentropy(bytes.data(), bytes.size()) != 0) {
    std::abort();
  }
  std::string text;
  for (const unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 15U];
  }
  return text;
}

Redactor with_secret(const Redactor& redactor, const std::string& name, const std::string& value) {
  return value.empty() ? redactor : redactor.with({Secret{name, value}});
}

}  // namespace

Daemon::Daemon(DaemonRequest request, ports::ProcessLauncher& launcher, const Redactor& redactor)
    : request_(std::move(request)),
      launcher_(launcher),
      secret_(request_.secret_variable.empty() ? "" : make_secret()),
      redactor_(with_secret(redactor, request_.secret_variable, secret_)) {
  if (!secret_.empty()) {
    request_.command.env_set.push_back(request_.secret_variable + "=" + secret_);
  }
  request_.command.max_line_bytes = kLineBytes;
  request_.command.hold = &hold_;
  thread_ = std::thread([this] { run(); });
}

Daemon::~Daemon() {
  stop();
  thread_.join();
}

void Daemon::run() {
  std::optional<Result<ports::Exit>> end;
  ErrorBuffer thrown;
  (void)fence(thrown.raw(), [&]() -> Status {
    end = launcher_.run(
        request_.command,
        [this](const ports::OutputLine& line) {
          take(line);
          return true;
        },
        stop_);
    return ok();
  });
  const std::lock_guard lock(mutex_);
  end_ = end ? std::move(*end)
             : Result<ports::Exit>(Error(Errc::Internal, std::string(thrown.text())));
  if (*end_) {
    account({(*end_)->usage.cpu, -1});
  }
  changed_.notify_all();
}

void Daemon::take(const ports::OutputLine& line) {
  const std::string text = redactor_.finds(line.text, line.cut)
                               ? redactor_.mask(line.text, line.cut)
                               : std::string(line.text);
  const std::lock_guard lock(mutex_);
  if (!ready_line_ && !line.is_stderr && text.starts_with(request_.ready_prefix)) {
    hold_.mark();
    ready_line_ = text;
    tail_.clear();
    changed_.notify_all();
  } else if (line.is_stderr || !ready_line_) {
    tail_ += (tail_.empty() ? "" : "\n") + text.substr(0, kTailBytes);
    if (tail_.size() > 2 * kTailBytes) {
      tail_.erase(0, tail_.size() - kTailBytes);
    }
  }
}

Result<std::string> Daemon::ready(const ports::Clock& clock, std::optional<ports::SteadyTime> until,
                                  const ports::CancelToken& cancel) const {
  const std::string what = "cannot start '" + request_.command.argv.front() + "': ";
  std::unique_lock lock(mutex_);
  while (!ready_line_ && !end_) {
    if (cancel.cancelled()) {
      return Error(Errc::Cancelled, what + "cancelled");
    }
    if (until && clock.now() >= *until) {
      return Error(Errc::Timeout, what + "it did not say '" + request_.ready_prefix + "' in time" +
                                      (tail_.empty() ? "" : "; it said: " + tail_));
    }
    changed_.wait_for(lock, kTick);
  }
  if (ready_line_) {
    std::string line = *ready_line_;
    lock.unlock();
    if (!hold_.wait_marked(kPatience)) {
      return Error(Errc::Timeout, what + "its supervisor does not answer");
    }
    return line;
  }
  if (!*end_) {
    return end_->error();
  }
  return Error(Errc::External, what + how_it_ended() + " before it was ready" +
                                   (tail_.empty() ? "" : "; it said: " + tail_));
}

bool Daemon::alive() const {
  const std::lock_guard lock(mutex_);
  return !end_;
}

std::string Daemon::how_it_ended() const {
  if (!end_) {
    return "it runs";
  }
  if (!*end_) {
    return end_->error().message();
  }
  const ports::Exit& exit = **end_;
  switch (exit.kind) {
    case ports::ExitKind::Exited:
      return "it ended with status " + std::to_string(exit.exit_code);
    case ports::ExitKind::Signaled:
      return "it was killed by signal " + std::to_string(exit.signal);
    case ports::ExitKind::TimedOut:
    case ports::ExitKind::Stalled:
    case ports::ExitKind::Cancelled:
    case ports::ExitKind::Stopped:
      break;
  }
  return "it was stopped";
}

std::string Daemon::last_words() const {
  const std::lock_guard lock(mutex_);
  return how_it_ended() + (tail_.empty() ? "" : "; it last said: " + tail_);
}

std::string Daemon::limit() const {
  const std::lock_guard lock(mutex_);
  return end_ && *end_ ? (*end_)->limit : "";
}

void Daemon::wait() const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return end_.has_value(); });
}

void Daemon::account(const ports::CommandLook& look) {
  const auto more = look.cpu - accounted_;
  if (more.count() > 0) {
    accounted_ = look.cpu;
  }
  for (auto& [id, use] : uses_) {
    ports::Usage& usage = use.usage;
    if (more.count() > 0) {
      usage.cpu += more / static_cast<std::int64_t>(uses_.size());
    }
    if (look.memory_bytes > 0) {
      usage.peak_memory_bytes =
          std::max(usage.peak_memory_bytes, static_cast<std::uint64_t>(look.memory_bytes));
    }
  }
}

std::uint64_t Daemon::begin_use(bool fresh) {
  // Its own start is the affair of the call that it was started for.
  const ports::CommandLook look = fresh ? ports::CommandLook{} : hold_.look();
  const std::lock_guard lock(mutex_);
  account(look);
  Use& mine = uses_[++last_use_];
  mine.usage.peak_memory_bytes =
      static_cast<std::uint64_t>(std::max<std::int64_t>(look.memory_bytes, 0));
  mine.is_accountable = look.limit.empty();
  if (uses_.size() > 1) {
    for (auto& [id, use] : uses_) {
      use.is_accountable = false;
    }
  }
  hold_.watch(true);
  return last_use_;
}

ports::Usage Daemon::usage_of(std::uint64_t use) {
  const ports::CommandLook look = hold_.look();
  const std::lock_guard lock(mutex_);
  account(look);
  const auto found = uses_.find(use);
  return found == uses_.end() ? ports::Usage{} : found->second.usage;
}

ports::Usage Daemon::end_use(std::uint64_t use) {
  const ports::Usage usage = usage_of(use);
  const std::lock_guard lock(mutex_);
  uses_.erase(use);
  hold_.watch(!uses_.empty());
  return usage;
}

bool Daemon::is_accountable(std::uint64_t use) const {
  const std::lock_guard lock(mutex_);
  const auto found = uses_.find(use);
  return found != uses_.end() && found->second.is_accountable;
}

bool Daemon::weed() { return hold_.weed(kPatience); }

}  // namespace director::plugin
