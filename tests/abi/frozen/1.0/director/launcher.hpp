/// Write a launcher: derive from director::launcher, rewrite commands into ones that start here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "director/instance.hpp"

namespace director {

enum class launch_purpose : std::int32_t { agent = 1, gate, setup, tool };

/// Views are borrowed for the call.
struct launch_request {
  launch_purpose purpose = launch_purpose::gate;
  std::vector<std::string_view> argv;
  std::string_view cwd;
  std::vector<std::string_view> env;  ///< "NAME=value", the whole environment
};

struct launch {
  std::vector<std::string> argv;
  std::vector<std::string> env;  ///< added to the environment
};

struct launcher {
  virtual ~launcher() = default;
  /// Starts nothing itself.
  [[nodiscard]] virtual Result<launch> prepare(const launch_request& request, host& services) = 0;
};

namespace detail {

template <typename T>
struct launcher_table {
  using base = launcher;
  static constexpr const char* interface_id = DIRECTOR_LAUNCHER;

  static director_status prepare(void* instance, const director_host* raw_host,
                                 const director_launch_request* raw,
                                 const director_launch_sink* sink, director_error* error) {
    return fence(error, [&]() -> Status {
      host services(raw_host);
      launch_request request{static_cast<launch_purpose>(raw->purpose), {}, view(raw->cwd), {}};
      for (std::size_t i = 0; i < raw->argv_count; ++i) {
        request.argv.push_back(view(raw->argv[i]));
      }
      for (std::size_t i = 0; i < raw->env_count; ++i) {
        request.env.push_back(view(raw->env[i]));
      }
      DIRECTOR_TRY(const launch made, static_cast<launcher*>(instance)->prepare(request, services));
      for (const std::string& arg : made.argv) {
        sink->arg(sink->context, borrow(arg));
      }
      for (const std::string& variable : made.env) {
        sink->env(sink->context, borrow(variable));
      }
      return ok();
    });
  }

  static constexpr director_launcher table{sizeof(director_launcher), 0,
                                           &instances<launcher, T>::table, &prepare};
};

}  // namespace detail
}  // namespace director
