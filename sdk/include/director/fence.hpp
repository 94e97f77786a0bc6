/// The fence: no exception leaves a plugin, every failure carries a sentence.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "director/plugin.h"
#include "director/result.hpp"

namespace director {

[[nodiscard]] inline std::string_view view(director_string text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

[[nodiscard]] inline director_string borrow(std::string_view text) {
  return director_string{text.data(), text.size()};
}

/// Of strings or string_views, which outlive it.
template <typename Text>
[[nodiscard]] std::vector<director_string> borrow_all(const std::vector<Text>& texts) {
  std::vector<director_string> all;
  all.reserve(texts.size());
  for (const Text& text : texts) {
    all.push_back(borrow(text));
  }
  return all;
}

/// Copies `text` into the caller's buffer, cut to fit. `error` may be null.
inline void write_error(director_error* error, std::string_view text) noexcept {
  if (error == nullptr || error->text == nullptr) {
    return;
  }
  error->size = std::min(text.size(), error->capacity);
  if (error->size != 0) {
    std::memcpy(error->text, text.data(), error->size);
  }
}

[[nodiscard]] constexpr director_status to_status(Errc code) {
  return static_cast<director_status>(code);
}

/// A status as it came over the ABI; anything unknown is a bug of who sent it.
[[nodiscard]] constexpr Errc to_errc(director_status status) {
  return status >= DIRECTOR_INVALID && status <= DIRECTOR_INTERNAL ? static_cast<Errc>(status)
                                                                   : Errc::Internal;
}

namespace detail {

/// What `body` returns; if it throws, what `on_throw` makes of the exception's text. A plugin may
/// be built without exceptions: then nothing throws, and what would have ends the program.
template <typename Body, typename OnThrow>
[[nodiscard]] auto guarded(Body&& body, OnThrow&& on_throw) noexcept {
#if defined(__cpp_exceptions)
  try {
    return std::forward<Body>(body)();
  } catch (const std::exception& thrown) {
    return std::forward<OnThrow>(on_throw)(thrown.what());
  } catch (...) {
    return std::forward<OnThrow>(on_throw)("threw something that is not a std::exception");
  }
#else
  (void)on_throw;
  return std::forward<Body>(body)();
#endif
}

}  // namespace detail

/// Appends what the other side writes to `text`, which outlives it. Where there is no memory for
/// it, the text stays short: whoever reads it says so.
[[nodiscard]] inline director_text_sink sink_into(std::string& text) {
  const auto append = [](void* context, director_string piece) {
    (void)detail::guarded(
        [&] {
          static_cast<std::string*>(context)->append(view(piece));
          return true;
        },
        [](const char*) { return false; });
  };
  return {sizeof(director_text_sink), 0, &text, append};
}

/// Runs `body`, which returns a Status, and turns whatever happens into a status code plus text.
template <typename Body>
[[nodiscard]] director_status fence(director_error* error, Body&& body) noexcept {
  return detail::guarded(
      [&]() -> director_status {
        const Status status = std::forward<Body>(body)();
        if (status) {
          return DIRECTOR_OK;
        }
        write_error(error, status.error().message());
        return to_status(status.error().code());
      },
      [&](const char* what) -> director_status {
        write_error(error, what);
        return DIRECTOR_INTERNAL;
      });
}

/// Collects an error text coming back from the other side.
class ErrorBuffer {
 public:
  ErrorBuffer() : raw_{sizeof(director_error), 0, text_.data(), text_.size(), 0} {}
  ErrorBuffer(const ErrorBuffer&) = delete;
  ErrorBuffer& operator=(const ErrorBuffer&) = delete;

  [[nodiscard]] director_error* raw() { return &raw_; }
  [[nodiscard]] std::string_view text() const {
    return {text_.data(), std::min(raw_.size, text_.size())};
  }

 private:
  std::array<char, 4096> text_{};
  director_error raw_;
};

}  // namespace director
