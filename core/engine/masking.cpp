#include "core/engine/masking.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace director::engine {
namespace {

class Masker {
 public:
  explicit Masker(const Redactor& redactor) : redactor_(redactor) {}

  void operator()(std::string_view name, std::string& text) const {
    static constexpr std::array<std::string_view, 9> kSaid{"detail",   "why",      "violation",
                                                           "conflict", "summary",  "feedback",
                                                           "advice",   "problems", "warning"};
    if (std::find(kSaid.begin(), kSaid.end(), name) != kSaid.end() && redactor_.finds(text)) {
      text = redactor_.mask(text);
    }
  }
  template <typename Field>
  void operator()(std::string_view, Field&) const {}

 private:
  const Redactor& redactor_;
};

template <typename Group>
Group mask_all(Group event, const Redactor& redactor) {
  if (!redactor.empty()) {
    Masker masker(redactor);
    std::visit([&](auto& one) { one.fields(masker); }, event);
  }
  return event;
}

}  // namespace

run::RunEvent masked(run::RunEvent event, const Redactor& redactor) {
  return mask_all(std::move(event), redactor);
}

run::PlanEvent masked(run::PlanEvent event, const Redactor& redactor) {
  return mask_all(std::move(event), redactor);
}

}  // namespace director::engine
