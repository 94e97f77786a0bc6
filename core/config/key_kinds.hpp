/// The kinds of keys that a configuration has: how each is read and shown. `field` gives the member
/// of Settings that holds the value, as a reference. `least` and `most` are allowed, too.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/config/keys.hpp"
#include "core/plan/names.hpp"

namespace director::config {

/// What is wrong with a value; nothing: it is good.
using Problem = std::optional<std::string>;

/// A number of either type. Problem: it is none, or not within the bounds.
[[nodiscard]] Problem read_number(const Entry& entry, double least, double most, double& number);

template <typename Field>
Key flag(std::string table, std::string name, Field field) {
  return {std::move(table), std::move(name),
          [field](const Entry& entry, Settings& settings) -> Problem {
            const bool* value = std::get_if<bool>(&entry.value);
            if (value == nullptr) {
              return wrong_type("true or false", entry);
            }
            field(settings) = *value;
            return std::nullopt;
          },
          [field](const Settings& settings) -> std::optional<Scalar> {
            return Scalar(field(settings));
          }};
}

template <typename T>
std::int64_t as_count(const T& value) {
  if constexpr (requires { value.count(); }) {
    return value.count();
  } else {
    return value;
  }
}

/// A whole number, or whole seconds.
template <typename Field>
Key whole(std::string table, std::string name, Field field, std::int64_t least, std::int64_t most) {
  return {std::move(table), std::move(name),
          [=](const Entry& entry, Settings& settings) -> Problem {
            const auto* value = std::get_if<std::int64_t>(&entry.value);
            if (value == nullptr) {
              return wrong_type("a whole number", entry);
            }
            if (*value < least || *value > most) {
              return "expected " + std::to_string(least) + " to " + std::to_string(most) +
                     ", found " + std::to_string(*value);
            }
            using T = std::remove_reference_t<decltype(field(settings))>;
            if constexpr (std::is_same_v<T, std::optional<int>>) {
              field(settings) = static_cast<int>(*value);
            } else if constexpr (std::is_same_v<T, std::chrono::seconds>) {
              field(settings) = std::chrono::seconds(*value);
            } else {
              field(settings) = static_cast<T>(*value);
            }
            return std::nullopt;
          },
          [field](const Settings& settings) -> std::optional<Scalar> {
            const auto& value = field(settings);
            if constexpr (requires { value.has_value(); }) {
              return value ? std::optional<Scalar>(std::int64_t{*value}) : std::nullopt;
            } else {
              return Scalar(as_count(value));
            }
          }};
}

template <typename Field>
Key number(std::string table, std::string name, Field field, double least, double most) {
  return {std::move(table), std::move(name),
          [=](const Entry& entry, Settings& settings) -> Problem {
            double value = 0;
            if (auto problem = read_number(entry, least, most, value)) {
              return problem;
            }
            field(settings) = value;
            return std::nullopt;
          },
          [field](const Settings& settings) -> std::optional<Scalar> {
            const std::optional<double> value = field(settings);
            return value ? std::optional<Scalar>(*value) : std::nullopt;
          }};
}

using Check = std::function<Problem(const std::string&)>;

template <typename Field>
Key string(std::string table, std::string name, Field field, const Check& check) {
  return {std::move(table), std::move(name),
          [=](const Entry& entry, Settings& settings) -> Problem {
            const std::optional<std::string> value = string_of(entry);
            if (!value) {
              return wrong_type("a string", entry);
            }
            if (auto problem = check(*value)) {
              return problem;
            }
            field(settings) = *value;
            return std::nullopt;
          },
          [field](const Settings& settings) -> std::optional<Scalar> {
            return Scalar(field(settings));
          }};
}

/// `check` may change the value to the form that is kept.
template <typename Field>
Key strings(std::string table, std::string name, Field field,
            const std::function<Problem(std::string&)>& check) {
  return {std::move(table), std::move(name),
          [=](const Entry& entry, Settings& settings) -> Problem {
            const Strings* values = std::get_if<Strings>(&entry.value);
            if (values == nullptr) {
              return wrong_type("an array of strings", entry);
            }
            Strings kept = *values;
            for (std::string& value : kept) {
              if (auto problem = check(value)) {
                return problem;
              }
            }
            field(settings) = std::move(kept);
            return std::nullopt;
          },
          [field](const Settings& settings) -> std::optional<Scalar> {
            return Scalar(field(settings));
          }};
}

/// One of a few words. `wanted` says them to people.
template <typename Enum, typename Field>
Key choice(std::string table, std::string name, Field field, const std::string& wanted,
           std::vector<std::pair<std::string, Enum>> words) {
  return {std::move(table), std::move(name),
          [=](const Entry& entry, Settings& settings) -> Problem {
            const std::optional<std::string> value = string_of(entry);
            if (!value) {
              return wrong_type(wanted, entry);
            }
            for (const auto& [word, meaning] : words) {
              if (*value == word) {
                field(settings) = meaning;
                return std::nullopt;
              }
            }
            return "expected " + wanted + ", found " + plan::shown(*value);
          },
          [=](const Settings& settings) -> std::optional<Scalar> {
            for (const auto& [word, meaning] : words) {
              if (field(settings) == meaning) {
                return Scalar(word);
              }
            }
            return std::nullopt;
          }};
}

}  // namespace director::config
