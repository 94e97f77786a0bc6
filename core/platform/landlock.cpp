#include "core/platform/landlock.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/platform/call_filter.hpp"

namespace director::platform::landlock {
namespace {

// The kernel's interface, which grows faster than its headers: linux/landlock.h of 6.12.
constexpr std::uint64_t kTruncate = 1ULL << 14U;       // since ABI 3
constexpr std::uint64_t kDeviceControl = 1ULL << 15U;  // since ABI 5
constexpr std::uint64_t kTcp = 3;                      // bind and connect, since ABI 4
constexpr std::uint64_t kScopes = 3;                   // abstract sockets and signals, since ABI 6
constexpr int kTcpAbi = 4;
constexpr int kDeviceAbi = 5;
struct Ruleset {
  std::uint64_t files;
  std::uint64_t tcp;
  std::uint64_t scopes;
};

constexpr std::uint64_t kListing = LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kReading =
    kListing | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE;
constexpr std::uint64_t kUsing =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate | kDeviceControl;
constexpr std::uint64_t kWriting =
    kReading | kUsing | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER;
constexpr std::uint64_t kAll =
    kWriting | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;
/// What makes sense for what is no folder; the kernel refuses the rest.
constexpr std::uint64_t kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | kUsing;

std::uint64_t handled_at(int abi) {
  std::uint64_t all = kAll;
  if (abi < kDeviceAbi) {
    all &= ~kDeviceControl;
  }
  return all;
}

/// 0 or errno.
int allow(int ruleset, const char* path, std::uint64_t access) {
  const int fd = ::open(path, O_PATH | O_CLOEXEC);
  if (fd < 0) {
    return errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP ? 0 : errno;
  }
  struct stat info {};
  int error = ::fstat(fd, &info) == 0 ? 0 : errno;
  const bool is_folder = S_ISDIR(info.st_mode);
  struct landlock_path_beneath_attr rule {};
  rule.allowed_access = is_folder ? access : access & kOfFiles;
  rule.parent_fd = fd;
  if (error == 0 && rule.allowed_access != 0 &&
      ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    error = errno;
  }
  ::close(fd);
  return error;
}

bool is(const char* word, const char* option) { return std::strcmp(word, option) == 0; }

/// The rights that an option gives; 0: it is none that takes a path.
std::uint64_t rights_of(const char* option) {
  return is(option, kList)     ? kListing
         : is(option, kRead)   ? kReading
         : is(option, kWrite)  ? kWriting
         : is(option, kDevice) ? kUsing
                               : 0;
}

/// 0 or errno. What is not in the bounding set does not come back with another program.
int drop_capabilities() {
  for (unsigned long capability = 0; capability < 64; ++capability) {
    ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);  // refused where there is none to drop
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  struct __user_cap_header_struct header {
    _LINUX_CAPABILITY_VERSION_3, 0
  };
  struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] {};
  return ::syscall(SYS_capset, &header, none) == 0 ? 0 : errno;
}

}  // namespace

int abi() {
  const long version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version < 0 ? 0 : static_cast<int>(version);
}

int confine(char** words) {
  const int version = abi();
  if (version < kLeastAbi) {
    return version == 0 ? -errno : -ENOSYS;
  }
  int count = 0;
  bool has_network = true;
  for (; words[count] != nullptr && !is(words[count], kRulesEnd); ++count) {
    has_network = has_network && !is(words[count], kNoNetwork);
    count += rights_of(words[count]) != 0 && words[count + 1] != nullptr ? 1 : 0;
  }
  if (words[count] == nullptr) {
    return -EINVAL;
  }
  const std::uint64_t handled = handled_at(version);
  const Ruleset attributes{handled, !has_network && version >= kTcpAbi ? kTcp : 0,
                           version >= kScopingAbi ? kScopes : 0};
  const int ruleset =
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0));
  if (ruleset < 0) {
    return -errno;
  }
  int error = 0;
  for (int i = 0; i < count && error == 0; ++i) {
    if (const std::uint64_t rights = rights_of(words[i]); rights != 0) {
      error = allow(ruleset, words[++i], rights & handled);
    } else if (!is(words[i], kNoNetwork)) {
      error = EINVAL;
    }
  }
  // What commands leave in System V's memory, queues and semaphores is nobody else's, where this
  // may be done at all.
  (void)::unshare(CLONE_NEWIPC);
  if (error == 0) {
    error = drop_capabilities();
  }
  if (error == 0 && (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
                     ::syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)) {
    error = errno;
  }
  ::close(ruleset);
  if (error == 0 && !has_network) {
    error = close_network();
  }
  return error == 0 ? count + 1 : -error;
}

}  // namespace director::platform::landlock
