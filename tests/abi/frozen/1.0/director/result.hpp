/// Result<T>: a value or an Error, with the member names of C++23's std::expected.
///
/// Header-only, no dependency beyond the standard library; used on both sides of the plugin ABI.
/// Nothing here throws of its own accord; `value()` on an error is a bug of the caller and aborts.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#define DIRECTOR_ASSERT(condition, what)                                                  \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "director: bug at %s:%d: %s (%s)\n", __FILE__, __LINE__, what, \
                   #condition);                                                           \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)

namespace director {

/// What the caller should do about it; retry policy reads these, never the text. The numbers are
/// those of `director_status` in plugin.h.
enum class Errc : std::int32_t {
  Invalid = 1,    ///< The input is wrong; asking again with the same input gives the same answer.
  NotFound = 2,   ///< The thing named does not exist.
  Conflict = 3,   ///< The state is not what the caller assumed; look again, then decide.
  Timeout = 4,    ///< A deadline passed.
  Cancelled = 5,  ///< Somebody asked to stop.
  External = 6,   ///< Another program or service failed; a later try may succeed.
  Io = 7,         ///< The operating system refused: files, descriptors, memory.
  Internal = 8,   ///< A bug, ours or a plugin's.
};

/// A short name for logs and JSON: "invalid", "not_found", ...
[[nodiscard]] constexpr std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::Invalid:
      return "invalid";
    case Errc::NotFound:
      return "not_found";
    case Errc::Conflict:
      return "conflict";
    case Errc::Timeout:
      return "timeout";
    case Errc::Cancelled:
      return "cancelled";
    case Errc::External:
      return "external";
    case Errc::Io:
      return "io";
    case Errc::Internal:
      return "internal";
  }
  return "internal";
}

/// A code for programs and one sentence for people: `cannot <verb> <thing> '<value>': <cause>`.
class Error {
 public:
  Error(Errc code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] Errc code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }

  /// The same error, told from one level up: "<what>: <message>".
  [[nodiscard]] Error context(std::string_view what) && {
    message_.insert(0, std::string(what) + ": ");
    return std::move(*this);
  }
  [[nodiscard]] Error context(std::string_view what) const& { return Error(*this).context(what); }

 private:
  Errc code_;
  std::string message_;
};

template <typename T>
class [[nodiscard]] Result {
  static_assert(!std::is_reference_v<T>, "Result holds values");

 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  [[nodiscard]] T& value() & {
    check();
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    check();
    return *std::get_if<0>(&state_);
  }
  /// By value, so that `for (x : f().value())` does not outlive what it walks over.
  [[nodiscard]] T value() && {
    check();
    return std::move(*std::get_if<0>(&state_));
  }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T operator*() && { return std::move(*this).value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }

  [[nodiscard]] T value_or(T fallback) && {
    return has_value() ? std::move(*this).value() : std::move(fallback);
  }

  [[nodiscard]] const Error& error() const& {
    DIRECTOR_ASSERT(!has_value(), "error() of a Result that holds a value");
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] Error&& error() && {
    DIRECTOR_ASSERT(!has_value(), "error() of a Result that holds a value");
    return std::move(*std::get_if<1>(&state_));
  }

  /// Adds `what` in front of the error's message; a value passes through.
  [[nodiscard]] Result context(std::string_view what) && {
    if (has_value()) {
      return std::move(*this);
    }
    return Result(std::move(*this).error().context(what));
  }

 private:
  void check() const { DIRECTOR_ASSERT(has_value(), "value() of a Result that holds an error"); }

  std::variant<T, Error> state_;
};

/// Success without a value.
struct Unit {};

using Status = Result<Unit>;

[[nodiscard]] inline Status ok() { return Status(Unit{}); }

}  // namespace director

#define DIRECTOR_CONCAT_INNER(a, b) a##b
#define DIRECTOR_CONCAT(a, b) DIRECTOR_CONCAT_INNER(a, b)

/// `DIRECTOR_TRY(auto x, f());` declares x with f's value, or returns f's error. A statement: the
/// expression form of this idea skips destructors of temporaries with g++ and clang.
#define DIRECTOR_TRY(declaration, ...) \
  DIRECTOR_TRY_INNER(DIRECTOR_CONCAT(director_try_, __COUNTER__), declaration, __VA_ARGS__)
#define DIRECTOR_TRY_INNER(temporary, declaration, ...) \
  auto temporary = __VA_ARGS__;                         \
  if (!temporary) {                                     \
    return std::move(temporary).error();                \
  }                                                     \
  declaration = std::move(temporary).value()

/// `DIRECTOR_CHECK(f());` for a Status: returns f's error, or goes on.
#define DIRECTOR_CHECK(...) \
  DIRECTOR_CHECK_INNER(DIRECTOR_CONCAT(director_check_, __COUNTER__), __VA_ARGS__)
#define DIRECTOR_CHECK_INNER(temporary, ...)      \
  if (auto temporary = __VA_ARGS__; !temporary) { \
    return std::move(temporary).error();          \
  }
