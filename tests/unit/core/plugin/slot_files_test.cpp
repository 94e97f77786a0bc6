#include "core/plugin/slot_files.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/matchers.hpp"

namespace director::plugin {
namespace {

namespace fs = std::filesystem;
using director::testing::FailsWith;
using director::testing::IsOk;

class StandsIn : public ::testing::Test {
 protected:
  StandsIn() {
    std::string name = (fs::temp_directory_path() / "director-stands-in-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::ofstream(folder_ / "file") << "bytes\n";
    fs::create_symlink("file", folder_ / "link");
  }
  ~StandsIn() override { fs::remove_all(folder_); }

  [[nodiscard]] Result<bool> stands(const std::string& path, file_type type,
                                    const Result<std::string>& bytes) const {
    return stands_in(folder_, path, type, [&] { return bytes; });
  }

  fs::path folder_;
};

TEST_F(StandsIn, IsToldByTypeAndBytes) {
  EXPECT_EQ(*stands("file", file_type::regular, std::string("bytes\n")), true);
  EXPECT_EQ(*stands("file", file_type::regular, std::string("other\n")), false);
  EXPECT_EQ(*stands("file", file_type::executable, std::string("bytes\n")), false);
  EXPECT_EQ(*stands("link", file_type::symlink, std::string("file")), true);
  EXPECT_EQ(*stands("link", file_type::regular, std::string("bytes\n")), false);
  EXPECT_EQ(*stands("none", file_type::none, std::string()), true);
  EXPECT_EQ(*stands("none", file_type::regular, std::string()), false);
}

// Whoever runs out of descriptors while it is looked is not to be called a liar.
TEST_F(StandsIn, WhatCannotBeLookedAtIsAnErrorAndNoLie) {
  const Result<std::string> unreadable = Error(Errc::Io, "too many open files");
  EXPECT_THAT(stands("file", file_type::regular, unreadable),
              FailsWith(Errc::Io, "too many open files"));
  EXPECT_THAT(stands("link", file_type::symlink, unreadable),
              FailsWith(Errc::Io, "too many open files"));
  const Result<std::string> absent = Error(Errc::NotFound, "no such file in the tree");
  ASSERT_THAT(stands("file", file_type::regular, absent), IsOk());
  EXPECT_EQ(*stands("file", file_type::regular, absent), false);
}

}  // namespace
}  // namespace director::plugin
