// What is hidden of where somebody listens, by real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "core/platform/sandboxed_launcher.hpp"
#include "tests/unit/cli/sandbox_policy_fixture.hpp"
#include "tests/unit/matchers.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;
using director::testing::IsOk;
using ::testing::Contains;
using ::testing::Not;

using SandboxSocketsFor = SandboxPolicyFor;

/// One that takes connections until the end.
class Listener {
 public:
  explicit Listener(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(address.sun_path), sizeof(address.sun_path) - 1);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(socket_, 1), 0);
  }
  ~Listener() { ::close(socket_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  int socket_;
};

TEST_F(SandboxSocketsFor, HidesWhereSomebodyListens) {
  for (const char* folder : {"lone", "cache/slots", "open/inner", "gone"}) {
    fs::create_directories(at(folder));
  }
  const Listener of_many(at("keys/socket"));
  const auto made = policy({}, {at("open")});
  ASSERT_THAT(made, IsOk());
  const Listener lone(at("lone/with space"));
  const Listener own(at("cache/slots/socket"));
  const Listener opened(at("open/inner/socket"));
  const Listener hidden(at(".ssh/control"));
  const Listener replaced(at("token.socket"));
  const Listener removed(at("gone/socket"));
  fs::remove(at("token.socket"));
  write("token.socket");
  fs::remove(at("gone/socket"));
  const platform::SandboxPolicy now = platform::policy_now(*made, ports::Purpose::Agent);
  EXPECT_THAT(now.sockets, Contains(at("keys/socket"))) << "other things are there, too";
  EXPECT_THAT(now.daemons, Contains(at("lone"))) << "and all to come";
  for (const std::vector<std::string>& listed : {now.sockets, now.daemons}) {
    for (const char* path : {"cache/slots", "cache/slots/socket", "open/inner", "open/inner/socket",
                             ".ssh", ".ssh/control", "token.socket", "gone", "gone/socket"}) {
      EXPECT_THAT(listed, Not(Contains(at(path))));
    }
  }
  platform::SandboxPolicy weaker = *made;
  weaker.backend = platform::SandboxBackend::Landlock;
  EXPECT_EQ(platform::policy_now(weaker, ports::Purpose::Agent).sockets, made->sockets)
      << "which could not hide them, and would have to name all that lies beside";
}

// Whoever writes to the socket of a terminal's program types in the user's own shell.
TEST_F(SandboxSocketsFor, HidesWhereTerminalsListen) {
  variables_ = {"SCREENDIR=" + at("screens"), "TMUX_TMPDIR=" + at("temp")};
  const auto made = policy({});
  ASSERT_THAT(made, IsOk());
  const std::string tmux = "temp/tmux-" + std::to_string(::geteuid());
  for (const std::string& folder : {std::string("screens"), tmux, std::string(".screen")}) {
    fs::create_directories(at(folder));
    EXPECT_THAT(platform::policy_now(*made, ports::Purpose::Agent).empty, Contains(at(folder)));
  }
}

}  // namespace
}  // namespace director::cli
