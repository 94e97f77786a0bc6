/// What the journal holds about money. See events.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/ids.hpp"

namespace director::run {

// ---------------------------------------------------------------------------------------

/// Before a call of an agent: its cost is set aside.
struct CallReserved {
  static constexpr std::string_view kType = "call_reserved";
  std::string call;
  std::string role;
  std::string model;
  NodeId node;  ///< empty while planning
  double usd = 0;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("call", call);
    visit("role", role);
    visit("model", model);
    visit("node", node);
    visit("usd", usd);
  }
};

/// After it: what it did cost.
struct CallEnded {
  static constexpr std::string_view kType = "call_ended";
  std::string call;
  std::string role;
  std::string model;
  NodeId node;
  std::int64_t input = 0;   ///< without cache
  std::int64_t output = 0;  ///< without reasoning
  std::int64_t reasoning = 0;
  std::int64_t cache_read = 0;
  std::int64_t cache_write = 0;
  double usd = 0;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("call", call);
    visit("role", role);
    visit("model", model);
    visit("node", node);
    visit("input", input);
    visit("output", output);
    visit("reasoning", reasoning);
    visit("cache_read", cache_read);
    visit("cache_write", cache_write);
    visit("usd", usd);
  }
};

using MoneyEvent = std::variant<CallReserved, CallEnded>;

}  // namespace director::run
