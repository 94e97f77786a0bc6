/// What a ref says, whether or not there is anything behind it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "director/result.hpp"
#include "director/vcs.hpp"

namespace director::ports {

/// The commit that the ref `name` names, also one that was collected as garbage, which resolve()
/// does not find; empty if there is no such ref. Takes the longer the more refs there are. Errors:
/// those of the plugin.
[[nodiscard]] inline Result<std::string> ref_value(director::vcs& vcs, std::string_view name) {
  DIRECTOR_TRY(const std::vector<director::ref> alike, vcs.list_refs(name));
  for (const director::ref& ref : alike) {
    if (ref.name == name) {
      return ref.oid;
    }
  }
  return std::string();
}

}  // namespace director::ports
