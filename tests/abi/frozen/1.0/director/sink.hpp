/// Write a sink: derive from director::sink, keep the records you understand.
#pragma once

#include <cstdint>
#include <string_view>

#include "director/instance.hpp"

namespace director {

/// Views are borrowed for the call.
struct record {
  std::uint64_t sequence = 0;  ///< of the journal event behind it
  std::string_view job;
  std::string_view kind;  ///< "event", "cost", "node", "run"; ignore what you do not know
  std::string_view json;
};

struct sink {
  virtual ~sink() = default;
  /// A record may be offered again: job, kind, sequence and, where the object has one, its "node"
  /// tell.
  [[nodiscard]] virtual Status emit(const record& entry, host& services) = 0;
  /// Everything emitted is durable on return.
  [[nodiscard]] virtual Status flush(host& services) = 0;
};

namespace detail {

template <typename T>
struct sink_table {
  using base = sink;
  static constexpr const char* interface_id = DIRECTOR_SINK;

  static director_status emit(void* instance, const director_host* raw_host,
                              const director_record* raw, director_error* error) {
    return fence(error, [&]() -> Status {
      host services(raw_host);
      return static_cast<sink*>(instance)->emit(
          record{raw->sequence, view(raw->job), view(raw->kind), view(raw->json)}, services);
    });
  }

  static director_status flush(void* instance, const director_host* raw_host,
                               director_error* error) {
    return fence(error, [&]() -> Status {
      host services(raw_host);
      return static_cast<sink*>(instance)->flush(services);
    });
  }

  static constexpr director_sink table{sizeof(director_sink), 0, &instances<sink, T>::table, &emit,
                                       &flush};
};

}  // namespace detail
}  // namespace director
