/// The files of control groups.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "director/result.hpp"

namespace director::platform {

/// The folder of the control group that a process is in, from its /proc/<pid>/cgroup and mountinfo.
/// Pure. Errors: External, saying why there is none that could be used: only version 1, or a hybrid
/// of both, whose controllers are out of reach.
[[nodiscard]] Result<std::string> own_cgroup(std::string_view proc_cgroup,
                                             std::string_view mountinfo);
/// The same of this process.
[[nodiscard]] Result<std::string> own_cgroup();

/// Writes to a file that is there. Errors: Conflict where the kernel says that it is busy; as
/// os_error() else.
[[nodiscard]] Status write_control(const std::filesystem::path& file, std::string_view text);
/// Empty where it cannot be read.
[[nodiscard]] std::vector<std::string> read_words(const std::filesystem::path& file);
/// The number behind `name` in lines of "name number", or the only one in a file where `name` is
/// empty; 0 where there is none.
[[nodiscard]] std::int64_t read_count(const std::filesystem::path& file, std::string_view name);

/// Removes a group with those below it, once what is being killed in there has gone. One that does
/// not empty within two seconds is left.
void remove_group(const std::filesystem::path& folder);

}  // namespace director::platform
