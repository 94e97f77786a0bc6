/// The fence: no exception leaves a plugin, every failure carries a sentence.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <string_view>
#include <utility>

#include "director/plugin.h"
#include "director/result.hpp"

namespace director {

[[nodiscard]] inline std::string_view view(director_string text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

[[nodiscard]] inline director_string borrow(std::string_view text) {
  return director_string{text.data(), text.size()};
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

/// Runs `body`, which returns a Status, and turns whatever happens into a status code plus text.
template <typename Body>
[[nodiscard]] director_status fence(director_error* error, Body&& body) noexcept {
  try {
    const Status status = std::forward<Body>(body)();
    if (status) {
      return DIRECTOR_OK;
    }
    write_error(error, status.error().message());
    return to_status(status.error().code());
  } catch (const std::exception& thrown) {
    write_error(error, thrown.what());
  } catch (...) {
    write_error(error, "threw something that is not a std::exception");
  }
  return DIRECTOR_INTERNAL;
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
