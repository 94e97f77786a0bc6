#include "order.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "power.hpp"
#include "real.hpp"
#include "report.h"

namespace director::fault_shim {
namespace {

struct Order {
  unsigned group = 0;
  unsigned long from = 0;   ///< the first call that is struck, from 1
  unsigned long until = 0;  ///< the last
  enum { Nothing, Kill, PowerLoss, Errno, ShortWrite } action = Nothing;
  int error = 0;
  unsigned long seed = 0;
  unsigned long clock_every = 0;  ///< looks between two jumps of the wall clock
  long clock_jump = 0;            ///< seconds; or where it stands still, if it does not jump
  std::string watched;
  pid_t pid = 0;
  director_fault_report* report = nullptr;
};

Order& order() {
  static Order& the_one = *new Order;  // outlives whatever runs at the process's end
  return the_one;
}

std::string taken_from_environment(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  unsetenv(name);
  return text;
}

unsigned group_named(const std::string& name) {
  static const std::map<std::string, unsigned> groups{
      {"journal", kJournal}, {"disk", kDisk}, {"open", kOpen}, {"fork", kFork},
      {"lock", kLock},       {"any", kAny},   {"time", kTime}};
  const auto found = groups.find(name);
  return found == groups.end() ? 0 : found->second;
}

void set_action(Order& wanted, const std::string& name) {
  static const std::map<std::string, int> errors{
      {"ENOSPC", ENOSPC}, {"EROFS", EROFS},   {"EIO", EIO},      {"EMFILE", EMFILE},
      {"ENFILE", ENFILE}, {"EAGAIN", EAGAIN}, {"ENOLCK", ENOLCK}};
  if (name == "kill") {
    wanted.action = Order::Kill;
  } else if (name == "power") {
    wanted.action = Order::PowerLoss;
  } else if (name == "short") {
    wanted.action = Order::ShortWrite;
  } else if (const auto found = errors.find(name); found != errors.end()) {
    wanted.action = Order::Errno;
    wanted.error = found->second;
  }
}

/// A file that outlives this process, so that the test learns what happened even after a kill.
director_fault_report* map_report(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    return nullptr;
  }
  void* at =
      mmap(nullptr, sizeof(director_fault_report), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return at == MAP_FAILED ? nullptr : static_cast<director_fault_report*>(at);
}

/// "GROUP FROM UNTIL ACTION SEED"; both numbers count.
void read_order() {
  Order& wanted = order();
  const std::string text = taken_from_environment("DIRECTOR_FAULT");
  const std::string clock = taken_from_environment("DIRECTOR_FAULT_CLOCK");
  const std::string report = taken_from_environment("DIRECTOR_FAULT_REPORT");
  wanted.watched = taken_from_environment("DIRECTOR_FAULT_UNDER");
  // What this process starts is left in peace.
  unsetenv("LD_PRELOAD");
  char group[32] = "";
  char action[32] = "";
  if (std::sscanf(text.c_str(), "%31s %lu %lu %31s %lu", group, &wanted.from, &wanted.until, action,
                  &wanted.seed) >= 4) {
    wanted.group = group_named(group);
    set_action(wanted, action);
  }
  (void)std::sscanf(clock.c_str(), "%lu %ld", &wanted.clock_every, &wanted.clock_jump);
  wanted.report = map_report(report);
  wanted.pid = getpid();
}

/// The clock ends this process, wherever it is then.
void kill_after(unsigned long microseconds) {
  struct sigevent event {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGKILL;
  timer_t timer{};
  constexpr unsigned long kSecond = 1'000'000;
  struct itimerspec when {};
  when.it_value.tv_sec = static_cast<time_t>(microseconds / kSecond);
  when.it_value.tv_nsec = static_cast<long>(microseconds % kSecond) * 1000 + 1;
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0) {
    timer_settime(timer, 0, &when, nullptr);
  }
}

/// Whatever starts the program under test is left alone, and hands the order on.
bool is_for_this_program() {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  return size > 0 && std::string(path, static_cast<std::size_t>(size)).ends_with("/director");
}

__attribute__((constructor)) void start() {
  if (!is_for_this_program()) {
    return;
  }
  read_order();
  if (order().group == kTime) {
    kill_after(order().from);
  }
}

}  // namespace

bool on_duty() { return order().report != nullptr && order().pid == getpid(); }

Strike strike(unsigned groups, const char* what, const std::string& where) {
  Order& now = order();
  if ((groups & now.group) == 0) {
    return Strike::None;
  }
  const unsigned long nth = __atomic_add_fetch(&now.report->calls, 1, __ATOMIC_SEQ_CST);
  if (nth < now.from || nth > now.until || now.action == Order::Nothing) {
    return Strike::None;
  }
  if (now.report->fired == 0) {
    std::snprintf(now.report->where, sizeof now.report->where, "%s %s", what, where.c_str());
    now.report->fired = nth;
  }
  switch (now.action) {
    case Order::Kill:
      die();
    case Order::PowerLoss:
      lose_power(now.seed);
      die();
    case Order::ShortWrite:
      return Strike::Short;
    case Order::Errno:
      return Strike::Fail;
    case Order::Nothing:
      break;
  }
  return Strike::None;
}

int error_number() { return order().error; }

bool is_watched(const std::string& path) {
  const std::string& folder = order().watched;
  return !folder.empty() && path.compare(0, folder.size(), folder) == 0 &&
         (path.size() == folder.size() || path[folder.size()] == '/');
}

std::vector<std::string> watched_files() {
  std::vector<std::string> found;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(order().watched, error), end;
       !error && entry != end; entry.increment(error)) {
    if (entry->is_regular_file(error)) {
      found.push_back(entry->path().string());
    }
  }
  return found;
}

bool power_will_go() { return order().action == Order::PowerLoss; }

void die() {
  for (;;) {
    syscall(SYS_kill, getpid(), SIGKILL);
  }
}

long clock_offset(long now_secs) {
  const Order& now = order();
  if (now.clock_every == 0) {
    return now.clock_jump == 0 ? 0 : now.clock_jump - now_secs;
  }
  static std::atomic<unsigned long> looks{0};
  // There and back again: the clock is set forward, then back to before where it began, then right.
  const unsigned long turn = looks.fetch_add(1) / now.clock_every % 3;
  return turn == 0 ? 0 : turn == 1 ? now.clock_jump : -now.clock_jump;
}

}  // namespace director::fault_shim
