/// Making and ending a plugin's instances: the part that all kinds share.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <utility>

#include "director/fence.hpp"
#include "director/host.hpp"
#include "director/plugin.h"
#include "director/result.hpp"

namespace director {

/// What an instance is made with; see director_instance_request.
struct instance_info {
  std::string config_json;  ///< the plugin's table as a JSON object, checked against its schema
  std::string repo_dir;     ///< absolute
  std::string state_dir;    ///< absolute: the repository's .director
  std::string cache_dir;    ///< absolute: private to this plugin and repository, outside of it
};

namespace detail {

template <typename T>
concept fallible = requires(const instance_info& info, host& services) {
  { T::create(info, services) } -> std::same_as<Result<std::unique_ptr<T>>>;
};

/// T::create(info, host) if there is one, else T(info), else T().
template <typename T>
Result<std::unique_ptr<T>> make(const instance_info& info, host& services) {
  if constexpr (fallible<T>) {
    return T::create(info, services);
  } else if constexpr (std::constructible_from<T, const instance_info&>) {
    return std::make_unique<T>(info);
  } else {
    return std::make_unique<T>();
  }
}

/// Handles are pointers to `Base`, so that one set of trampolines serves every implementation.
template <typename Base, typename T>
struct instances {
  static director_status create(const director_host* raw_host,
                                const director_instance_request* request, void** instance,
                                director_error* error) {
    return fence(error, [&]() -> Status {
      host services(raw_host);
      const instance_info info{
          std::string(view(request->config_json)), std::string(view(request->repo_dir)),
          std::string(view(request->state_dir)), std::string(view(request->cache_dir))};
      DIRECTOR_TRY(std::unique_ptr<T> made, make<T>(info, services));
      *instance = static_cast<void*>(static_cast<Base*>(made.release()));
      return ok();
    });
  }

  static void destroy(void* instance) {
    (void)fence(nullptr, [&]() -> Status {
      delete static_cast<Base*>(instance);
      return ok();
    });
  }

  static constexpr director_instances table{sizeof(director_instances), 0, &create, &destroy};
};

inline void write_text(const director_text_sink* sink, std::string_view text) {
  sink->write(sink->context, borrow(text));
}

}  // namespace detail
}  // namespace director
