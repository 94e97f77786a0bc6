/// What a power loss takes of the watched folder: bytes that were not flushed, and names that were
/// given or taken since their folder was flushed.
#pragma once

#include <string>

namespace director::fault_shim {

/// Notes around the calls that change something. Every path is absolute.
void before_change(int fd, const std::string& path);  ///< a write to it or a cut
void after_flush(int fd, const std::string& path);    ///< of a file or of a folder
void after_create(const std::string& path);
void before_rename(const std::string& from, const std::string& to);
void forget_rename();  ///< the one just announced failed

/// Makes the folder look as after a power loss. What was not flushed is there, gone or torn, as the
/// seed has it.
void lose_power(unsigned long seed);

}  // namespace director::fault_shim
