/// The task of a job, as a person hands it over.
#pragma once

#include <optional>
#include <string>

#include "core/ports/file_store.hpp"
#include "director/result.hpp"

namespace director::cli {

/// The task as the journal keeps it: UTF-8, without blanks around it.
[[nodiscard]] std::string normal_task(const std::string& text);

/// `given` in words, or what is in the file `input` ("-": standard input); both absent: empty.
/// Errors: Invalid for both at once or an empty task; those of reading, naming the file.
[[nodiscard]] Result<std::string> read_task(ports::FileStore& files,
                                            const std::optional<std::string>& given,
                                            const std::optional<std::string>& input);

}  // namespace director::cli
