// By which other names a path can be reached, as the kernel tells it.
#include "core/platform/other_mounts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace director::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A disk with the home folder in it, which an image-based system shows whole, too.
constexpr const char* kTable =
    "21 1 8:1 /deploy/root / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "22 21 8:1 /deploy/var /var rw - ext4 /dev/sda1 rw\n"
    "23 21 8:1 / /sysroot ro - ext4 /dev/sda1 rw\n"
    "24 21 0:5 / /proc rw - proc proc rw\n"
    "25 21 8:1 /deploy/var/home/me/.ssh/key\\040one /opt/my\\040key ro - ext4 /dev/sda1 rw\n"
    "26 21 8:2 / /data rw - ext4 /dev/sda2 rw\n"
    "27 26 8:1 /deploy/var/home /data/home rw - ext4 /dev/sda1 rw\n"
    "cut off";

TEST(OtherMounts, AreReadWithTheirOddNames) {
  const std::vector<Mount> mounts = mounts_in(kTable);
  ASSERT_EQ(mounts.size(), 7U);
  EXPECT_EQ(mounts[4].device, "8:1");
  EXPECT_EQ(mounts[4].root, "/deploy/var/home/me/.ssh/key one");
  EXPECT_EQ(mounts[4].point, "/opt/my key");
  EXPECT_THAT(mounts_in(""), IsEmpty());
}

TEST(OtherMounts, GiveAPathOtherNames) {
  const std::vector<Mount> mounts = mounts_in(kTable);
  const OtherNames folder = other_names(mounts, "/var/home/me/.ssh");
  EXPECT_THAT(folder.whole, ElementsAre("/sysroot/deploy/var/home/me/.ssh", "/data/home/me/.ssh"));
  EXPECT_THAT(folder.parts, ElementsAre("/opt/my key"));
  const OtherNames file = other_names(mounts, "/var/home/me/.ssh/key one");
  EXPECT_THAT(file.whole, ElementsAre("/sysroot/deploy/var/home/me/.ssh/key one", "/opt/my key",
                                      "/data/home/me/.ssh/key one"));
  EXPECT_THAT(other_names(mounts, "/etc/secret").whole,
              ElementsAre("/sysroot/deploy/root/etc/secret"));
  EXPECT_THAT(other_names(mounts, "/data/mine").whole, IsEmpty());
  EXPECT_THAT(other_names(mounts, "/var").whole, ElementsAre("/sysroot/deploy/var"));
  EXPECT_THAT(other_names(mounts, "/var").parts, ElementsAre("/opt/my key", "/data/home"));
  EXPECT_THAT(other_names({}, "/var").whole, IsEmpty());
}

}  // namespace
}  // namespace director::platform
