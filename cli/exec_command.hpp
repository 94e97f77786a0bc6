/// The command line of `director plugin check --exec`.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/file_store.hpp"
#include "director/result.hpp"

namespace director::cli {

/// The words of a command line as a shell reads them: blanks part them, '...', "..." and \ keep a
/// character as it is. Nothing is expanded, and what only a shell can do (|, >, &, ;, $, `, *) is
/// none of ours outside of quotes. Errors: Invalid for that, a quote without its end, no word.
[[nodiscard]] Result<std::vector<std::string>> split_command(std::string_view command);

/// The program that `command` means: the file, if it is one's path, else a program in `folder` that
/// starts the command with absolute paths, as it will run elsewhere: its first word as it is found
/// on PATH, and every other that names something there is. Errors: NotFound; those of
/// split_command(); Io.
[[nodiscard]] Result<std::filesystem::path> program_of(const std::string& command,
                                                       const std::filesystem::path& folder,
                                                       ports::FileStore& files);

}  // namespace director::cli
