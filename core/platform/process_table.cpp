#include "core/platform/process_table.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace director::platform {
namespace {

struct DirectoryEntry {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t size;
  std::uint8_t type;
  char name[1];
};

pid_t parse_pid(const char* text) {
  pid_t pid = 0;
  for (; *text >= '0' && *text <= '9'; ++text) {
    pid = pid * 10 + (*text - '0');
  }
  return pid;
}

/// Skips `count` fields of a line that are separated by single spaces; nullptr: it has fewer.
const char* after_fields(const char* text, int count) {
  for (; text != nullptr && count > 0; --count) {
    text = ::strchr(text, ' ');
    text = text == nullptr ? nullptr : text + 1;
  }
  return text;
}

std::uint64_t parse_number(const char* text) {
  std::uint64_t number = 0;
  for (; *text >= '0' && *text <= '9'; ++text) {
    number = number * 10 + static_cast<std::uint64_t>(*text - '0');
  }
  return number;
}

/// Reads /proc/<pid>/stat: "pid (any (name)) S ppid ..."; false if it is gone, or only waits for
/// its parent to notice.
bool read_process(int proc, const char* pid, Process& process) {
  char path[32];
  const std::string_view name(pid);
  if (name.size() > 16) {
    return false;
  }
  name.copy(path, name.size());
  std::memcpy(path + name.size(), "/stat", 6);
  errno = 0;  // what is asked for if there is nothing to read
  const int fd = ::openat(proc, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return false;
  }
  char text[512];
  const ssize_t size = ::read(fd, text, sizeof(text) - 1);
  ::close(fd);
  if (size <= 0) {
    return false;
  }
  text[size] = '\0';
  const char* name_end = ::strrchr(text, ')');
  if (name_end == nullptr || name_end[1] != ' ' || name_end[2] == '\0' || name_end[3] != ' ') {
    return false;
  }
  constexpr int kFromParentToTimes = 10;
  constexpr int kTimes = 4;  // of itself and of its children, in the kernel or not
  constexpr int kFromTimesToThreads = 6;
  constexpr int kFromThreadsToStart = 2;
  constexpr int kFromStartToResident = 2;
  const char* parent = name_end + 4;
  const char* times = after_fields(parent, kFromParentToTimes);
  const char* threads = after_fields(times, kFromTimesToThreads);
  const char* started = after_fields(threads, kFromThreadsToStart);
  const char* resident = after_fields(started, kFromStartToResident);
  process.pid = parse_pid(pid);
  process.parent = parse_pid(parent);
  process.cpu_ticks = 0;
  for (int i = 0; times != nullptr && i < kTimes; ++i) {
    process.cpu_ticks += parse_number(times);
    times = after_fields(times, 1);
  }
  process.started = started == nullptr ? 0 : parse_number(started);
  process.resident_pages =
      resident == nullptr ? 0 : static_cast<std::int64_t>(parse_number(resident));
  // That of its first thread, which can end before the others.
  const char state = name_end[2];
  return state != 'X' && (state != 'Z' || (threads != nullptr && parse_number(threads) > 1));
}

/// Whether what was just opened may be there, and there is nothing left to open it with.
bool ran_out() { return errno == EMFILE || errno == ENFILE || errno == ENOMEM; }

/// Calls `visit` with the name of each entry of `folder` that is a number until it says false;
/// false if it did, or if the folder cannot be read.
template <typename Visit>
bool each_number(const char* folder, const Visit& visit) {
  const int proc = ::open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) {
    return false;
  }
  bool going_on = true;
  alignas(DirectoryEntry) char buffer[8192];
  long size = 0;
  while (going_on && (size = ::syscall(SYS_getdents64, proc, buffer, sizeof(buffer))) > 0) {
    for (long at = 0; going_on && at < size;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer + at);
      at += entry->size;
      going_on = parse_pid(entry->name) <= 0 || visit(proc, entry->name);
    }
  }
  ::close(proc);
  return going_on && size == 0;
}

/// Calls `visit` with the name of each folder of a process until it says false; false if it did, or
/// if there is no table.
template <typename Visit>
bool each_process(const Visit& visit) {
  return each_number("/proc", visit);
}

/// Calls `visit` with each number of a file that separates them by spaces.
template <typename Visit>
void each_number_in(int fd, const Visit& visit) {
  char buffer[4096];
  pid_t number = 0;
  for (ssize_t size = 0; (size = ::read(fd, buffer, sizeof(buffer))) > 0;) {
    for (ssize_t at = 0; at < size; ++at) {
      if (buffer[at] >= '0' && buffer[at] <= '9') {
        number = number * 10 + (buffer[at] - '0');
      } else if (number > 0) {
        visit(number);
        number = 0;
      }
    }
  }
}

/// Calls `visit` with each child of this process, whichever of its threads has it; false if there
/// was nothing left to look with.
template <typename Visit>
bool each_own_child(const Visit& visit) {
  return each_number("/proc/self/task", [&visit](int tasks, const char* name) {
    char path[32];
    const std::string_view thread(name);
    if (thread.size() > 16) {
      return true;
    }
    thread.copy(path, thread.size());
    std::memcpy(path + thread.size(), "/children", 10);
    const int fd = ::openat(tasks, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      return !ran_out();
    }
    each_number_in(fd, visit);
    ::close(fd);
    return true;
  });
}

/// Whether the table that is mounted at /proc was told to hide.
bool is_told_to_hide() {
  const int fd = ::open("/proc/self/mounts", O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return true;
  }
  // An option of nothing but proc; off, it is not told. Seen across the seams of what is read.
  constexpr std::string_view kOption = "hidepid=";
  constexpr std::size_t kKept = kOption.size() - 1;
  char buffer[4096];
  std::size_t kept = 0;
  bool is_found = false;
  for (ssize_t size = 0;
       !is_found && (size = ::read(fd, buffer + kept, sizeof(buffer) - kept)) > 0;) {
    const std::string_view text(buffer, kept + static_cast<std::size_t>(size));
    is_found = text.find(kOption) != std::string_view::npos;
    kept = text.size() < kKept ? text.size() : kKept;
    std::memmove(buffer, text.data() + text.size() - kept, kept);
  }
  ::close(fd);
  return is_found;
}

}  // namespace

bool knows_own_children() { return ::access("/proc/thread-self/children", R_OK) == 0; }

bool sees_all_processes() {
  Process first;
  return !is_told_to_hide() && (read_process(1, first) || is_gone(1));
}

int kill_children_of(pid_t parent, bool (*spare)(pid_t child)) {
  int killed = 0;
  bool saw_own = true;
  if (parent == ::getpid()) {
    saw_own = each_own_child([&](pid_t child) {
      if (!spare(child)) {
        killed += ::kill(child, SIGKILL) == 0 ? 1 : 0;
      }
    });
  }
  const bool saw_all = each_process([&](int proc, const char* name) {
    Process process;
    if (!read_process(proc, name, process) && process.pid == 0 && ran_out()) {
      return false;
    }
    if (process.pid > 0 && process.parent == parent && !spare(process.pid)) {
      killed += ::kill(process.pid, SIGKILL) == 0 ? 1 : 0;
    }
    return true;
  });
  return saw_own && saw_all ? killed : -1;
}

int descendants_of(pid_t root, Process* table, int capacity) {
  int count = 0;
  const bool complete = each_process([&](int proc, const char* name) {
    if (count == capacity) {
      return false;
    }
    Process process;
    if (read_process(proc, name, process)) {
      table[count++] = process;
      return true;
    }
    return process.pid != 0 || !ran_out();
  });
  if (!complete) {
    return -1;
  }
  // Parents may stand after their children.
  for (bool found = true; found;) {
    found = false;
    for (int i = 0; i < count; ++i) {
      if (table[i].is_below) {
        continue;
      }
      bool below = table[i].parent == root;
      for (int j = 0; !below && j < count; ++j) {
        below = table[j].is_below && table[j].pid == table[i].parent;
      }
      table[i].is_below = below;
      found = found || below;
    }
  }
  int kept = 0;
  for (int i = 0; i < count; ++i) {
    if (table[i].is_below) {
      table[kept++] = table[i];
    }
  }
  return kept;
}

bool read_process(pid_t pid, Process& process) {
  const int proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) {
    return false;
  }
  char name[16];
  char* digit = name + sizeof(name) - 1;
  *digit = '\0';
  for (pid_t rest = pid; rest > 0; rest /= 10) {
    *--digit = static_cast<char>('0' + rest % 10);
  }
  const bool found = *digit != '\0' && read_process(proc, digit, process);
  ::close(proc);
  return found;
}

bool is_gone(pid_t process) { return ::kill(process, 0) != 0 && errno == ESRCH; }

}  // namespace director::platform
