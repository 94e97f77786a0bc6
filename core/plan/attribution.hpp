/// Where the output of a failing check points: at the node's own files, or elsewhere. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/plan.hpp"

namespace director::plan {

enum class Points : std::uint8_t {
  Nowhere,  ///< it names no file of the repository, or only the node's tests
  Inside,   ///< it names a file that the node may change
  Outside,  ///< it names files of the repository, and none that the node may change
};

/// "nowhere", "inside", "outside".
[[nodiscard]] std::string_view to_string(Points points);
/// Nowhere for anything else.
[[nodiscard]] Points parse_points(std::string_view text);

struct Attribution {
  Points points = Points::Nowhere;
  std::vector<std::string> outside;  ///< the files named that the node may not change; a few
};

/// Reads what a command printed in `workdir`. A file counts as named by its path, absolute or
/// relative, or as a dotted module. `is_file` says whether the candidate has such a path; it is
/// asked a bounded number of times. Linear in the output.
[[nodiscard]] Attribution attribute(const Node& node, std::string_view output,
                                    std::string_view workdir,
                                    const std::function<bool(const std::string&)>& is_file);

/// For the next attempt and for people, a paragraph; empty unless the output points outside.
[[nodiscard]] std::string describe(const Attribution& attribution);

}  // namespace director::plan
