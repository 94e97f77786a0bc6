/// What the journal holds about money. See events.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/ids.hpp"

namespace director::run {

// ---------------------------------------------------------------------------------------

/// What a call has used and cost. Never negative; `usd` is finite.
struct Usage {
  std::int64_t input = 0;   ///< tokens, without cache
  std::int64_t output = 0;  ///< without reasoning
  std::int64_t reasoning = 0;
  std::int64_t cache_read = 0;
  std::int64_t cache_write = 0;
  double usd = 0;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("input", input);
    visit("output", output);
    visit("reasoning", reasoning);
    visit("cache_read", cache_read);
    visit("cache_write", cache_write);
    visit("usd", usd);
  }
};

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

/// During it, each time that the tool reports usage: what it has used since it began. What a
/// director knows of a call when it is killed.
struct CallMetered {
  static constexpr std::string_view kType = "call_metered";
  std::string call;
  Usage used;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("call", call);
    used.fields(visit);
  }
};

/// After it: what it did cost.
struct CallEnded {
  static constexpr std::string_view kType = "call_ended";
  std::string call;
  std::string role;
  std::string model;
  NodeId node;
  Usage used;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("call", call);
    visit("role", role);
    visit("model", model);
    visit("node", node);
    used.fields(visit);
  }
};

using MoneyEvent = std::variant<CallReserved, CallMetered, CallEnded>;

}  // namespace director::run
