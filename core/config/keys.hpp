/// The keys that the configuration knows. Only core/config includes this.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/config/entries.hpp"
#include "core/config/settings.hpp"

namespace director::config {

/// One key of a table with fixed keys.
struct Key {
  std::string table;  ///< "limits"
  std::string name;   ///< "max_attempts"
  /// Checks the value and puts it into the settings; what is wrong with it otherwise.
  std::function<std::optional<std::string>(const Entry&, Settings&)> apply;
  /// The value in the settings; nullopt: not set.
  std::function<std::optional<Scalar>(const Settings&)> show;
};

/// Keys of [tiers], [limits], [review], [sampling.<role>] (table "sampling.<role>"), [repository],
/// [workspace], [sandbox] and [plugins].
[[nodiscard]] const std::vector<Key>& fixed_keys();

/// One value of [pricing."<tier>"]; what is wrong otherwise. `name` must be one of price_names().
[[nodiscard]] std::optional<std::string> apply_price(const Entry& entry, const std::string& name,
                                                     Price& price);
[[nodiscard]] const std::vector<std::string>& price_names();

}  // namespace director::config
