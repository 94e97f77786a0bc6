/// Work that is kept, as people and scripts read it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/engine/kept.hpp"
#include "core/ports/clock.hpp"
#include "director/result.hpp"
#include "director/vcs.hpp"

namespace director::cli {

struct KeptLine {
  engine::KeptWork kept;
  std::size_t files = 0;    ///< that differ from the base
  std::uint64_t bytes = 0;  ///< of those files as they are kept
};

/// Errors: of the VCS.
[[nodiscard]] Result<KeptLine> kept_line(director::vcs& vcs, const engine::KeptWork& kept);

/// A line each, oldest first. Safe for a terminal.
[[nodiscard]] std::string kept_text(const std::vector<KeptLine>& lines, ports::WallTime now);
[[nodiscard]] std::string kept_json(const std::vector<KeptLine>& lines, ports::WallTime now);

/// What is known of one, then its diff; `stat`: the changed paths instead. Bytes as they are.
[[nodiscard]] Result<std::string> kept_details(director::vcs& vcs, const engine::KeptWork& kept,
                                               bool stat);

/// "3 d", "5 h", "12 min"; of something that lies ahead, "0 min".
[[nodiscard]] std::string age_text(ports::WallTime since, ports::WallTime now);

}  // namespace director::cli
