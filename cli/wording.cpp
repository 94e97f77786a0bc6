#include "cli/wording.hpp"

#include "cli/commands.hpp"

namespace director::cli {
namespace {

/// As a shell reads it.
std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@%+,-";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) {
    return text;
  }
  std::string word = "'";
  for (const char c : text) {
    word += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return word + "'";
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

std::string with_settings(std::string command, const CommonOptions& common) {
  if (common.repo != CommonOptions().repo) {
    command += " --repo " + shell_word(common.repo);
  }
  for (const std::string& one : common.set) {
    command += " --set " + shell_word(one);
  }
  if (common.profile) {
    command += " --profile " + shell_word(*common.profile);
  }
  return command;
}

}  // namespace director::cli
