/// Each bad library is refused by name and reason: in the probe, which survives it, and where that
/// is possible in this process.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/abi/support.hpp"

namespace director::abi_test {
namespace {

struct Refusal {
  std::string name;
  Errc code;
  std::vector<std::string> says;
};

std::ostream& operator<<(std::ostream& out, const Refusal& refusal) { return out << refusal.name; }

const std::string kMinor = std::to_string(DIRECTOR_ABI_MINOR);

class Loading : public PluginTest, public testing::WithParamInterface<Refusal> {};

TEST_P(Loading, IsRefusedInThisProcess) {
  EXPECT_TRUE(fails_with(plugin::open_library(plugin_file(GetParam().name)), GetParam().code,
                         GetParam().says));
}

TEST_P(Loading, IsRefusedTheSameWayByTheProbe) {
  plugin::Probe probing = probe();
  EXPECT_TRUE(
      fails_with(probing.look(plugin_file(GetParam().name)), GetParam().code, GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Bad, Loading,
    testing::Values(
        Refusal{"bad-wrong_major",
                Errc::Conflict,
                {"bad-wrong_major",
                 "was built for ABI 2." + kMinor + ", this director has 1." + kMinor}},
        Refusal{"bad-newer_minor",
                Errc::Conflict,
                {"needs ABI 1." + std::to_string(DIRECTOR_ABI_MINOR + 7),
                 "this director has 1." + kMinor}},
        Refusal{"bad-throws_in_entry", Errc::Internal, {"threw", "bug of that plugin"}},
        Refusal{"bad-returns_null", Errc::Conflict, {"cannot work with ABI 1." + kMinor}},
        Refusal{"bad-short_descriptor", Errc::Internal, {"too short"}},
        Refusal{"bad-absurd_descriptor", Errc::Internal, {"4294967295 bytes"}},
        Refusal{"bad-bad_id", Errc::Internal, {"bad-bad_id", "no valid id"}},
        Refusal{"bad-bad_schema", Errc::Internal, {"schema"}},
        Refusal{"bad-no_version", Errc::Internal, {"no version"}},
        Refusal{"bad-no_get_interface", Errc::Internal, {"no get_interface"}},
        Refusal{"bad-no_known_kind", Errc::Conflict, {"no interface of this director"}},
        Refusal{
            "bad-no_entry", Errc::Invalid, {"bad-no_entry", "exports no director_plugin_entry"}},
        Refusal{"bad-undefined_symbol",
                Errc::Invalid,
                {"bad-undefined_symbol", "director_test_function_that_nobody_has"}},
        Refusal{"missing", Errc::NotFound, {"missing.so"}}),
    [](const auto& tested) {
      std::string name = tested.param.name;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

using Probing = PluginTest;

TEST_F(Probing, CrashHangAndExitOnLoadNameTheCulprit) {
  plugin::Probe probing = probe();
  EXPECT_TRUE(fails_with(probing.look(plugin_file("bad-crashes_on_load")), Errc::External,
                         {"bad-crashes_on_load", "crashed while loading"}));
  EXPECT_TRUE(fails_with(probing.look(plugin_file("bad-hangs_on_load")), Errc::External,
                         {"bad-hangs_on_load", "did not finish loading"}));
  EXPECT_TRUE(fails_with(probing.look(plugin_file("bad-exits_on_load")), Errc::External,
                         {"bad-exits_on_load", "ended the program with status 0"}));
}

TEST_F(Probing, NotALibraryIsRefused) {
  const auto path = folder / "text.so";
  std::ofstream(path) << "not an ELF file\n";
  EXPECT_TRUE(fails_with(plugin::open_library(path), Errc::Invalid, {"text.so"}));
  plugin::Probe probing = probe();
  EXPECT_TRUE(fails_with(probing.look(path), Errc::Invalid, {"text.so"}));
}

TEST_F(Probing, DescriptorComesThroughTheChild) {
  plugin::Probe probing = probe();
  const auto known = probing.look(plugin_file("good-gate"));
  ASSERT_TRUE(known) << known.error().message();
  EXPECT_EQ(known->id, "good-gate");
  EXPECT_EQ(known->version, "1.2.3");
  EXPECT_EQ(known->summary, "Tells back its request");
  EXPECT_NE(known->config_schema.value_or("").find("word"), std::string::npos);
  EXPECT_EQ(known->kinds, std::vector<plugin::Kind>{plugin::Kind::Gate});
}

/// Counts what is started.
class CountingLauncher final : public ports::ProcessLauncher {
 public:
  explicit CountingLauncher(ports::ProcessLauncher& inner) : inner_(inner) {}
  [[nodiscard]] Result<ports::Exit> run(const ports::Command& command,
                                        const ports::LineHandler& on_line,
                                        const ports::CancelToken& cancel) override {
    ++started;
    return inner_.run(command, on_line, cancel);
  }
  int started = 0;

 private:
  ports::ProcessLauncher& inner_;
};

TEST_F(Probing, CacheSparesTheChildUntilTheFileChanges) {
  const auto path = install("good-gate", "plugins");
  const auto crash = install("bad-crashes_on_load", "plugins");
  CountingLauncher counting(launcher);
  const plugin::ProbeSettings settings{
      {std::filesystem::read_symlink("/proc/self/exe").string(), "--probe-plugin"},
      folder / "cache.json",
      std::chrono::milliseconds(2000)};
  {
    plugin::Probe first(counting, clock, files, settings);
    ASSERT_TRUE(first.look(path));
    ASSERT_FALSE(first.look(crash));
    ASSERT_TRUE(first.look(path));
    ASSERT_TRUE(first.save());
  }
  EXPECT_EQ(counting.started, 2);
  plugin::Probe second(counting, clock, files, settings);
  const auto known = second.look(path);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->id, "good-gate");
  EXPECT_TRUE(fails_with(second.look(crash), Errc::External, {"crashed"}));
  EXPECT_EQ(counting.started, 2);
  std::filesystem::remove(path);
  install("good-runner", "other");
  std::filesystem::rename(folder / "other/good-runner.so", path);
  const auto changed = second.look(path);
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->id, "good-runner");
  EXPECT_EQ(counting.started, 3);
}

TEST_F(Probing, BrokenCacheIsIgnored) {
  std::filesystem::create_directories(folder / "cache");
  for (const std::string_view text :
       {"", "{", "[]", "{\"version\":\"1/1.0\",\"libraries\":[{\"path\":3}]}"}) {
    ASSERT_TRUE(files.write(folder / "cache/plugins.json", text));
    plugin::Probe probing = probe();
    EXPECT_TRUE(probing.look(plugin_file("good-gate")));
    EXPECT_TRUE(probing.save());
  }
}

}  // namespace
}  // namespace director::abi_test
