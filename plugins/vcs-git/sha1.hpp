/// SHA-1, for the checksum at the end of a git index file. Not for security.
#pragma once

#include <array>
#include <string_view>

#include "director/result.hpp"

namespace director::vcs_git {

using Sha1 = std::array<unsigned char, 20>;

/// Errors: External where OpenSSL is told not to.
[[nodiscard]] Result<Sha1> sha1(std::string_view bytes);

}  // namespace director::vcs_git
