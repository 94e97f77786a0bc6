/// What the headers declare, read from their text: a table that somebody wrote may lack something.
#pragma once

#include <filesystem>
#include <set>
#include <string>

namespace director::abi_test {

/// "director_gate", "director_gate.check", "DIRECTOR_OK", ... of every header in `folder`/abi. An
/// enumerator without a value of its own comes as "DIRECTOR_X without a value".
[[nodiscard]] std::set<std::string> declared_in(const std::filesystem::path& folder);

/// The same of one text.
[[nodiscard]] std::set<std::string> declarations(std::string text);

}  // namespace director::abi_test
