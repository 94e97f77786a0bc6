// Agents and gates that talk to a daemon of the machine by its socket in the file system.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tests/e2e/sandbox_fixture.hpp"

namespace director::e2e {
namespace {

using ::testing::HasSubstr;

/// A daemon of a kind that no list has, below /run. It answers nobody: to connect is enough.
class Daemon {
 public:
  Daemon() {
    // Not everybody may make a folder directly there.
    for (const char* place : {"/run", "/run/lock"}) {
      std::string pattern = std::string(place) + "/director-test-XXXXXX";
      if (mkdtemp(pattern.data()) != nullptr) {
        folder_ = pattern;
        break;
      }
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(static_cast<char*>(address.sun_path), sizeof(address.sun_path) - 1);
    descriptor_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    constexpr int kWaiting = 16;
    is_there_ =
        !folder_.empty() &&
        ::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
        ::listen(descriptor_, kWaiting) == 0;
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon() {
    ::close(descriptor_);
    std::error_code none;
    fs::remove_all(folder_, none);
  }
  [[nodiscard]] bool is_there() const { return is_there_; }
  [[nodiscard]] std::string path() const { return folder_ + "/socket"; }

 private:
  std::string folder_;
  int descriptor_ = -1;
  bool is_there_ = false;
};

constexpr const char* kReach = R"SH(python3 -c "
import socket
socket.socket(socket.AF_UNIX).connect('@SOCKET@')" 2>/dev/null && echo "reached it"
)SH";

class SandboxSockets : public AnySandbox {
 protected:
  void SetUp() override {
    AnySandbox::SetUp();
    ASSERT_TRUE(daemon_.is_there()) << "no socket can be made below /run";
    reach_ = filled(kReach, "@SOCKET@", daemon_.path());
    write_file(world.root() / "gate.sh",
               "if " + reach_ + "then exit 1; fi\nls /run/* /var/run/* >/dev/null 2>&1\ntrue\n");
  }
  std::string reach_;

 private:
  Daemon daemon_;
};

// Landlock does not see connections by a path.
TEST_P(SandboxSockets, AGateWithoutNetworkReachesNoDaemon) {
  (void)run_job();
  EXPECT_EQ(ran.exit_code, backend == "landlock" ? 1 : 0) << ran.out << ran.err << journal();
}

TEST_P(SandboxSockets, AGateWithNetworkDoes) {
  (void)run_job({"--set", "sandbox.gate_network=true"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(journal(), HasSubstr("reached it"));
}

TEST_P(SandboxSockets, AnAgentWithNetworkDoes) {
  write_file(world.root() / "gate.sh", "true\n");
  attack(reach_);
  EXPECT_THAT(run_job(), HasSubstr("reached it"));
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
}

// Who keeps everything below /run works there all the same.
TEST_F(Sandbox, WorksWithACacheBelowRun) {
  const Daemon daemon;
  ASSERT_TRUE(daemon.is_there()) << "no folder can be made below /run";
  world.environment()["XDG_CACHE_HOME"] = fs::path(daemon.path()).parent_path().string();
  write_file(world.root() / "gate.sh", "echo x >here && rm here && mktemp >/dev/null\n");
  (void)run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << journal();
}

INSTANTIATE_TEST_SUITE_P(With, SandboxSockets, ::testing::Values("bubblewrap", "landlock"),
                         backend_name);

}  // namespace
}  // namespace director::e2e
