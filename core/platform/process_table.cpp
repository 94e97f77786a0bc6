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

/// Reads the parent from /proc/<pid>/stat: "pid (any (name)) S ppid ..."; -1 if it is gone.
pid_t parent_of(int proc, const char* pid) {
  char path[32];
  const std::string_view name(pid);
  if (name.size() > 16) {
    return -1;
  }
  name.copy(path, name.size());
  std::memcpy(path + name.size(), "/stat", 6);
  const int fd = ::openat(proc, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return -1;
  }
  char text[256];
  const ssize_t size = ::read(fd, text, sizeof(text) - 1);
  ::close(fd);
  if (size <= 0) {
    return -1;
  }
  text[size] = '\0';
  const char* name_end = ::strrchr(text, ')');
  if (name_end == nullptr || name_end[1] != ' ' || name_end[2] == '\0' || name_end[3] != ' ') {
    return -1;
  }
  return parse_pid(name_end + 4);
}

}  // namespace

int kill_children_of(pid_t parent, bool (*spare)(pid_t child)) {
  const int proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) {
    return 0;
  }
  int killed = 0;
  alignas(DirectoryEntry) char buffer[8192];
  long size = 0;
  while ((size = ::syscall(SYS_getdents64, proc, buffer, sizeof(buffer))) > 0) {
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer + at);
      at += entry->size;
      const pid_t pid = parse_pid(entry->name);
      if (pid > 0 && parent_of(proc, entry->name) == parent && !spare(pid)) {
        killed += ::kill(pid, SIGKILL) == 0 ? 1 : 0;
      }
    }
  }
  ::close(proc);
  return killed;
}

bool is_gone(pid_t process) { return ::kill(process, 0) != 0 && errno == ESRCH; }

}  // namespace director::platform
