/// The SDK for plugins written in C++20: header-only, no dependency beyond the standard library.
///
/// A plugin derives from one of director::runner, vcs, gate, reviewer, sink or launcher and names
/// itself:
///
///     struct my_gate final : director::gate {
///       director::verdict check(const director::gate_request& request, director::host& host)
///       override;
///     };
///     DIRECTOR_PLUGIN(my_gate, "my-gate", "1.0")
///
/// Optional static members of the class: `summary` (one line) and `config_schema` (JSON Schema),
/// both `const char*`. It is made by `T::create(const instance_info&, host&)`, `T(const
/// instance_info&)` or `T()`, the first of these that exists. Names are those of the C ABI without
/// their prefix.
#pragma once

#include <concepts>
#include <cstring>

#include "director/gate.hpp"
#include "director/host.hpp"
#include "director/launcher.hpp"
#include "director/result.hpp"
#include "director/reviewer.hpp"
#include "director/runner.hpp"
#include "director/sink.hpp"
#include "director/vcs.hpp"

namespace director::detail {

template <typename T>
constexpr auto table_for() {
  if constexpr (std::derived_from<T, gate>) {
    return gate_table<T>{};
  } else if constexpr (std::derived_from<T, runner>) {
    return runner_table<T>{};
  } else if constexpr (std::derived_from<T, vcs>) {
    return vcs_table<T>{};
  } else if constexpr (std::derived_from<T, reviewer>) {
    return reviewer_table<T>{};
  } else if constexpr (std::derived_from<T, sink>) {
    return sink_table<T>{};
  } else {
    static_assert(std::derived_from<T, launcher>,
                  "derive from director::runner, vcs, gate, reviewer, sink or launcher");
    return launcher_table<T>{};
  }
}

template <typename T>
const void* find_interface(const char* id) {
  using table = decltype(table_for<T>());
  if (id == nullptr) {
    return nullptr;
  }
  if constexpr (requires { table::find_more(id); }) {
    if (const void* found = table::find_more(id)) {
      return found;
    }
  }
  return std::strcmp(id, table::interface_id) == 0 ? &table::table : nullptr;
}

template <typename T>
constexpr const char* summary_of() {
  if constexpr (requires { T::summary; }) {
    return T::summary;
  } else {
    return "";
  }
}

template <typename T>
constexpr const char* schema_of() {
  if constexpr (requires { T::config_schema; }) {
    return T::config_schema;
  } else {
    return nullptr;
  }
}

}  // namespace director::detail

#define DIRECTOR_PLUGIN(type, plugin_id, plugin_version)                                   \
  extern "C" DIRECTOR_EXPORT const director_plugin* director_plugin_entry(std::uint32_t,   \
                                                                          std::uint32_t) { \
    static constexpr director_plugin descriptor{sizeof(director_plugin),                   \
                                                DIRECTOR_ABI_MAJOR,                        \
                                                DIRECTOR_ABI_MINOR,                        \
                                                0,                                         \
                                                plugin_id,                                 \
                                                plugin_version,                            \
                                                director::detail::summary_of<type>(),      \
                                                director::detail::schema_of<type>(),       \
                                                &director::detail::find_interface<type>};  \
    return &descriptor;                                                                    \
  }
