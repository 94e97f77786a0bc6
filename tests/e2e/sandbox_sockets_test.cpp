// Agents and gates that talk to a daemon of the machine by its socket in the file system.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <tuple>
#include <vector>

#include "tests/e2e/sandbox_fixture.hpp"

namespace director::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A daemon of a kind that no list has. It answers nobody: to connect is enough.
class Daemon {
 public:
  /// In the first of these where a folder can be made.
  explicit Daemon(const std::vector<std::string>& places) {
    for (const std::string& place : places) {
      std::string pattern = place + "/director-test-XXXXXX";
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
    std::error_code none;
    fs::last_write_time(path(), fs::file_time_type::clock::now() - std::chrono::hours(1), none);
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon() {
    ::close(descriptor_);
    std::error_code none;
    fs::remove_all(folder_, none);
  }
  [[nodiscard]] bool is_there() const { return is_there_; }
  [[nodiscard]] std::string folder() const { return folder_; }
  [[nodiscard]] std::string path() const { return folder_ + "/socket"; }

 private:
  std::string folder_;
  int descriptor_ = -1;
  bool is_there_ = false;
};

/// Not everybody may make a folder directly in the first.
const std::vector<std::string> kBelowRun{"/run", "/run/lock"};

constexpr const char* kReach = R"SH(python3 -c "
import socket
socket.socket(socket.AF_UNIX).connect('@SOCKET@')" 2>/dev/null && echo "reached it"
)SH";

/// A backend and whether the daemon listens below /run, or in a folder of the user's.
class SandboxSockets : public Sandbox,
                       public ::testing::WithParamInterface<std::tuple<const char*, bool>> {
 protected:
  void SetUp() override {
    backend = std::get<0>(GetParam());
    Sandbox::SetUp();
    ASSERT_TRUE(daemon_.is_there()) << "no socket can be made there";
    reach_ = filled(kReach, "@SOCKET@", daemon_.path());
    write_file(world.root() / "gate.sh",
               "if " + reach_ + "then exit 1; fi\nls /run/* /var/run/* >/dev/null 2>&1\ntrue\n");
  }
  /// Landlock does not see connections by a path.
  void expect_reached(const std::string& said) const {
    const auto reached = HasSubstr("reached it");
    if (backend == "landlock") {
      EXPECT_THAT(said, reached);
    } else {
      EXPECT_THAT(said, Not(reached));
    }
  }
  std::string reach_;
  Daemon daemon_{std::get<1>(GetParam()) ? kBelowRun
                                         : std::vector<std::string>{fs::current_path().string()}};
};

TEST_P(SandboxSockets, AGateReachesNoDaemon) {
  for (const char* network : {"false", "true"}) {
    (void)run_job({"--set", std::string("sandbox.gate_network=") + network});
    EXPECT_EQ(ran.exit_code, backend == "landlock" ? 1 : 0) << ran.out << ran.err << journal();
    expect_reached(journal());
  }
}

TEST_P(SandboxSockets, AnAgentReachesNone) {
  write_file(world.root() / "gate.sh", "true\n");
  attack(reach_ + "ls -d '" + daemon_.folder() + "' >/dev/null && echo looked\n");
  expect_reached(run_job());
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
}

TEST_P(SandboxSockets, WhoeverOpensItsFolderLetsThem) {
  attack(reach_);
  const std::string said = run_job({"--set", "sandbox.writable=[\"" + daemon_.folder() + "\"]"});
  EXPECT_THAT(said, HasSubstr("reached it"));
  EXPECT_THAT(journal(), HasSubstr("reached it"));
}

// Who keeps everything below /run works there all the same.
TEST_F(Sandbox, WorksWithACacheBelowRun) {
  const Daemon daemon(kBelowRun);
  ASSERT_TRUE(daemon.is_there()) << "no folder can be made below /run";
  world.environment()["XDG_CACHE_HOME"] = fs::path(daemon.path()).parent_path().string();
  write_file(world.root() / "gate.sh", "echo x >here && rm here && mktemp >/dev/null\n");
  (void)run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << journal();
}

INSTANTIATE_TEST_SUITE_P(With, SandboxSockets,
                         ::testing::Combine(::testing::Values("bubblewrap", "landlock"),
                                            ::testing::Bool()),
                         [](const auto& each) {
                           return std::string(std::get<0>(each.param)) +
                                  (std::get<1>(each.param) ? "BelowRun" : "Elsewhere");
                         });

}  // namespace
}  // namespace director::e2e
