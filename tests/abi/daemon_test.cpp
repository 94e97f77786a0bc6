/// Commands that go on from call to call, as a plugin has them: what they may do to it, and what is
/// left of them.
#include "director/daemon.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "tests/abi/support.hpp"
#include "tests/support/processes.hpp"

namespace director::abi_test {
namespace {

using std::chrono::milliseconds;
using test_support::all_end;
using test_support::marked;

class Daemon : public PluginTest {
 protected:
  Daemon() : mark_(folder.filename().string()) {}

  /// Its processes are those that are marked.
  [[nodiscard]] daemon_request shell(const std::string& script) const {
    daemon_request request;
    request.argv = {"/bin/sh", "-c", script};
    request.cwd = folder.string();
    request.env_set = {"MARK=" + mark_};
    request.secret_variable = "SERVER_PASSWORD";
    request.ready_prefix = "ready";
    return request;
  }
  Result<daemon> acquire(const std::string& script) {
    return daemon::acquire(host(), shell(script));
  }

  /// A shell does what is asked of it by a pipe "go", and makes "done". It starts nothing while it
  /// waits: that would have no end for whoever ends what it has started. It holds the pipe's other
  /// end as well, so that it never sees the end of what is written.
  [[nodiscard]] static std::string serving(const std::string& work) {
    return "mkfifo go 2>/dev/null; echo ready; while read -r _ <>go; do " + work +
           "; : >done; done";
  }
  void have_it_work() const {
    std::filesystem::remove(folder / "done");
    std::ofstream(folder / "go") << "\n";
    while (!std::filesystem::exists(folder / "done")) {
      std::this_thread::sleep_for(milliseconds(1));
    }
  }

  /// Waits for its end, which this test has asked for in some way.
  static void wait_dead(const daemon& leased) {
    while (leased.inspect()->alive) {
      std::this_thread::sleep_for(milliseconds(1));
    }
  }

  std::string mark_;
};

constexpr const char* kForEver = "sleep 1000 & echo ready 7; wait";

TEST_F(Daemon, GoesOnForTheNextCallThatAsksForTheSame) {
  Result<daemon> first = acquire(kForEver);
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_TRUE(first->is_fresh());
  EXPECT_EQ(first->ready_line(), "ready 7");
  EXPECT_EQ(first->secret().size(), 64U);
  EXPECT_GT(first->inspect()->memory_bytes, 0);
  ASSERT_TRUE(first->keep());
  Result<daemon> next = acquire(kForEver);
  ASSERT_TRUE(next);
  EXPECT_FALSE(next->is_fresh());
  EXPECT_EQ(next->ready_line(), "ready 7");
  EXPECT_EQ(next->secret(), first->secret());
}

TEST_F(Daemon, EachDifferenceOfTheRequestIsAnotherDaemon) {
  Result<daemon> first = acquire(kForEver);
  daemon_request other = shell(kForEver);
  other.env_set.emplace_back("MORE=1");
  Result<daemon> second = daemon::acquire(host(), other);
  ports::CallScope gate;
  gate.purpose = ports::Purpose::Gate;
  Result<daemon> third = daemon::acquire(host(gate), shell(kForEver));
  ASSERT_TRUE(first && second && third);
  EXPECT_TRUE(second->is_fresh());
  EXPECT_TRUE(third->is_fresh());
  EXPECT_NE(first->secret(), second->secret());
}

TEST_F(Daemon, AFolderThatWasReplacedIsAnotherFolder) {
  daemon_request request = shell(kForEver);
  request.cwd = (folder / "slot").string();
  std::filesystem::create_directory(request.cwd);
  ASSERT_TRUE(daemon::acquire(host(), request)->keep());
  std::filesystem::rename(request.cwd, folder / "old");
  std::filesystem::create_directory(request.cwd);
  EXPECT_TRUE(daemon::acquire(host(), request)->is_fresh());
}

TEST_F(Daemon, SeveralCallsHaveItAtOnce) {
  Result<daemon> first = acquire(kForEver);
  Result<daemon> second = acquire(kForEver);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(second->is_fresh());
  ASSERT_TRUE(first->stop());
  EXPECT_TRUE(second->inspect()->alive) << "it ends with its last lease";
  Result<daemon> third = acquire(kForEver);
  EXPECT_TRUE(third->is_fresh()) << "nobody else gets one that is to stop";
  ASSERT_TRUE(second->keep());
  ASSERT_TRUE(third->stop());
  EXPECT_TRUE(marked(mark_).empty());
}

TEST_F(Daemon, OneThatIgnoresTermIsGoneWithItsStraysOnReturnOfStop) {
  Result<daemon> leased = acquire(
      "trap '' TERM HUP; setsid sh -c 'trap \"\" TERM; sleep 1000' & setsid setsid sleep 1000 & "
      "echo ready; while :; do sleep 1000; done");
  ASSERT_TRUE(leased);
  EXPECT_FALSE(marked(mark_).empty());
  ASSERT_TRUE(leased->stop());
  EXPECT_TRUE(marked(mark_).empty());
}

TEST_F(Daemon, WhatItStartedForACallDoesNotOutliveTheCall) {
  const std::string script =
      "sleep 1000 & " + serving(
                            "sleep 1001 & setsid sleep 1001 >/dev/null & "
                            "(setsid setsid sh -c 'trap \"\" TERM; sleep 1001' &)");
  Result<daemon> leased = acquire(script);
  ASSERT_TRUE(leased);
  have_it_work();
  while (marked(mark_).size() < 5) {  // a process is not seen while it changes its program
    std::this_thread::sleep_for(milliseconds(1));
  }
  ASSERT_TRUE(leased->keep());
  std::size_t strays = 0;
  bool has_helper = false;
  for (const pid_t pid : marked(mark_)) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline");
    std::string line;
    std::getline(file, line);
    strays += line.find("1001") != std::string::npos && line.find("go") == std::string::npos;
    has_helper = has_helper || line == std::string("sleep\0001000\0", 11);
  }
  EXPECT_EQ(strays, 0U);
  EXPECT_TRUE(has_helper) << "what it had when it was ready is its own";
  EXPECT_FALSE(acquire(script)->is_fresh()) << "it lives on";
}

TEST_F(Daemon, WhatItsToolsUseIsInTheFiguresOfTheCallThatHadThem) {
  const std::string tool =
      "perl -e '$x = \"x\" x 60000000; 1 while (times)[0] < 0.3; open(F, \">done\"); close F; "
      "sleep 1000'";
  const std::string script = "mkfifo go; echo ready; while :; do read x <>go; " + tool + " & done";
  constexpr milliseconds kWorked(280);  // the kernel tells it in hundredths of a second
  {
    const auto call = hosts.open({});
    Result<daemon> leased = daemon::acquire(call->services(), shell(script));
    ASSERT_TRUE(leased);
    EXPECT_LT(call->usage().cpu, kWorked);
    have_it_work();
    EXPECT_GE(call->usage().cpu, kWorked) << "also of a call that still has it";
    ASSERT_TRUE(leased->keep());
    EXPECT_GE(call->usage().cpu, kWorked);
    EXPECT_GE(call->usage().peak_memory_bytes, 60'000'000U);
  }
  const auto call = hosts.open({});
  Result<daemon> leased = daemon::acquire(call->services(), shell(script));
  ASSERT_TRUE(leased);
  EXPECT_FALSE(leased->is_fresh());
  ASSERT_TRUE(leased->keep());
  EXPECT_LT(call->usage().cpu, kWorked) << "the work of the call before is not its own";
  EXPECT_LT(call->usage().peak_memory_bytes, 60'000'000U);
}

TEST_F(Daemon, PrintingWithoutEndHurtsNobody) {
  Result<daemon> leased = acquire(
      serving("head -c 100000000 /dev/zero | tr '\\0' x; head -c 1000000 /dev/zero | tr '\\0' "
              "'\\n' >&2"));
  ASSERT_TRUE(leased);
  struct rusage before {};
  ::getrusage(RUSAGE_SELF, &before);
  have_it_work();
  struct rusage after {};
  ::getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 64 << 10) << "kilobytes";
  EXPECT_TRUE(leased->inspect()->alive);
}

TEST_F(Daemon, DeathUnderALeaseIsToldWithItsLastWords) {
  daemon_request request =
      shell("echo ready; echo \"at $SERVER_PASSWORD with $MY_API_KEY\" >&2; exit 3");
  request.env_set.emplace_back("MY_API_KEY=key-of-the-user");
  Result<daemon> leased = daemon::acquire(host(), request);
  ASSERT_TRUE(leased) << leased.error().message();
  wait_dead(*leased);
  const daemon_state state = *leased->inspect();
  EXPECT_EQ(state.memory_bytes, -1);
  EXPECT_EQ(state.last_words,
            "it ended with status 3; it last said: at ***SERVER_PASSWORD*** with ***MY_API_KEY***");
  ASSERT_TRUE(leased->keep());
  Result<daemon> next = daemon::acquire(host(), request);
  EXPECT_TRUE(next->is_fresh());
}

TEST_F(Daemon, OneThatIsNeverReadyIsGivenUpAndGone) {
  daemon_request request = shell("echo almost; while :; do sleep 1000; done");
  request.start_timeout_ms = 300;
  EXPECT_TRUE(fails_with(daemon::acquire(host(), request), Errc::Timeout,
                         {"/bin/sh", "did not say 'ready' in time"}));
  EXPECT_TRUE(marked(mark_).empty());
  ports::CallScope scope;
  scope.deadline = clock.now() + milliseconds(100);
  request.start_timeout_ms = 0;
  EXPECT_TRUE(fails_with(daemon::acquire(host(scope), request), Errc::Timeout, {}));
  scope = {};
  scope.cancel.cancel();
  EXPECT_TRUE(fails_with(daemon::acquire(host(scope), request), Errc::Cancelled, {}));
  EXPECT_TRUE(marked(mark_).empty());
}

TEST_F(Daemon, OneThatEndsBeforeItIsReadySaysWhy) {
  EXPECT_TRUE(fails_with(acquire("echo port taken >&2; exit 4"), Errc::External,
                         {"ended with status 4 before it was ready", "port taken"}));
  daemon_request missing = shell("");
  missing.argv = {"no-such-program-anywhere"};
  EXPECT_TRUE(
      fails_with(daemon::acquire(host(), missing), Errc::NotFound, {"no-such-program-anywhere"}));
}

TEST_F(Daemon, EndsWithACallThatDoesNotGiveItBack) {
  {
    const auto call = hosts.open({});
    Result<daemon> leased = daemon::acquire(call->services(), shell(kForEver));
    ASSERT_TRUE(leased);
    // As a plugin of C would forget it: nobody destroys it.
    static const daemon* const forgotten = new daemon(*std::move(leased));
    ASSERT_NE(forgotten, nullptr);
    EXPECT_FALSE(marked(mark_).empty());
  }
  EXPECT_TRUE(marked(mark_).empty());
}

TEST_F(Daemon, EndsWithTheHostAndWithTheJob) {
  {
    plugin::PluginHost other(launcher, clock, log, "0.1-test");
    ASSERT_TRUE(daemon::acquire(other.open({})->services(), shell(kForEver))->keep());
    EXPECT_FALSE(marked(mark_).empty());
    other.stop_daemons();
    EXPECT_TRUE(marked(mark_).empty());
    ASSERT_TRUE(daemon::acquire(other.open({})->services(), shell(kForEver))->keep());
  }
  EXPECT_TRUE(marked(mark_).empty());
}

TEST_F(Daemon, EndsWithADirectorThatIsKilled) {
  int ready[2] = {-1, -1};
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t director = ::fork();
  ASSERT_GE(director, 0);
  if (director == 0) {
    plugin::PluginHost other(launcher, clock, log, "0.1-test");
    const auto call = other.open({});
    const auto leased = daemon::acquire(
        call->services(),
        shell("trap '' TERM; setsid sleep 1000 & echo ready; while :; do sleep 1000; done"));
    (void)!::write(ready[1], leased ? "y" : "n", 1);
    for (;;) {
      ::pause();
    }
  }
  ::close(ready[1]);
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_FALSE(marked(mark_).empty());
  ::kill(director, SIGKILL);
  ::waitpid(director, nullptr, 0);
  EXPECT_TRUE(all_end(mark_));
  ::close(ready[0]);
}

/// Commands that have no network.
class CutOff final : public ports::ProcessLauncher {
 public:
  [[nodiscard]] Result<ports::Exit> run(const ports::Command&, const ports::LineHandler&,
                                        const ports::CancelToken&) override {
    return Error(Errc::Internal, "started all the same");
  }
  [[nodiscard]] bool is_reachable(const ports::Command&) const override { return false; }
};

TEST_F(Daemon, IsNotStartedWhereNothingCouldTalkWithIt) {
  CutOff cut_off;
  plugin::PluginHost other(cut_off, clock, log, "0.1-test");
  EXPECT_TRUE(fails_with(daemon::acquire(other.open({})->services(), shell(kForEver)),
                         Errc::Conflict, {"have no network here"}));
}

TEST_F(Daemon, WritesNowhereThatTheCallsCommandsMayNot) {
  std::filesystem::create_directories(folder / "allowed/part");
  std::filesystem::create_directories(folder / "other");
  std::filesystem::create_directory_symlink(folder / "other", folder / "allowed/link");
  ports::CallScope scope;
  scope.writable = {(folder / "allowed").string()};
  daemon_request request = shell(kForEver);
  for (const char* path : {"other", "allowed/link", "allowed/../other", "allowed/link/../other"}) {
    request.writable = {(folder / path).string()};
    EXPECT_TRUE(fails_with(daemon::acquire(host(scope), request), Errc::Invalid, {"may not write"}))
        << path;
  }
  request.writable = {(folder / "allowed/none").string()};
  EXPECT_TRUE(fails_with(daemon::acquire(host(scope), request), Errc::NotFound, {"allowed/none"}));
  request.writable = {(folder / "allowed/part").string()};
  EXPECT_TRUE(daemon::acquire(host(scope), request));
}

TEST_F(Daemon, RequestsThatMakeNoSenseAreRefused) {
  const director_host* raw = host().raw();
  const auto* table =
      static_cast<const director_daemon_service*>(raw->get_service(raw, DIRECTOR_SERVICE_DAEMON));
  ASSERT_NE(table, nullptr);
  director_daemon_request request{};
  director_daemon_lease lease{sizeof(director_daemon_lease), 0, 0};
  director_daemon_state state{sizeof(director_daemon_state), 0, 0};
  for (const std::uint32_t size : {0U, 8U, 0xffff0000U}) {
    request.struct_size = size;
    EXPECT_EQ(table->acquire(raw, &request, &lease, nullptr, nullptr, nullptr), DIRECTOR_INVALID);
  }
  request.struct_size = sizeof(request);
  EXPECT_EQ(table->acquire(raw, &request, &lease, nullptr, nullptr, nullptr), DIRECTOR_INVALID);
  EXPECT_EQ(table->acquire(raw, nullptr, &lease, nullptr, nullptr, nullptr), DIRECTOR_INVALID);
  EXPECT_EQ(table->acquire(raw, &request, nullptr, nullptr, nullptr, nullptr), DIRECTOR_INVALID);
  EXPECT_EQ(table->inspect(raw, 7, &state, nullptr, nullptr), DIRECTOR_INVALID);
  EXPECT_EQ(table->inspect(raw, 7, nullptr, nullptr, nullptr), DIRECTOR_INVALID);
  EXPECT_EQ(table->release(raw, 7, DIRECTOR_DAEMON_KEEP, nullptr), DIRECTOR_INVALID);
}

TEST_F(Daemon, LeaseOfOneCallIsNoneOfAnother) {
  Result<daemon> leased = acquire(kForEver);
  ASSERT_TRUE(leased);
  const director_host* raw = host().raw();
  const auto* table =
      static_cast<const director_daemon_service*>(raw->get_service(raw, DIRECTOR_SERVICE_DAEMON));
  EXPECT_EQ(table->release(raw, 1, DIRECTOR_DAEMON_STOP, nullptr), DIRECTOR_INVALID);
  EXPECT_TRUE(leased->inspect()->alive);
}

TEST_F(Daemon, TranscriptOfACallTakesLinesWithoutSecrets) {
  ports::CallScope scope;
  scope.transcript = folder / "call.jsonl";
  {
    const auto call = hosts.open(scope);
    daemon_request request = shell(kForEver);
    request.env_set.emplace_back("MY_API_KEY=key-of-the-user");
    Result<daemon> leased = daemon::acquire(call->services(), request);
    ASSERT_TRUE(leased);
    EXPECT_TRUE(write_transcript(call->services(), R"({"type":"text","text":"key-of-the-user"})"));
    EXPECT_TRUE(write_transcript(call->services(), R"({"pw":")" + leased->secret() + R"("})"));
  }
  EXPECT_EQ(
      *files.read(scope.transcript),
      "{\"type\":\"text\",\"text\":\"***MY_API_KEY***\"}\n{\"pw\":\"***SERVER_PASSWORD***\"}\n");
}

}  // namespace
}  // namespace director::abi_test
