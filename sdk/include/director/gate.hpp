/// Write a gate: derive from director::gate, implement check().
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "director/instance.hpp"
#include "director/text.hpp"

namespace director {

enum class change_kind : std::int32_t { added = 1, modified, deleted };
enum class file_type : std::int32_t {
  none = 0,
  regular,
  executable,
  symlink,
  submodule,
  other  ///< FIFO, socket, device, nested repository: no tree can hold it
};

/// One difference between two trees. A rename is a deletion and an addition.
struct change {
  change_kind kind = change_kind::modified;
  std::string path;  ///< relative, bytes
  file_type old_type = file_type::none;
  file_type new_type = file_type::none;
};

enum class gate_scope : std::int32_t { node = 1, integration };

/// Views are borrowed for the call.
struct gate_request {
  gate_scope scope = gate_scope::node;
  std::string_view name;
  std::string_view command;
  std::string_view workdir;  ///< absolute; a clean checkout
  std::string_view node;     ///< empty for integration
  std::vector<change> changes;
};

/// What a gate says. Anything but pass() keeps the candidate from landing. The texts may hold any
/// bytes, such as a command's output: what is not UTF-8 reaches the host as U+FFFD, and a line
/// break of the summary as a space.
struct verdict {
  director_gate_outcome outcome = DIRECTOR_GATE_ERROR;
  std::string summary;
  std::string detail;
  int exit_code = -1;

  static verdict pass(std::string summary, std::string detail = {}) {
    return {DIRECTOR_GATE_PASS, std::move(summary), std::move(detail), -1};
  }
  static verdict fail(std::string summary, std::string detail = {}) {
    return {DIRECTOR_GATE_FAIL, std::move(summary), std::move(detail), -1};
  }
  /// The gate could not be run.
  static verdict error(std::string summary, std::string detail = {}) {
    return {DIRECTOR_GATE_ERROR, std::move(summary), std::move(detail), -1};
  }
};

struct gate {
  virtual ~gate() = default;
  /// Blocks; poll `services.cancelled()` in long work.
  [[nodiscard]] virtual verdict check(const gate_request& request, host& services) = 0;
};

namespace detail {

template <typename T>
struct gate_table {
  using base = gate;
  static constexpr const char* interface_id = DIRECTOR_GATE;

  static director_status check(void* instance, const director_host* raw_host,
                               const director_gate_request* request, const director_gate_sink* sink,
                               director_error* error) {
    return fence(error, [&]() -> Status {
      host services(raw_host);
      gate_request seen{static_cast<gate_scope>(request->scope),
                        view(request->name),
                        view(request->command),
                        view(request->workdir),
                        view(request->node),
                        {}};
      for (std::size_t i = 0; i < request->change_count; ++i) {
        const director_change& raw = *request->changes[i];
        seen.changes.push_back({static_cast<change_kind>(raw.kind), std::string(view(raw.path)),
                                static_cast<file_type>(raw.old_type),
                                static_cast<file_type>(raw.new_type)});
      }
      const verdict said = static_cast<gate*>(instance)->check(seen, services);
      const std::string summary = one_line(said.summary);
      const outgoing words(said.detail);
      const director_gate_verdict raw{
          sizeof(director_gate_verdict), said.outcome, said.exit_code, 0, borrow(summary),
          borrow(words.view())};
      sink->verdict(sink->context, &raw);
      return ok();
    });
  }

  static constexpr director_gate table{sizeof(director_gate), 0, &instances<gate, T>::table,
                                       &check};
};

}  // namespace detail
}  // namespace director
