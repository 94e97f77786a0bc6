// What a ref's move flushes, against git's own idea of what the move adds.
#include "flush.hpp"

#include <random>
#include <set>
#include <sstream>

#include "git.hpp"
#include "git_fixture.hpp"

namespace director::vcs_test {
namespace {

using vcs_git::Oid;

class Flush : public GitFixture {
 protected:
  /// What `rev-list` says, every object once.
  std::set<std::string> added(const std::string& range) {
    std::istringstream lines(git(repo(), "rev-list --objects " + range));
    std::set<std::string> oids;
    for (std::string line; std::getline(lines, line);) {
      oids.insert(line.substr(0, 40));
    }
    return oids;
  }
  std::string commit_all() {
    git(repo(), "add -A");
    git(repo(), "commit -q --allow-empty -m x");
    return git(repo(), "rev-parse HEAD").substr(0, 40);
  }
  Result<std::vector<Oid>> between(const std::string& from, const std::string& to) {
    vcs_git::Repository opened;
    if (git_repository_open(vcs_git::out(opened), repo().c_str()) != 0) {
      return Error(Errc::Io, "cannot open the repository");
    }
    DIRECTOR_TRY(const auto store, vcs_git::ObjectStore::open(opened.get()));
    DIRECTOR_TRY(const Oid old_commit, store->commit(from));
    DIRECTOR_TRY(const Oid new_commit, store->commit(to));
    return vcs_git::objects_between(*store, old_commit, new_commit);
  }
};

TEST_F(Flush, EveryObjectThatAMoveAddsIsNamed) {
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  const std::vector<std::string> names = {"a", "a.b", "a/b", "a/c/d", "e", "e/f/g", "h/i", "h.i"};
  for (int round = 0; round < 10; ++round) {
    const std::string from = git(repo(), "rev-parse HEAD").substr(0, 40);
    for (auto commits = random() % 3 + 1; commits > 0; --commits) {
      for (auto edits = random() % 3; edits > 0; --edits) {
        const fs::path path = repo() / names[random() % names.size()];
        std::error_code error;
        fs::remove_all(path, error);
        if (random() % 3 != 0 && (fs::create_directories(path.parent_path(), error), !error)) {
          write_file(path, std::to_string(random()));
        }
      }
      commit_all();
    }
    const std::string to = git(repo(), "rev-parse HEAD").substr(0, 40);
    ASSERT_VALUE(const std::vector<Oid> found, between(from, to));
    std::set<std::string> named;
    for (const Oid& oid : found) {
      named.insert(vcs_git::to_hex(oid));
    }
    for (const std::string& oid : added(from + ".." + to)) {
      EXPECT_TRUE(named.contains(oid)) << oid << " with seed " << seed;
    }
  }
}

TEST_F(Flush, SecondParentsCountAndUnrelatedCommitsAreRefused) {
  git(repo(), "checkout -q -b side");
  write_file(repo() / "side/file", "side\n");
  const std::string side = commit_all();
  git(repo(), "checkout -q main");
  write_file(repo() / "main/file", "main\n");
  const std::string main_tip = commit_all();
  git(repo(), "merge -q --no-edit side");
  const std::string merged = git(repo(), "rev-parse HEAD").substr(0, 40);
  ASSERT_VALUE(const std::vector<Oid> found, between(head_.oid, merged));
  EXPECT_EQ(found.size(), added(head_.oid + ".." + merged).size());
  EXPECT_FAILS(Errc::Conflict, between(side, main_tip));
}

TEST_F(Flush, FoldersOfWhichNothingChangedAreNotWalked) {
  for (int i = 0; i < 50; ++i) {
    write_file(repo() / ("many/" + std::to_string(i)), std::to_string(i));
  }
  write_file(repo() / "many.one", "1");
  const std::string from = commit_all();
  fs::remove(repo() / "many.one");
  write_file(repo() / "other", "2");
  const std::string to = commit_all();
  ASSERT_VALUE(const std::vector<Oid> found, between(from, to));
  EXPECT_EQ(found.size(), 3U) << "the commit, its top folder and one file";
}

TEST_F(Flush, ObjectsInPacksAreNoError) {
  write_file(repo() / "new", "new\n");
  const std::string to = commit_all();
  ASSERT_VALUE(const std::vector<Oid> found, between(head_.oid, to));
  const std::string objects = (repo() / ".git/objects").string();
  ASSERT_OK(vcs_git::flush_loose(objects, found));
  git(repo(), "repack -adq");
  ASSERT_OK(vcs_git::flush_loose(objects, found));
  EXPECT_FAILS(Errc::Io, vcs_git::flush_loose(objects + "/absent", found));
}

}  // namespace
}  // namespace director::vcs_test
