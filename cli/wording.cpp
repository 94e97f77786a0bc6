#include "cli/wording.hpp"

#include "cli/commands.hpp"

namespace director::cli {
namespace {

/// As a person types it.
std::string typed(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@%+,-";
  const bool is_plain = !word.empty() && word.find_first_not_of(kPlain) == std::string::npos;
  return is_plain ? word : shell_word(word);
}

}  // namespace

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  out.append(width > out.size() ? width - out.size() : 0, ' ');
  return out;
}

std::string shell_word(std::string_view word) {
  std::string out = "'";
  for (const char c : word) {
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + "'";
}

std::string with_settings(std::string command, const CommonOptions& common) {
  if (common.repo != CommonOptions().repo) {
    command += " --repo " + typed(common.repo);
  }
  for (const std::string& one : common.set) {
    command += " --set " + typed(one);
  }
  if (common.profile) {
    command += " --profile " + typed(*common.profile);
  }
  return command;
}

}  // namespace director::cli
