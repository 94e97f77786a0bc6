/// SHA-1 (FIPS 180-4), for the checksum at the end of a git index file. Not for security.
#pragma once

#include <array>
#include <string_view>

namespace director::vcs_git {

[[nodiscard]] std::array<unsigned char, 20> sha1(std::string_view bytes);

}  // namespace director::vcs_git
