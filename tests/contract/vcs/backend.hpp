/// What the contract tests need of a backend, and the folders that they work in.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "director/host.hpp"
#include "director/instance.hpp"
#include "director/vcs.hpp"

namespace director::vcs_test {

namespace fs = std::filesystem;

/// A folder that goes away with everything in it.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (fs::temp_directory_path() / "director-vcs-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

inline void write_file(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  ASSERT_TRUE(file) << path;
}

inline std::string read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A host that offers no service.
inline const director_host& bare_host() {
  static const director_host host = [] {
    director_host made{};
    made.struct_size = sizeof made;
    made.get_service = [](const director_host*, const char*) -> const void* { return nullptr; };
    return made;
  }();
  return host;
}

template <typename T>
Result<std::unique_ptr<vcs>> make_instance(const instance_info& info) {
  host services(&bare_host());
  DIRECTOR_TRY(std::unique_ptr<T> made, T::create(info, services));
  return std::unique_ptr<vcs>(std::move(made));
}

/// How to make a repository of the files that a folder holds, and how to open it.
struct Backend {
  std::string name;
  std::function<void(const fs::path&)> initialise;
  std::function<Result<std::unique_ptr<vcs>>(const instance_info&)> open;
};

[[nodiscard]] Backend git_backend();
[[nodiscard]] Backend memory_backend();
/// The same behind what the kernel checks of a plugin: honest ones are let through.
[[nodiscard]] Backend held_to_its_word(Backend backend);

/// Runs the system's git in `folder`; its output. Fails the test if git fails.
std::string git(const fs::path& folder, const std::string& arguments);

/// A change as "A path", "M path", "D path", with ":type" of the new side where that is not a plain
/// file: tests compare lists of these.
inline std::string show(const change& one) {
  static const char* const kKinds[] = {"?", "A", "M", "D"};
  static const char* const kTypes[] = {"", "", ":exec", ":link", ":submodule", ":other"};
  return std::string(kKinds[static_cast<int>(one.kind)]) + " " + one.path +
         kTypes[static_cast<int>(one.new_type)];
}

inline std::vector<std::string> show(const std::vector<change>& changes) {
  std::vector<std::string> lines;
  for (const change& one : changes) {
    lines.push_back(show(one));
  }
  return lines;
}

}  // namespace director::vcs_test

/// Binds the value of a Result, or ends the test with its error.
#define ASSERT_VALUE(declaration, ...) \
  ASSERT_VALUE_INNER(DIRECTOR_CONCAT(assert_value_, __COUNTER__), declaration, __VA_ARGS__)
#define ASSERT_VALUE_INNER(temporary, declaration, ...)  \
  auto temporary = __VA_ARGS__;                          \
  ASSERT_TRUE(temporary) << temporary.error().message(); \
  declaration = std::move(temporary).value()

#define ASSERT_OK(...) ASSERT_OK_INNER(DIRECTOR_CONCAT(assert_ok_, __COUNTER__), __VA_ARGS__)
#define ASSERT_OK_INNER(temporary, ...) \
  const auto temporary = __VA_ARGS__;   \
  ASSERT_TRUE(temporary) << temporary.error().message()

#define EXPECT_FAILS(code_wanted, ...) \
  EXPECT_FAILS_INNER(DIRECTOR_CONCAT(expect_fails_, __COUNTER__), code_wanted, __VA_ARGS__)
#define EXPECT_FAILS_INNER(temporary, code_wanted, ...)                \
  const auto temporary = __VA_ARGS__;                                  \
  EXPECT_TRUE(!temporary && temporary.error().code() == (code_wanted)) \
      << (temporary ? std::string("it worked") : temporary.error().message())
