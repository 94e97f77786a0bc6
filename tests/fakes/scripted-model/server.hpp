/// The HTTP side: connections on loopback, nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "endpoint.hpp"

namespace director::scripted_model {

struct ServeOptions {
  std::string host = "127.0.0.1";  ///< An address; anything but loopback is refused.
  std::uint16_t port = 0;          ///< 0: a free one.
};

/// Serves until SIGTERM or SIGINT, on the calling thread. `ready` gets the base URL and the port
/// once connections are accepted; its error ends the serving.
/// Errors: Invalid for the host; Io where the port cannot be had.
[[nodiscard]] Status serve(const ServeOptions& options, Endpoint& endpoint,
                           const std::function<Status(const std::string&, std::uint16_t)>& ready);

}  // namespace director::scripted_model
