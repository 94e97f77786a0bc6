#include "core/plugin/catalog.hpp"

#include <gtest/gtest.h>

#include "tests/abi/support.hpp"

namespace director::abi_test {
namespace {

namespace fs = std::filesystem;
using plugin::Catalog;
using plugin::Kind;
using plugin::SearchPath;
using plugin::State;

class CatalogOf : public PluginTest {
 protected:
  [[nodiscard]] Catalog scan() {
    plugin::Probe probing = probe();
    return Catalog::scan(search, trust(), probing);
  }
  SearchPath search;
};

TEST_F(CatalogOf, FirstPlaceWinsAndTheRestAreShadowed) {
  const fs::path configured = install("good-gate", "configured");
  install("good-gate", "variable");
  install("good-gate", "user");
  install("good-gate", "installed");
  install("good-runner", "installed");
  search = {{configured}, (folder / "variable").string(), folder / "user", folder / "installed"};
  const Catalog catalog = scan();
  ASSERT_EQ(catalog.entries().size(), 5U);
  EXPECT_EQ(catalog.entries()[0].state, State::Usable);
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(catalog.entries()[i].state, State::Shadowed);
    EXPECT_NE(catalog.entries()[i].why.find(configured.string()), std::string::npos);
  }
  EXPECT_EQ(catalog.entries()[4].state, State::Usable);
  EXPECT_EQ((*catalog.find("good-gate", Kind::Gate))->path, configured);
  search.configured.clear();
  EXPECT_EQ((*scan().find("good-gate", Kind::Gate))->path, folder / "variable/good-gate.so");
  search.variable.clear();
  EXPECT_EQ((*scan().find("good-gate", Kind::Gate))->path, folder / "user/good-gate.so");
}

TEST_F(CatalogOf, OneBadLibraryDoesNotTouchTheOthers) {
  for (const char* name : {"bad-crashes_on_load", "bad-wrong_major", "bad-no_entry", "good-gate"}) {
    install(name, "installed");
  }
  fs::permissions(install("good-runner", "installed"), fs::perms::all);
  search.installed = folder / "installed";
  const Catalog catalog = scan();
  ASSERT_EQ(catalog.entries().size(), 5U);
  for (const plugin::Entry& entry : catalog.entries()) {
    const bool good = entry.path.filename() == "good-gate.so";
    EXPECT_EQ(entry.state, good ? State::Usable : State::Refused) << entry.path;
    EXPECT_EQ(entry.why.empty(), good) << entry.path;
  }
  const auto library = catalog.load("good-gate", Kind::Gate);
  ASSERT_TRUE(library) << library.error().message();
  EXPECT_EQ((*library)->descriptor().id, "good-gate");
}

TEST_F(CatalogOf, RefusedLibraryShadowsNobody) {
  fs::permissions(install("good-gate", "user"), fs::perms::all);
  install("good-gate", "installed");
  search.user = folder / "user";
  search.installed = folder / "installed";
  EXPECT_EQ((*scan().find("good-gate", Kind::Gate))->path, folder / "installed/good-gate.so");
}

TEST_F(CatalogOf, UnknownIdSaysWhatThereIsAndWhereItLooked) {
  install("good-gate", "installed");
  search.installed = folder / "installed";
  search.variable = "relative:" + (folder / "absent").string();
  const Catalog catalog = scan();
  EXPECT_TRUE(fails_with(catalog.find("god-gate", Kind::Gate), Errc::NotFound,
                         {"'god-gate'", "did you mean 'good-gate'?",
                          (folder / "installed").string(), (folder / "absent").string()}));
  EXPECT_TRUE(fails_with(catalog.find("good-gate", Kind::Runner), Errc::Invalid,
                         {"is a gate, not a runner"}));
  ASSERT_EQ(catalog.entries().size(), 3U);
  EXPECT_EQ(catalog.entries()[0].why, "not an absolute path");
  EXPECT_EQ(catalog.entries()[1].why, "no such folder");
}

TEST_F(CatalogOf, RefusedPluginIsNamedWithItsReasonWhenItIsAskedFor) {
  fs::permissions(install("good-gate", "user"), fs::perms::all);
  search.user = folder / "user";
  EXPECT_TRUE(
      fails_with(scan().find("good-gate", Kind::Gate), Errc::NotFound, {"writable by others"}));
}

TEST_F(CatalogOf, MissingPlacesOfNobodysChoosingAreNoEntry) {
  search.user = folder / "none";
  search.installed = folder / "neither";
  EXPECT_TRUE(scan().entries().empty());
  search.configured = {folder / "named.so"};
  const Catalog catalog = scan();
  ASSERT_EQ(catalog.entries().size(), 1U);
  EXPECT_EQ(catalog.entries()[0].why, "no such file or folder");
}

TEST_F(CatalogOf, FileThatChangedSinceTheScanIsNotLoaded) {
  const fs::path path = install("good-sink", "installed");
  search.installed = folder / "installed";
  const Catalog catalog = scan();
  fs::permissions(path, fs::perms::all);
  EXPECT_TRUE(
      fails_with(catalog.load("good-sink", Kind::Sink), Errc::Invalid, {"writable by others"}));
  fs::remove(path);
  fs::rename(install("good-reviewer", "x"), path);
  EXPECT_TRUE(fails_with(catalog.load("good-sink", Kind::Sink), Errc::Conflict,
                         {"is now 'good-reviewer'"}));
}

}  // namespace
}  // namespace director::abi_test
