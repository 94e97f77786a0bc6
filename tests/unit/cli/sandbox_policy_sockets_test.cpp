// What is hidden of where somebody listens, by real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <memory>
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

void stands_for_long(const std::string& path) {
  fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
}

TEST_F(SandboxSocketsFor, HidesWhereSomebodyListens) {
  for (const char* folder : {"lone", "cache/slots", "open/inner", "gone"}) {
    fs::create_directories(at(folder));
  }
  const Listener of_many(at("keys/socket"));
  const Listener lone(at("lone/with space"));
  const Listener own(at("cache/slots/socket"));
  const Listener opened(at("open/inner/socket"));
  const Listener hidden(at(".ssh/control"));
  const Listener replaced(at("token.socket"));
  const Listener removed(at("gone/socket"));
  fs::remove(at("token.socket"));
  write("token.socket");
  fs::remove(at("gone/socket"));
  for (const char* path : {"keys/socket", "lone/with space", "cache/slots/socket",
                           "open/inner/socket", ".ssh/control"}) {
    stands_for_long(at(path));
  }
  const Listener young(at("young.socket"));
  const auto made = policy({}, {at("open")});
  ASSERT_THAT(made, IsOk());
  const platform::SandboxPolicy now = platform::policy_now(*made, ports::Purpose::Agent);
  EXPECT_THAT(now.sockets, Contains(at("keys/socket"))) << "other things are there, too";
  EXPECT_THAT(now.daemons, Contains(at("lone"))) << "and all to come";
  for (const std::vector<std::string>& listed : {now.sockets, now.daemons}) {
    for (const char* path :
         {"cache/slots", "cache/slots/socket", "open/inner", "open/inner/socket", ".ssh",
          ".ssh/control", "token.socket", "gone", "gone/socket", "young.socket"}) {
      EXPECT_THAT(listed, Not(Contains(at(path))));
    }
  }
  fs::remove(at("keys/socket"));
  EXPECT_THAT(platform::policy_now(*made, ports::Purpose::Agent).sockets,
              Not(Contains(at("keys/socket"))))
      << "on which nothing could be mounted any more";
}

TEST_F(SandboxSocketsFor, HidesAFolderRatherThanEachOfMany) {
  fs::create_directories(at("many"));
  write("many/other");
  std::vector<std::unique_ptr<Listener>> all;
  for (int i = 0; i < 9; ++i) {
    const std::string path = at("many/" + std::to_string(i));
    all.push_back(std::make_unique<Listener>(path));
    stands_for_long(path);
  }
  const auto made = policy({});
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(made->daemons, Contains(at("many")));
  EXPECT_THAT(made->sockets, Not(Contains(at("many/0"))));
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
