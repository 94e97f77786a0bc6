#include "power.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "real.hpp"

namespace director::fault_shim {
namespace {

struct File {
  std::string flushed;  ///< the bytes that are safe
  bool dirty = false;
};

/// A name that the folder's next flush makes safe.
struct Naming {
  std::string from;  ///< empty: a file that was made
  std::string to;
  std::optional<std::string> replaced;  ///< bytes that stood under `to` before
};

struct Disk {
  std::mutex mutex;
  std::map<ino_t, File> files;
  std::vector<Naming> namings;
};

Disk& disk() {
  static Disk& the_one = *new Disk;  // outlives whatever runs at the process's end
  return the_one;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::optional<std::string> bytes_of(const std::string& path) {
  const int fd = real_open(path.c_str(), O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) {
    return std::nullopt;
  }
  std::string bytes;
  char piece[65536];
  for (ssize_t got = 0; (got = read(fd, piece, sizeof piece)) > 0;) {
    bytes.append(piece, static_cast<std::size_t>(got));
  }
  real_close(fd);
  return bytes;
}

void put_bytes(const std::string& path, const std::string& bytes) {
  const int fd = real_open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) {
    return;
  }
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t wrote = real_write(fd, bytes.data() + done, bytes.size() - done);
    if (wrote <= 0) {
      break;
    }
    done += static_cast<std::size_t>(wrote);
  }
  real_close(fd);
}

ino_t inode_of(int fd) {
  struct stat info {};
  return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? info.st_ino : 0;
}

/// Between what was flushed and what was written: either, or a part of what was appended.
std::string torn(const File& file, const std::string& now, std::mt19937& random) {
  const bool appended =
      now.size() > file.flushed.size() && now.compare(0, file.flushed.size(), file.flushed) == 0;
  switch (random() % 3) {
    case 0:
      return file.flushed;
    case 1:
      return now;
    default:
      break;
  }
  if (!appended) {
    return file.flushed;
  }
  const std::size_t more = random() % (now.size() - file.flushed.size() + 1);
  std::string kept = now.substr(0, file.flushed.size() + more);
  if (random() % 4 == 0) {
    kept.resize(now.size(), '\0');  // the length was written and the bytes were not
  }
  return kept;
}

void undo(const Naming& naming) {
  if (naming.from.empty()) {
    real_unlink(naming.to.c_str());
    return;
  }
  real_rename(naming.to.c_str(), naming.from.c_str());
  if (naming.replaced) {
    put_bytes(naming.to, *naming.replaced);
  }
}

}  // namespace

void before_change(int fd, const std::string& path) {
  const ino_t inode = inode_of(fd);
  if (inode == 0) {
    return;
  }
  const std::lock_guard guard(disk().mutex);
  const auto [entry, is_new] = disk().files.try_emplace(inode);
  if (is_new) {
    entry->second.flushed = bytes_of(path).value_or("");
  }
  entry->second.dirty = true;
}

void after_flush(int fd, const std::string& path) {
  const std::lock_guard guard(disk().mutex);
  if (const ino_t inode = inode_of(fd); inode != 0) {
    disk().files[inode] = {bytes_of(path).value_or(""), false};
    return;
  }
  std::vector<Naming>& namings = disk().namings;
  namings.erase(std::remove_if(namings.begin(), namings.end(),
                               [&](const Naming& one) { return folder_of(one.to) == path; }),
                namings.end());
}

void after_create(const std::string& path) {
  const std::lock_guard guard(disk().mutex);
  struct stat info {};
  if (stat(path.c_str(), &info) == 0) {
    disk().files[info.st_ino] = {};  // the number may be that of a file that is gone
  }
  disk().namings.push_back({"", path, std::nullopt});
}

void before_rename(const std::string& from, const std::string& to) {
  const std::lock_guard guard(disk().mutex);
  disk().namings.push_back({from, to, bytes_of(to)});
}

void forget_rename() {
  const std::lock_guard guard(disk().mutex);
  disk().namings.pop_back();
}

void lose_power(unsigned long seed) {
  disk().mutex.lock();  // and never given back: nobody writes any more
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  std::map<ino_t, File>& files = disk().files;
  // A file's bytes first: names move below.
  for (const std::string& path : watched_files()) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) {
      continue;
    }
    const auto found = files.find(info.st_ino);
    if (found != files.end() && found->second.dirty) {
      put_bytes(path, torn(found->second, bytes_of(path).value_or(""), random));
    }
  }
  const std::vector<Naming> namings = disk().namings;
  for (auto naming = namings.rbegin(); naming != namings.rend(); ++naming) {
    // Names of one folder reach the disk in their order: once one is safe, so is what came before.
    if (random() % 2 == 0) {
      break;
    }
    undo(*naming);
  }
}

}  // namespace director::fault_shim
