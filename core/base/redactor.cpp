#include "core/base/redactor.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace director {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

/// Linear in `text` whatever is in it, unlike string_view::find.
std::size_t find(std::string_view text, std::string_view wanted) {
  const void* found = ::memmem(text.data(), text.size(), wanted.data(), wanted.size());
  return found == nullptr ? kNowhere
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

/// As inside the quotes of a JSON string. Some writers escape '/', too.
std::string in_json(std::string_view value, bool with_slashes) {
  const std::string quoted = json_quote(value);
  std::string inside;
  for (const char c : std::string_view(quoted).substr(1, quoted.size() - 2)) {
    inside += with_slashes && c == '/' ? "\\/" : std::string(1, c);
  }
  return inside;
}

constexpr std::string_view kDigits[] = {"0123456789abcdef", "0123456789ABCDEF"};

/// As in an address: all but letters, digits and "-._~" percent-encoded.
std::string in_address(std::string_view value, std::string_view digits) {
  std::string out;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += {'%', digits[byte >> 4], digits[byte & 0xf]};
    }
  }
  return out;
}

/// The unit of UTF-16 as JSON names it.
std::string escaped(std::uint32_t unit, std::string_view digits) {
  std::string out = "\\u";
  for (unsigned shift = 16; shift > 0;) {
    shift -= 4;
    out += digits[(unit >> shift) & 0xf];
  }
  return out;
}

/// What of a JSON string's text `are_named` holds by its number, in all that is no ASCII too if
/// `all`. `text` is UTF-8.
std::string with_numbers(std::string_view text, std::string_view are_named, bool all,
                         std::string_view digits) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    if (first == '\\' && i + 1 < text.size()) {
      const char meant = text[++i];
      const bool is_named = meant == '"' && are_named.find('"') != kNowhere;
      out += is_named ? escaped('"', digits) : std::string{'\\', meant};
      continue;
    }
    if (first < 0x80 || !all) {
      out += are_named.find(text[i]) == kNowhere ? std::string(1, text[i]) : escaped(first, digits);
      continue;
    }
    const unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    std::uint32_t point = first & (0x3fU >> more);
    for (unsigned k = 0; k < more; ++k) {
      point = point << 6U | (static_cast<unsigned char>(text[++i]) & 0x3fU);
    }
    constexpr std::uint32_t kPair = 0x10000;
    out += point < kPair ? escaped(point, digits)
                         : escaped(0xd800 + ((point - kPair) >> 10U), digits) +
                               escaped(0xdc00 + ((point - kPair) & 0x3ffU), digits);
  }
  return out;
}

/// All that writers of JSON make of it: some put numbers for what means something in HTML (Go the
/// three, .NET more), some for what is no ASCII (Python).
std::vector<std::string> all_in_json(std::string_view value) {
  std::vector<std::string> all;
  for (const bool with_slashes : {false, true}) {
    const std::string plain = in_json(value, with_slashes);
    all.push_back(plain);
    if (!text::is_utf8(plain)) {
      continue;
    }
    for (const std::string_view are_named : {"", "<>&", "<>&'+`\""}) {
      for (const std::string_view digits : kDigits) {
        all.push_back(with_numbers(plain, are_named, false, digits));
        all.push_back(with_numbers(plain, are_named, true, digits));
      }
    }
  }
  return all;
}

/// Only what may stand anywhere, JSON strings and addresses included.
std::string shown_name(std::string_view name) {
  std::string shown = "***";
  constexpr std::size_t kLongest = 60;
  for (const char c : name.substr(0, kLongest)) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '_' || c == '-' || c == '.';
    shown += plain ? c : '_';
  }
  return shown + "***";
}

void collect(const Json& json, const std::string& name, bool is_secret,
             std::vector<Secret>& secrets) {
  if (json.is_object()) {
    for (const auto& [key, member] : json.members()) {
      collect(member, name + "." + key, names_a_secret(key), secrets);
    }
  } else if (const Result<std::string> text = json.as_string(); text && is_secret) {
    secrets.push_back({name, *text});
  }
}

}  // namespace

bool names_a_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kParts{
      "secret", "password", "passwd", "passphrase", "credential", "apikey", "auth_con"};
  static constexpr std::array<std::string_view, 11> kEnds{"key",    "token", "_pass",  "_pwd",
                                                          "auth",   "_pat",  "access", "refresh",
                                                          "key_id", "_dsn",  "_cookie"};
  const std::string lower = text::to_lower(name);
  const auto holds = [&](std::string_view part) { return lower.find(part) != std::string::npos; };
  const auto ends = [&](std::string_view end) { return lower.ends_with(end); };
  return std::any_of(kParts.begin(), kParts.end(), holds) ||
         std::any_of(kEnds.begin(), kEnds.end(), ends);
}

std::vector<Secret> secrets_in(const std::string& name, const std::string& value, bool is_secret) {
  std::vector<Secret> secrets;
  if (value.find('{') != std::string::npos) {
    if (const Result<Json> json = parse_json(value); json && json->is_object()) {
      collect(*json, name, false, secrets);
    }
  }
  if (!is_secret) {
    return secrets;
  }
  secrets.push_back({name, value});
  const std::vector<std::string_view> lines = text::split_lines(value);
  for (const std::string_view line : lines) {
    // Those of a private key's frame are everybody's.
    if (lines.size() > 1 && line.size() >= 2 * Redactor::kShortest && !line.starts_with("-----")) {
      secrets.push_back({name, std::string(line)});
    }
  }
  return secrets;
}

Redactor::Redactor(const std::vector<Secret>& secrets) { *this = Redactor().with(secrets); }

Redactor Redactor::with(const std::vector<Secret>& more) const {
  Redactor made = *this;
  for (const Secret& secret : more) {
    made.add(secret);
  }
  std::stable_sort(made.forms_.begin(), made.forms_.end(),
                   [](const Form& a, const Form& b) { return a.text.size() > b.text.size(); });
  return made;
}

void Redactor::add(const Secret& secret) {
  if (secret.value.size() < kShortest) {
    return;
  }
  std::vector<std::string> texts{secret.value};
  for (const std::string_view digits : kDigits) {
    texts.push_back(in_address(secret.value, digits));
  }
  for (const std::string& json : all_in_json(secret.value)) {
    texts.insert(texts.end(), {json, in_json(json, false)});
  }
  for (const std::string& text : texts) {
    if (std::none_of(forms_.begin(), forms_.end(),
                     [&](const Form& form) { return form.text == text; })) {
      forms_.push_back({text, shown_name(secret.name)});
    }
  }
}

bool Redactor::finds(std::string_view text, bool cut) const {
  return std::any_of(forms_.begin(), forms_.end(),
                     [&](const Form& form) { return find(text, form.text) != kNowhere; }) ||
         (cut && begun_at_end(text).first != 0);
}

std::pair<std::size_t, const Redactor::Form*> Redactor::begun_at_end(std::string_view text) const {
  std::pair<std::size_t, const Form*> longest{0, nullptr};
  for (const Form& form : forms_) {
    const std::string_view wanted = form.text;
    for (std::size_t size = std::min(wanted.size() - 1, text.size()); size > longest.first;
         --size) {
      if (text.ends_with(wanted.substr(0, size))) {
        longest = {size, &form};
        break;
      }
    }
  }
  return longest;
}

std::string Redactor::mask(std::string_view text, bool cut) const {
  std::string masked(text);
  for (const Form& form : forms_) {
    std::size_t at = find(masked, form.text);
    if (at == kNowhere) {
      continue;
    }
    std::string out;
    std::string_view rest = masked;
    for (; at != kNowhere; at = find(rest, form.text)) {
      out += rest.substr(0, at);
      out += form.shown;
      rest.remove_prefix(at + form.text.size());
    }
    masked = out.append(rest);
  }
  if (cut) {
    if (const auto [size, form] = begun_at_end(masked); size != 0) {
      masked.replace(masked.size() - size, size, form->shown);
    }
  }
  return masked;
}

}  // namespace director
