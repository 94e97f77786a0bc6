#include "cli/exec_command.hpp"

#include <cstdlib>
#include <optional>
#include <system_error>
#include <utility>

#include "cli/wording.hpp"
#include "core/platform/environment.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;

class Words {
 public:
  explicit Words(std::string_view command) : command_(command) {}

  Result<std::vector<std::string>> read() {
    for (; at_ < command_.size(); ++at_) {
      const char c = command_[at_];
      if (c == ' ' || c == '\t' || c == '\n') {
        end_word();
      } else if (c == '\'' || c == '"') {
        DIRECTOR_CHECK(read_quoted(c));
      } else if (c == '\\' && at_ + 1 < command_.size()) {
        add(command_[++at_]);
      } else if (std::string_view("|&;<>()$`*?\\").find(c) != std::string_view::npos) {
        return refused("'" + std::string(1, c) +
                       "' is for a shell, and none is asked; quote it, or begin with sh -c");
      } else {
        add(c);
      }
    }
    end_word();
    return words_.empty() ? Result<std::vector<std::string>>(refused("it is empty"))
                          : std::move(words_);
  }

 private:
  [[nodiscard]] Error refused(const std::string& why) const {
    return Error(Errc::Invalid,
                 "cannot take '" + std::string(command_) + "' for a command: " + why);
  }
  void add(char c) {
    if (!word_) {
      word_.emplace();
    }
    *word_ += c;
  }
  void end_word() {
    if (word_) {
      words_.push_back(*std::exchange(word_, std::nullopt));
    }
  }
  /// From a quote to its end; in double ones \ keeps a quote or itself.
  Status read_quoted(char quote) {
    if (!word_) {
      word_.emplace();
    }
    while (++at_ < command_.size() && command_[at_] != quote) {
      const bool escapes = quote == '"' && command_[at_] == '\\' && at_ + 1 < command_.size() &&
                           (command_[at_ + 1] == '"' || command_[at_ + 1] == '\\');
      *word_ += command_[escapes ? ++at_ : at_];
    }
    return at_ < command_.size() ? ok()
                                 : Status(refused("a quote " + std::string(1, quote) +
                                                  " has no end; write it twice, or as \\" + quote));
  }

  std::string_view command_;
  std::size_t at_ = 0;
  std::optional<std::string> word_;
  std::vector<std::string> words_;
};

}  // namespace

Result<std::vector<std::string>> split_command(std::string_view command) {
  return Words(command).read();
}

Result<fs::path> program_of(const std::string& command, const fs::path& folder,
                            ports::FileStore& files) {
  std::error_code error;
  if (fs::exists(command, error)) {
    return fs::path(command);
  }
  DIRECTOR_TRY(std::vector<std::string> words, split_command(command));
  const char* path = std::getenv("PATH");
  DIRECTOR_TRY(
      const std::string first,
      platform::find_program(words.front(), {"PATH=" + std::string(path == nullptr ? "" : path)},
                             fs::current_path(error).string())
          .context("cannot check '" + command + "'"));
  // Named after its script, as messages about it are.
  fs::path name = fs::path(first).filename();
  words.front() = fs::absolute(first, error).string();
  for (std::size_t i = words.size() - 1; i > 0; --i) {
    if (fs::exists(words[i], error)) {
      words[i] = fs::absolute(words[i], error).string();
      name = fs::path(words[i]).filename();
    }
  }
  std::string script = "#!/bin/sh\nexec";
  for (const std::string& word : words) {
    script += " " + shell_word(word);
  }
  const fs::path program = folder / name.replace_extension(".plugin");
  DIRECTOR_CHECK(files.write(program, script + "\n"));
  fs::permissions(program, fs::perms::owner_all, error);
  return error ? Result<fs::path>(
                     Error(Errc::Io, "cannot write '" + program.string() + "': " + error.message()))
               : program;
}

}  // namespace director::cli
