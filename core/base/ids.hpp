/// Strong types for the ids that travel through the kernel. Pure.
#pragma once

#include <compare>
#include <functional>
#include <ostream>
#include <string>
#include <utility>

namespace director {

/// A string that only mixes with its own kind.
template <typename Tag>
struct Id {
  std::string value;

  Id() = default;
  explicit Id(std::string text) : value(std::move(text)) {}

  [[nodiscard]] bool empty() const { return value.empty(); }
  friend auto operator<=>(const Id&, const Id&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Id& id) { return out << id.value; }
};

using JobId = Id<struct JobTag>;    ///< "20260131-094500"
using NodeId = Id<struct NodeTag>;  ///< unique in a plan, fit for a branch name
using Oid = Id<struct OidTag>;      ///< a commit's or tree's id, opaque

}  // namespace director

template <typename Tag>
struct std::hash<director::Id<Tag>> {
  std::size_t operator()(const director::Id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.value);
  }
};
