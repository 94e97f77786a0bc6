// Where somebody listens, as the kernel tells it.
#include "core/platform/listening_sockets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace director::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ListeningSockets, AreThoseOfTheFileSystemThatTakeConnections) {
  EXPECT_THAT(
      listening_sockets(
          "Num       RefCount Protocol Flags    Type St Inode Path\n"
          "0000000000000000: 00000002 00000000 00010000 0001 01 20101 /run/screen/S-me/1.work\n"
          "0000000000000000: 00000002 00000000 00010000 0005 01     7 /home/me/with  space /s \n"
          "0000000000000000: 00000002 00000000 00010000 0001 01 20102 @/tmp/.X11-unix/X0\n"
          "0000000000000000: 00000002 00000000 00010000 0001 01 20103 relative/socket\n"
          "0000000000000000: 00000002 00000000 00010000 0001 01 20104\n"
          "0000000000000000: 00000003 00000000 00000000 0001 03 20105 /run/connected\n"
          "0000000000000000: 00000002 00000000 00000000 0002 01 20106 /run/datagrams\n"
          "cut off"),
      ElementsAre("/run/screen/S-me/1.work", "/home/me/with  space /s "));
  EXPECT_THAT(listening_sockets(""), IsEmpty());
}

}  // namespace
}  // namespace director::platform
