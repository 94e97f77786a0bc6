// How programs are found, asked who they are, and refused.
#include <unistd.h>

#include "core/platform/disk_file_store.hpp"
#include "core/plugin/catalog.hpp"
#include "tests/contract/exec/support.hpp"
#include "tests/unit/matchers.hpp"

namespace director::exec_test {
namespace {

using director::testing::FailsWith;
using director::testing::IsOk;
using plugin::Kind;
using plugin::State;
using ::testing::HasSubstr;

/// Says hello, and how often it was started.
std::string greeter(const std::string& id, Kind kind = Kind::Gate) {
  return "echo start >>\"$(dirname \"$0\")/starts\"\necho '" + hello(kind, id) +
         "'\nread -r call || exit 0\nexit 1\n";
}

class ExecDiscovery : public ExecTest {
 protected:
  plugin::Catalog scan() {
    plugin::SearchPath search;
    search.configured = {folder / "plugins"};
    plugin::Probe probe(launcher, clock, files, {{"/bin/false"}, folder / "plugins.json"});
    plugin::Catalog catalog =
        plugin::Catalog::scan(search, {::geteuid(), folder / "repo", {}}, probe);
    EXPECT_THAT(probe.save(), IsOk());
    return catalog;
  }
  /// The one plugin that there is.
  plugin::Entry only() {
    const plugin::Catalog catalog = scan();
    EXPECT_EQ(catalog.entries().size(), 1U);
    return catalog.entries().empty() ? plugin::Entry() : catalog.entries().front();
  }
  Result<plugin::Descriptor> ask(const std::string& script) {
    return plugin::exec::ask_hello(launcher, clock, write("asked.plugin", script), limits);
  }

  platform::DiskFileStore files;
};

TEST_F(ExecDiscovery, ProgramsAreFoundByTheirNameAndAskedOnce) {
  write("plugins/a.plugin", greeter("gate-a"));
  write("plugins/b.sh", "touch started-by-mistake");
  for (int i = 0; i < 2; ++i) {
    const plugin::Entry entry = only();
    ASSERT_EQ(entry.state, State::Usable) << entry.why;
    EXPECT_EQ(entry.form, plugin::Form::Executable);
    EXPECT_EQ(entry.descriptor->id, "gate-a");
  }
  EXPECT_EQ(std::filesystem::file_size(folder / "plugins/starts"), 6U) << "once";
  const plugin::Catalog catalog = scan();
  const auto program = catalog.executable("gate-a", Kind::Gate);
  ASSERT_THAT(program, IsOk());
  EXPECT_EQ(program->file, folder / "plugins/a.plugin");
  EXPECT_THAT(catalog.executable("gate-a", Kind::Sink),
              FailsWith(Errc::Invalid, "is a gate, not a sink"));
  EXPECT_THAT(catalog.load("gate-a", Kind::Gate), FailsWith(Errc::Invalid, "is a program"));
}

TEST_F(ExecDiscovery, ProgramThatOthersCanChangeIsRefusedUnstarted) {
  const auto file = write("plugins/a.plugin", greeter("gate-a"));
  std::filesystem::permissions(file, std::filesystem::perms::others_write,
                               std::filesystem::perm_options::add);
  const plugin::Entry entry = only();
  EXPECT_EQ(entry.state, State::Refused);
  EXPECT_THAT(entry.why, HasSubstr("is writable by others"));
  EXPECT_FALSE(std::filesystem::exists(folder / "plugins/starts"));
}

TEST_F(ExecDiscovery, ProgramInTheRepositoryIsRefusedUnstarted) {
  write("repo/a.plugin", greeter("gate-a"));
  std::filesystem::create_directories(folder / "plugins");
  std::filesystem::create_symlink(folder / "repo/a.plugin", folder / "plugins/a.plugin");
  const plugin::Entry entry = only();
  EXPECT_EQ(entry.state, State::Refused);
  EXPECT_THAT(entry.why, HasSubstr("it is inside the repository"));
  EXPECT_FALSE(std::filesystem::exists(folder / "repo/starts"));
}

TEST_F(ExecDiscovery, ProgramThatChangesItsMindBeforeItIsUsedIsNotUsed) {
  const auto file = write("plugins/a.plugin", greeter("gate-a"));
  const plugin::Catalog catalog = scan();
  std::filesystem::permissions(file, std::filesystem::perms::others_write,
                               std::filesystem::perm_options::add);
  EXPECT_THAT(catalog.executable("gate-a", Kind::Gate),
              FailsWith(Errc::Invalid, "is writable by others"));
}

TEST_F(ExecDiscovery, WhatFailedIsAskedAgain) {
  write("plugins/a.plugin", "[ -e \"$(dirname \"$0\")/mended\" ] || exit 3\n" + greeter("gate-a"));
  EXPECT_THAT(only().why, HasSubstr("ended with status 3 before its hello"));
  write("plugins/mended", "");
  EXPECT_EQ(only().state, State::Usable);
}

TEST_F(ExecDiscovery, HelloSaysEverything) {
  const auto known = ask(
      R"(echo '{"type":"hello","protocol":1,"kind":"runner","id":"my-runner","version":"2.1","summary":"runs","config_schema":{"type":"object","properties":{"command":{"type":"string"}}},"homepage":"unknown members are left alone"}'
read call || exit 0)");
  ASSERT_THAT(known, IsOk());
  EXPECT_EQ(known->id, "my-runner");
  EXPECT_EQ(known->version, "2.1");
  EXPECT_EQ(known->summary, "runs");
  EXPECT_EQ(known->config_schema,
            R"({"type":"object","properties":{"command":{"type":"string"}}})");
  EXPECT_EQ(known->kinds, std::vector<Kind>{Kind::Runner});
}

TEST_F(ExecDiscovery, WhatIsNoHelloIsNamed) {
  const std::string good = "echo '" + hello(Kind::Gate) + "'\n";
  const std::vector<std::tuple<std::string, Errc, const char*>> bad{
      {"exit 0", Errc::External, "ended without a hello"},
      {"echo 'no such module' >&2; exit 1", Errc::External,
       "ended with status 1 before its hello; it said: no such module"},
      {"kill -SEGV $$", Errc::External, "was killed by signal 11"},
      {"echo Usage: frobnicate FILE", Errc::Internal, "said no hello"},
      {"head -c 100000 /dev/urandom", Errc::Internal, "said no hello"},
      {"echo '{\"type\":\"kept\"}'", Errc::Internal, "said 'kept' before its hello"},
      {"echo '" + hello(Kind::Vcs) + "'", Errc::Internal,
       "expected one of runner, gate, reviewer, sink"},
      {"echo '" + hello(Kind::Gate, "My Gate") + "'", Errc::Internal, "has no valid id"},
      {"echo '" + hello(Kind::Gate, "my-gate", "") + "'", Errc::Internal, "has no version"},
      {good + good, Errc::External, "goes on behind its hello"},
      {good + "exit 4", Errc::External, "ended with status 4 after its hello"},
      {"echo "
       "'{\"type\":\"hello\",\"protocol\":7,\"kind\":\"gate\",\"id\":\"x\",\"version\":\"1\"}'",
       Errc::Conflict, "speaks version 7 of the exec protocol, this director speaks 1"},
  };
  for (const auto& [script, code, part] : bad) {
    EXPECT_THAT(ask(script), FailsWith(code, part)) << script;
  }
}

TEST_F(ExecDiscovery, OneThatHangsIsEnded) {
  limits.hello = std::chrono::milliseconds(30);
  EXPECT_THAT(ask("trap '' TERM; while :; do sleep 100; done"),
              FailsWith(Errc::External, "said no hello in time"));
  limits.hello = std::chrono::minutes(1);
  limits.goodbye = std::chrono::milliseconds(30);
  EXPECT_THAT(ask("echo '" + hello(Kind::Gate) + "'\nexec sleep 1000"),
              FailsWith(Errc::External, "did not end after its hello"));
}

TEST_F(ExecDiscovery, TheProgramIsAskedInNobodysFolderWithoutSecrets) {
  const auto known =
      ask("pwd >\"$(dirname \"$0\")/where\"\nenv >>\"$(dirname \"$0\")/where\"\necho '" +
          hello(Kind::Gate) + "'\nread call || exit 0");
  ASSERT_THAT(known, IsOk());
  const Result<std::string> where = files.read(folder / "where");
  ASSERT_THAT(where, IsOk());
  EXPECT_TRUE(where->starts_with("/\n")) << *where;
  EXPECT_THAT(*where, HasSubstr("DIRECTOR_PLUGIN_MAGIC=director-exec"));
  EXPECT_THAT(*where, ::testing::Not(HasSubstr("API_KEY")));
}

}  // namespace
}  // namespace director::exec_test
