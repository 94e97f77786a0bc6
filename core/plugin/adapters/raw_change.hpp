/// director_change, both ways.
#pragma once

#include <vector>

#include "core/plugin/instance.hpp"
#include "director/gate.hpp"

namespace director::plugin {

/// Borrows from `one`.
[[nodiscard]] inline director_change to_raw(const change& one) {
  return director_change{sizeof(director_change), static_cast<director_change_kind>(one.kind),
                         borrow(one.path), static_cast<director_file_type>(one.old_type),
                         static_cast<director_file_type>(one.new_type)};
}

/// Checked; a fault in `collector` if there is something wrong, and then nothing is added.
inline void add_change(const director_change* raw, Collector& collector,
                       std::vector<change>& into) {
  if (!is_whole(raw)) {
    collector.fault("sent a change of a wrong size");
    return;
  }
  const auto is_type = [](director_file_type type) {
    return type >= DIRECTOR_FILE_NONE && type <= DIRECTOR_FILE_OTHER;
  };
  if (!collector.check(raw->path)) {
    return;
  }
  if (raw->kind < DIRECTOR_ADDED || raw->kind > DIRECTOR_DELETED || !is_type(raw->old_type) ||
      !is_type(raw->new_type) || raw->path.size == 0) {
    collector.fault("sent a change with a path, kind or file type that the ABI does not have");
    return;
  }
  into.push_back({static_cast<change_kind>(raw->kind), std::string(view(raw->path)),
                  static_cast<file_type>(raw->old_type), static_cast<file_type>(raw->new_type)});
}

}  // namespace director::plugin
