#include "core/platform/layer.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

namespace director::platform {
namespace {

bool write_once(const char* file, const char* text, std::size_t size) {
  const int fd = ::open(file, O_WRONLY | O_CLOEXEC);
  if (fd < 0) {
    return false;
  }
  const bool written = ::write(fd, text, size) == static_cast<ssize_t>(size);
  const int error = errno;
  ::close(fd);
  errno = error;
  return written;
}

/// This process as the same user, who may mount there.
bool enter_user_namespace(const LayerMount& mount) {
  constexpr char kDeny[] = "deny";
  return ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
         write_once("/proc/self/uid_map", mount.uid_map.c_str(), mount.uid_map.size()) &&
         write_once("/proc/self/setgroups", kDeny, sizeof(kDeny) - 1) &&
         write_once("/proc/self/gid_map", mount.gid_map.c_str(), mount.gid_map.size());
}

std::string same_id(unsigned id) { return std::to_string(id) + " " + std::to_string(id) + " 1"; }

}  // namespace

std::optional<LayerMount> layer_mount(const ports::Layer& layer) {
  for (const std::string* path : {&layer.folder, &layer.upper, &layer.work}) {
    if (path->find_first_of(",:\\") != std::string::npos) {
      return std::nullopt;
    }
  }
  // Nothing of it has to outlast a power failure.
  const std::string options = "lowerdir=" + layer.folder + ",upperdir=" + layer.upper +
                              ",workdir=" + layer.work + ",index=off,volatile";
  LayerMount mount;
  mount.folder = layer.folder;
  // Without it a folder that the layer has from below cannot be renamed.
  mount.as_root = options + ",redirect_dir=on";
  mount.as_user = options + ",userxattr";
  mount.uid_map = same_id(::geteuid());
  mount.gid_map = same_id(::getegid());
  return mount;
}

int lay(const LayerMount& mount) {
  const bool as_root = ::unshare(CLONE_NEWNS) == 0;
  if (!as_root && !enter_user_namespace(mount)) {
    return errno;
  }
  // Or the mount would show in the namespace that this one was copied from.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
    return errno;
  }
  const std::string& options = as_root ? mount.as_root : mount.as_user;
  return ::mount("overlay", mount.folder.c_str(), "overlay", MS_NODEV | MS_NOSUID,
                 options.c_str()) == 0
             ? 0
             : errno;
}

}  // namespace director::platform
