#include <cctype>
#include <cstddef>
#include <string_view>

#include "ignore_rules.hpp"

namespace director::vcs_git {
namespace {

bool in_class(std::string_view name, unsigned char c) {
  struct Class {
    std::string_view name;
    int (*test)(int);
  };
  static constexpr Class kClasses[] = {
      {"alnum", std::isalnum}, {"alpha", std::isalpha}, {"blank", std::isblank},
      {"cntrl", std::iscntrl}, {"digit", std::isdigit}, {"graph", std::isgraph},
      {"lower", std::islower}, {"print", std::isprint}, {"punct", std::ispunct},
      {"space", std::isspace}, {"upper", std::isupper}, {"xdigit", std::isxdigit}};
  for (const Class& known : kClasses) {
    if (known.name == name) {
      return known.test(c) != 0;
    }
  }
  return false;
}

// The character at `at`, unescaped; moves past it.
unsigned char take(std::string_view pattern, std::size_t& at) {
  if (pattern[at] == '\\' && at + 1 < pattern.size()) {
    ++at;
  }
  return static_cast<unsigned char>(pattern[at++]);
}

// Matches the bracket expression that starts at `at` and moves past it; false with `at` beyond the
// end if it is not closed.
bool bracket_matches(std::string_view pattern, std::size_t& at, unsigned char c) {
  ++at;
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  at += negated ? 1 : 0;
  bool matched = false;
  for (bool first = true; at < pattern.size() && (first || pattern[at] != ']'); first = false) {
    if (pattern.substr(at).starts_with("[:")) {
      const std::size_t close = pattern.find(":]", at + 2);
      if (close != std::string_view::npos) {
        matched |= in_class(pattern.substr(at + 2, close - at - 2), c);
        at = close + 2;
        continue;
      }
    }
    const unsigned char low = take(pattern, at);
    unsigned char high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      ++at;
      high = take(pattern, at);
    }
    matched |= low <= c && c <= high;
  }
  if (at >= pattern.size()) {
    at = pattern.size() + 1;
    return false;
  }
  ++at;
  return matched != negated;
}

// Matches one pattern element that is not '*'; moves `at` past it, or beyond the end when the
// pattern is broken.
bool element_matches(std::string_view pattern, std::size_t& at, unsigned char c) {
  if (pattern[at] == '?') {
    ++at;
    return true;
  }
  if (pattern[at] == '[') {
    return bracket_matches(pattern, at, c);
  }
  if (pattern[at] == '\\' && at + 1 == pattern.size()) {
    at = pattern.size() + 1;
    return false;
  }
  return take(pattern, at) == c;
}

}  // namespace

// Backtracks to the last '*' only, so the cost is at most the product of the lengths.
bool glob_matches(std::string_view pattern, std::string_view name) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t at = 0;
  std::size_t in_name = 0;
  std::size_t star = kNone;
  std::size_t star_name = 0;
  while (in_name < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = ++at;
      star_name = in_name;
      continue;
    }
    std::size_t next = at;
    if (at < pattern.size() &&
        element_matches(pattern, next, static_cast<unsigned char>(name[in_name]))) {
      at = next;
      ++in_name;
      continue;
    }
    if (next > pattern.size() || star == kNone) {
      return false;
    }
    at = star;
    in_name = ++star_name;
  }
  while (at < pattern.size() && pattern[at] == '*') {
    ++at;
  }
  return at == pattern.size();
}

}  // namespace director::vcs_git
