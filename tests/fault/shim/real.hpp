/// The calls as the system has them.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace director::fault_shim {

int real_open(const char* path, int flags, mode_t mode);
int real_close(int fd);
ssize_t real_write(int fd, const void* bytes, std::size_t size);
int real_rename(const char* from, const char* to);
int real_unlink(const char* path);
/// Regular files below the watched folder.
std::vector<std::string> watched_files();

}  // namespace director::fault_shim
