/// Secrets taken out of text before anybody keeps or shows it. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace director {

struct Secret {
  std::string name;  ///< shown in place of the value
  std::string value;
};

/// Whether a variable, or a member of a JSON object, of this name is a secret: API keys, tokens,
/// passwords and the like, in any case.
[[nodiscard]] bool names_a_secret(std::string_view name);

/// What is secret in a variable: where it is JSON, the secrets in there by the names of their
/// members; if it `is_secret` itself, also its value and each long line of a value of several.
[[nodiscard]] std::vector<Secret> secrets_in(const std::string& name, const std::string& value,
                                             bool is_secret);

/// Puts "***NAME***" where a secret's value stands: as it is, and as it looks inside a JSON string,
/// inside one that is quoted in another, and in an address, whichever of what need not be escaped
/// there is. What is put there needs no escaping in any of them. Values of less than kShortest
/// bytes are left alone: they would match words.
class Redactor {
 public:
  static constexpr std::size_t kShortest = 8;

  Redactor() = default;
  explicit Redactor(const std::vector<Secret>& secrets);

  /// The same with more secrets.
  [[nodiscard]] Redactor with(const std::vector<Secret>& more) const;

  [[nodiscard]] bool empty() const { return forms_.empty(); }
  /// `cut`: more followed that is lost; a secret that begins at its end goes, too.
  [[nodiscard]] std::string mask(std::string_view text, bool cut = false) const;
  /// Whether there is anything to mask. Much cheaper than mask().
  [[nodiscard]] bool finds(std::string_view text, bool cut = false) const;

 private:
  struct Form {
    std::string text;  ///< what is looked for
    std::string shown;
  };

  void add(const Secret& secret);
  /// The length of the end of `text` that is the beginning of a form; 0: of none.
  [[nodiscard]] std::pair<std::size_t, const Form*> begun_at_end(std::string_view text) const;

  std::vector<Form> forms_;  ///< longest first: one may be part of another
};

}  // namespace director
