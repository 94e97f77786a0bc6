/// An agent's transcript as a person reads it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace director::cli {

/// What to print for one line of a transcript; empty: nothing worth printing. Ends with a line
/// feed. Knows OpenCode's event lines; any other line, whole or not, is shown shortened. Whatever
/// the bytes are, the result is UTF-8 and nothing in it moves or recolours a terminal.
[[nodiscard]] std::string show_event(std::string_view line);

/// A line of the tool's stderr.
[[nodiscard]] std::string show_stderr(std::string_view line);

}  // namespace director::cli
