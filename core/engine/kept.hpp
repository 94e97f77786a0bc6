/// Work of agents that did not land. It is kept as commits that only refs below
/// refs/director/kept/<job>/<node>/ name, so that it survives the slot it was made in and git's
/// garbage collection. See docs/adr/0010-what-is-kept.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/ports/clock.hpp"
#include "director/result.hpp"
#include "director/vcs.hpp"

namespace director::engine {

inline constexpr std::string_view kKeptRefs = "refs/director/kept/";

/// Where an attempt of a node stood, and what came of it.
struct UnlandedWork {
  JobId job;
  NodeId node;
  int attempt = 0;
  Oid base;  ///< commit; empty: not known any more
  Oid tree;
  std::string why;     ///< a few words, for lists: "its tests failed"
  std::string detail;  ///< the reason in full; any bytes
};

struct KeptWork {
  std::string id;  ///< "<job>/<node>/<attempt>", as in the ref; "-2" behind it for a second one
  JobId job;
  NodeId node;
  int attempt = 0;
  Oid commit;
  Oid tree;
  Oid base;  ///< commit; empty: not known
  std::string why;
  std::optional<ports::WallTime> since;
};

/// Keeps the work; returns its id. Work that is kept already is not kept twice. Errors: of the VCS.
[[nodiscard]] Result<std::string> keep_work(director::vcs& vcs, const UnlandedWork& work,
                                            ports::WallTime now);

/// All that is kept, oldest first. What stands below kKeptRefs without being readable as kept work
/// is left out.
[[nodiscard]] Result<std::vector<KeptWork>> list_kept(director::vcs& vcs);

/// Whether it has been kept for longer than `age`; false where its beginning is not known.
[[nodiscard]] bool is_older_than(const KeptWork& kept, std::chrono::hours age, ports::WallTime now);

[[nodiscard]] Status drop_kept(director::vcs& vcs, const KeptWork& kept);

/// Drops what has been kept for longer than `age`; returns how many. Errors: of the VCS, once the
/// others are dropped.
[[nodiscard]] Result<int> drop_older_than(director::vcs& vcs, std::chrono::hours age,
                                          ports::WallTime now);

/// `text` as one part of a ref's name: what git refuses becomes '-'.
[[nodiscard]] std::string ref_part(std::string_view text);

}  // namespace director::engine
