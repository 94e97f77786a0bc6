#include "cli/task_text.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/base/text.hpp"

namespace director::cli {
namespace {

Result<std::string> read_stdin() {
  std::string all;
  std::array<char, 16384> buffer{};
  while (true) {
    const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), stdin);
    all.append(buffer.data(), size);
    if (size < buffer.size()) {
      break;
    }
  }
  if (std::ferror(stdin) != 0) {
    return Error(Errc::Io, "cannot read the task from standard input");
  }
  return all;
}

Result<std::string> read_input(ports::FileStore& files, const std::string& input) {
  if (input == "-") {
    return read_stdin();
  }
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(input, error);
  Result<std::string> text = files.read(path);
  if (!text) {
    return std::move(text).error().context("cannot read the task from '" + input + "'");
  }
  return text;
}

}  // namespace

std::string normal_task(const std::string& text) {
  return std::string(text::trim(text::to_utf8(text)));
}

Result<std::string> read_task(ports::FileStore& files, const std::optional<std::string>& given,
                              const std::optional<std::string>& input) {
  if (given && input) {
    return Error(Errc::Invalid, "give the task in words or with --input, not both");
  }
  if (!given && !input) {
    return std::string();
  }
  std::string task;
  if (input) {
    DIRECTOR_TRY(const std::string read, read_input(files, *input));
    task = normal_task(read);
  } else {
    task = normal_task(*given);
  }
  if (task.empty()) {
    return Error(Errc::Invalid, input ? "the task in '" + *input + "' is empty"
                                      : "the task is empty; say in words what is to be done");
  }
  return task;
}

}  // namespace director::cli
