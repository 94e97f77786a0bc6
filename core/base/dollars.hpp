/// Money for people. Pure.
#pragma once

#include <string>

namespace director {

/// "$0.1234"
[[nodiscard]] std::string dollars(double usd);

}  // namespace director
