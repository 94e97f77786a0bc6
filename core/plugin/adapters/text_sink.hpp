/// Text that a plugin sends in pieces.
#pragma once

#include <string>

#include "core/plugin/instance.hpp"

namespace director::plugin {

class TextSink {
 public:
  explicit TextSink(Collector& collector)
      : collector_(collector), raw_{sizeof(director_text_sink), 0, this, &TextSink::write} {}
  TextSink(const TextSink&) = delete;
  TextSink& operator=(const TextSink&) = delete;

  [[nodiscard]] const director_text_sink* raw() const { return &raw_; }
  [[nodiscard]] std::string take() { return std::move(text_); }
  /// For what must not be empty, such as an oid.
  [[nodiscard]] Status require(std::string_view id, std::string_view what) const {
    return text_.empty() ? Status(plugin_bug(id, "sent no " + std::string(what))) : ok();
  }

 private:
  static void write(void* context, director_string piece) noexcept {
    auto& self = *static_cast<TextSink*>(context);
    self.collector_.collect([&] {
      if (self.collector_.check(piece)) {
        self.text_ += view(piece);
      }
    });
  }

  Collector& collector_;
  std::string text_;
  director_text_sink raw_;
};

}  // namespace director::plugin
