// What makes any bytes fit for JSON, for a terminal and for a prompt.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.hpp"
#include "core/engine/prompts.hpp"
#include "director/result.hpp"
#include "plugins/support/text.hpp"

namespace {

using namespace director;

void check_utf8(std::string_view bytes) {
  const std::string valid = text::to_utf8(bytes);
  DIRECTOR_ASSERT(text::is_utf8(valid), "not UTF-8");
  DIRECTOR_ASSERT(text::to_utf8(valid) == valid, "valid text was changed");
  DIRECTOR_ASSERT(text::is_utf8(bytes) == (valid == bytes), "is_utf8 and to_utf8 disagree");
  DIRECTOR_ASSERT(plugin_support::valid_utf8(bytes) == valid, "kernel and plugins disagree");
}

void check_printable(std::string_view bytes) {
  const std::string shown = text::printable(bytes);
  DIRECTOR_ASSERT(text::is_utf8(shown), "not UTF-8");
  DIRECTOR_ASSERT(text::printable(shown) == shown, "something hidden is left");
  DIRECTOR_ASSERT(
      std::none_of(shown.begin(), shown.end(),
                   [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }),
      "a control character");
  DIRECTOR_ASSERT(shown.size() <= 10 * bytes.size(), "without bound");
}

void check_cut(std::string_view bytes) {
  for (const std::size_t limit :
       {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{80}, std::size_t{200},
        bytes.size() / 2, bytes.size() - std::min<std::size_t>(bytes.size(), 1), bytes.size()}) {
    const std::string cut = text::cut_middle(bytes, limit);
    DIRECTOR_ASSERT(cut.size() <= limit, "longer than asked for");
    DIRECTOR_ASSERT(bytes.size() > limit || cut == bytes, "a text that fits was changed");
    DIRECTOR_ASSERT(!text::is_utf8(bytes) || text::is_utf8(cut), "a sequence was cut");
  }
}

void check_lines(std::string_view bytes) {
  std::size_t kept = 0;
  for (const std::string_view line : text::split_lines(bytes)) {
    DIRECTOR_ASSERT(line.find('\n') == std::string_view::npos, "a line of two");
    kept += line.size();
  }
  const auto ends = std::count(bytes.begin(), bytes.end(), '\n');
  DIRECTOR_ASSERT(kept + 2 * static_cast<std::size_t>(ends) + 1 >= bytes.size(), "a line is lost");
  const std::string_view trimmed = text::trim(bytes);
  DIRECTOR_ASSERT(trimmed == plugin_support::trim(bytes), "kernel and plugins disagree");
  DIRECTOR_ASSERT(text::trim(trimmed) == trimmed, "a blank is left");
}

/// The prompt of an agent's file is a part of the file, and its front matter is not in it.
void check_front_matter(std::string_view bytes) {
  const std::string prompt = engine::without_front_matter(bytes);
  DIRECTOR_ASSERT(bytes.find(prompt) != std::string_view::npos, "a prompt that was changed");
  const std::string with = "---\nmark: 1\n---\n" + std::string(bytes);
  DIRECTOR_ASSERT(engine::without_front_matter(with) == text::trim(bytes), "not the whole prompt");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_utf8(bytes);
  check_printable(bytes);
  check_cut(bytes);
  check_lines(bytes);
  check_front_matter(bytes);
  const std::vector<std::string> words{"max_attempts", "stall_secs", std::string(bytes)};
  const auto match = text::closest_match(bytes, words);
  DIRECTOR_ASSERT(!match || std::find(words.begin(), words.end(), *match) != words.end(),
                  "a match that is no candidate");
  return 0;
}
