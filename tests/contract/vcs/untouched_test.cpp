// A slot that nobody wrote to is brought to another commit without a look at it. Whatever the last
// look saw, the slot is then as if it had been looked at.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <functional>
#include <map>

#include "git_fixture.hpp"

namespace director::vcs_test {
namespace {

/// Every entry with its type, its mode and what is in it, but for the repository's.
std::map<std::string, std::string> all_of(const fs::path& folder) {
  std::map<std::string, std::string> found;
  for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::end(entry); ++entry) {
    const std::string name = entry->path().lexically_relative(folder).string();
    if (name == ".git") {
      entry.disable_recursion_pending();
      continue;
    }
    struct stat seen {};
    EXPECT_EQ(::lstat(entry->path().c_str(), &seen), 0);
    found[name] = std::to_string(seen.st_mode) + " " + std::to_string(seen.st_nlink) + " ";
    if (S_ISREG(seen.st_mode)) {
      found[name] += read_bytes(entry->path());
    } else if (S_ISLNK(seen.st_mode)) {
      found[name] += fs::read_symlink(entry->path()).string();
    } else if (S_ISDIR(seen.st_mode)) {
      found[name] = std::to_string(seen.st_mode);
    }
  }
  return found;
}

class Untouched : public GitFixture {
 protected:
  void populate() override {
    write_file(repo() / ".gitignore", "*.o\nout/\nloose/cache/\n");
    write_file(repo() / "tool.sh", "#!/bin/sh\n");
    fs::permissions(repo() / "tool.sh", fs::perms(0755));
    fs::create_symlink("README", repo() / "link");
  }

  /// What another slot holds that is made from nothing.
  std::map<std::string, std::string> fresh(const std::string& commit, const std::string& tree) {
    const slot other{(temp_.path() / "other").string(), (temp_.path() / "other.meta").string()};
    fs::remove_all(other.dir);
    fs::remove_all(other.meta_dir);
    const Status made = vcs_->checkout(other, commit, tree, {});
    EXPECT_TRUE(made) << (made ? "" : made.error().message());
    return all_of(other.dir);
  }
  void expect_as_fresh(const std::string& commit, const std::string& tree) {
    EXPECT_EQ(all_of(slot_.dir), fresh(commit, tree));
    EXPECT_EQ(git(slot_.dir, "rev-parse HEAD"), commit + "\n");
  }
  /// An agent's work: done, looked at, and then the slot is brought on without another look.
  void expect_clean_after(const std::function<void()>& work) {
    work();
    const snapshot_result taken = snapshot();
    Result<std::string> made = vcs_->commit(taken.tree, head_.oid, "work\n");
    ASSERT_TRUE(made) << made.error().message();
    // To what was made of the work, as after it landed; and back, as if it had not.
    ASSERT_OK(vcs_->checkout_untouched(slot_, *made, "", {}));
    expect_as_fresh(*made, "");
    ASSERT_OK(vcs_->checkout_untouched(slot_, head_.oid, "", {}));
    expect_as_fresh(head_.oid, "");
    work();
    (void)snapshot();
    ASSERT_OK(vcs_->checkout_untouched(slot_, head_.oid, "", {}));
    expect_as_fresh(head_.oid, "");
    expect_clean();
  }
};

void make_socket(const fs::path& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.string().size(), sizeof address.sun_path);
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(fd);
}

TEST_F(Untouched, SlotIsCleanWhateverTheLastLookSaw) {
  const std::map<std::string, std::function<void()>> works = {
      {"nothing", [] {}},
      {"edit", [&] { write_file(at("src/a.txt"), "other\n"); }},
      {"new file", [&] { write_file(at("src/new.txt"), "new\n"); }},
      {"new folder", [&] { write_file(at("new/deep/file.txt"), "new\n"); }},
      {"empty folders", [&] { fs::create_directories(at("empty/er/est")); }},
      {"empty folder in a folder of the tree", [&] { fs::create_directories(at("src/empty")); }},
      {"ignored file", [&] { write_file(at("src/a.o"), "object\n"); }},
      {"ignored folder", [&] { write_file(at("out/a/b"), "output\n"); }},
      {"ignored folder among new files",
       [&] {
         write_file(at("new/out/b"), "output\n");
         write_file(at("new/file"), "file\n");
       }},
      {"folder gone", [&] { fs::remove_all(at("src")); }},
      {"folder replaced by a file",
       [&] {
         fs::remove_all(at("src"));
         write_file(at("src"), "file\n");
       }},
      {"folder replaced by a link",
       [&] {
         write_file(temp_.path() / "outside/a.txt", "precious\n");
         fs::remove_all(at("src"));
         fs::remove(at("src"));
         fs::create_directory_symlink(temp_.path() / "outside", at("src"));
       }},
      {"file replaced by a folder",
       [&] {
         fs::remove(at("README"));
         write_file(at("README/file"), "file\n");
       }},
      {"file replaced by a link",
       [&] {
         fs::remove(at("README"));
         fs::create_symlink("src/a.txt", at("README"));
       }},
      {"file replaced by a FIFO",
       [&] {
         fs::remove(at("README"));
         ASSERT_EQ(::mkfifo(at("README").c_str(), 0644), 0);
       }},
      {"socket", [&] { make_socket(at("socket")); }},
      {"mode of a file", [&] { fs::permissions(at("README"), fs::perms(0755)); }},
      {"odd mode of a file", [&] { fs::permissions(at("README"), fs::perms(0600)); }},
      {"unreadable file", [&] { fs::permissions(at("README"), fs::perms(0)); }},
      {"mode of a folder", [&] { fs::permissions(at("src"), fs::perms(0777)); }},
      {"mode of the slot", [&] { fs::permissions(at(""), fs::perms(0700)); }},
      {"hard link within", [&] { fs::create_hard_link(at("README"), at("again")); }},
      {"hard link to the outside",
       [&] {
         fs::remove(temp_.path() / "second-name");
         fs::create_hard_link(at("README"), temp_.path() / "second-name");
       }},
      {"nested repository", [&] { git(slot_.dir, "init -q nested"); }},
      {"nested repository in a folder of the tree", [&] { git(slot_.dir, "init -q src"); }},
      {"edited ignore rules",
       [&] {
         write_file(at(".gitignore"), "*\n");
         write_file(at("hidden"), "hidden\n");
       }},
      {"commit of its own",
       [&] {
         write_file(at("README"), "mine\n");
         git(slot_.dir, "commit -q -a -m mine");
       }},
      {"renamed", [&] { fs::rename(at("src/a.txt"), at("src/z.txt")); }},
      {"touched", [&] { fs::last_write_time(at("README"), fs::file_time_type::clock::now()); }},
  };
  for (const auto& [name, work] : works) {
    SCOPED_TRACE(name);
    expect_clean_after(work);
    fs::remove(temp_.path() / "second-name");
    restore();
    ASSERT_FALSE(HasFailure()) << name;
  }
  EXPECT_EQ(read_bytes(temp_.path() / "outside/a.txt"), "precious\n");
}

TEST_F(Untouched, GoesFromCommitToCommitAndLeavesNoEmptyFolder) {
  write_file(at("one/two/three.txt"), "3\n");
  const std::string with = snapshot().tree;
  Result<std::string> added = vcs_->commit(with, head_.oid, "add\n");
  ASSERT_TRUE(added);
  ASSERT_OK(vcs_->checkout(slot_, *added, "", {}));
  fs::remove_all(at("src"));
  write_file(at("one/other.txt"), "other\n");
  const std::string without = snapshot().tree;
  Result<std::string> removed = vcs_->commit(without, *added, "remove\n");
  ASSERT_TRUE(removed);
  for (const std::string& commit : {*added, head_.oid, *removed, *added, *removed, head_.oid}) {
    ASSERT_OK(vcs_->checkout_untouched(slot_, commit, "", {}));
    expect_as_fresh(commit, "");
  }
}

TEST_F(Untouched, KeptFoldersStayUntilTheyAreNotKept) {
  write_file(at("out/cache/x"), "keep\n");
  write_file(at("loose/cache/x"), "keep\n");
  write_file(at("loose/y"), "remove\n");
  (void)snapshot();
  ASSERT_OK(vcs_->checkout_untouched(slot_, head_.oid, "", {"out", "loose/cache"}));
  EXPECT_EQ(read_bytes(at("out/cache/x")), "keep\n");
  EXPECT_EQ(read_bytes(at("loose/cache/x")), "keep\n");
  EXPECT_FALSE(fs::exists(at("loose/y")));
  ASSERT_OK(vcs_->checkout_untouched(slot_, head_.oid, "", {"out"}));
  EXPECT_EQ(read_bytes(at("out/cache/x")), "keep\n");
  EXPECT_FALSE(fs::exists(at("loose")));
  ASSERT_OK(vcs_->checkout_untouched(slot_, head_.oid, "", {}));
  expect_as_fresh(head_.oid, "");
}

TEST_F(Untouched, LinkInThePlaceOfAKeptFolderGoes) {
  write_file(temp_.path() / "outside/precious", "precious\n");
  fs::create_directory_symlink(temp_.path() / "outside", at("out"));
  (void)snapshot();
  ASSERT_OK(vcs_->checkout_untouched(slot_, head_.oid, "", {"out"}));
  EXPECT_FALSE(fs::exists(fs::symlink_status(at("out"))));
  EXPECT_EQ(read_bytes(temp_.path() / "outside/precious"), "precious\n");
}

TEST_F(Untouched, TheRepositoryInTheSlotIsLookedAtAllTheSame) {
  write_file(at(".git/hooks/post-checkout"), "#!/bin/sh\n");
  (void)snapshot();
  ASSERT_OK(vcs_->checkout_untouched(slot_, head_.oid, "", {}));
  EXPECT_FALSE(fs::exists(at(".git/hooks")));
  expect_clean();
}

TEST_F(Untouched, AnotherProcessLooks) {
  write_file(at("stray"), "stray\n");
  (void)snapshot();
  vcs_.reset();
  ASSERT_VALUE(vcs_, open(repo()));
  write_file(at("src/a.txt"), "somebody else's\n");
  ASSERT_OK(vcs_->checkout_untouched(slot_, head_.oid, "", {}));
  expect_as_fresh(head_.oid, "");
}

TEST_F(Untouched, SlotThatTheUserRemovedOrEmptiedIsFilledAgain) {
  fs::remove_all(slot_.dir);
  ASSERT_OK(vcs_->checkout_untouched(slot_, head_.oid, "", {}));
  expect_as_fresh(head_.oid, "");
  fs::remove_all(at("src"));
  fs::remove(at("README"));
  ASSERT_OK(vcs_->checkout_untouched(slot_, head_.oid, "", {}));
  expect_as_fresh(head_.oid, "");
}

TEST_F(Untouched, IsToldThroughWhatHoldsPluginsToTheirWord) {
  const Backend backend = held_to_its_word(git_backend());  // has what the instance works with
  ASSERT_VALUE(const std::unique_ptr<vcs> held,
               backend.open({"{}", repo().string(), (repo() / ".director").string(),
                             (temp_.path() / "cache").string()}));
  ASSERT_OK(held->checkout(slot_, head_.oid, "", {}));
  write_file(at("src/deep/b.txt"), "behind its back\n");
  ASSERT_OK(held->checkout_untouched(slot_, head_.oid, "", {}));
  EXPECT_EQ(read_bytes(at("src/deep/b.txt")), "behind its back\n");
  ASSERT_OK(held->checkout(slot_, head_.oid, "", {}));
  EXPECT_EQ(read_bytes(at("src/deep/b.txt")), "two\n");
}

// Without this, all of the above would hold for one that looks.
TEST_F(Untouched, DoesNotLook) {
  write_file(at("src/deep/b.txt"), "behind its back\n");
  ASSERT_OK(vcs_->checkout_untouched(slot_, head_.oid, "", {}));
  EXPECT_EQ(read_bytes(at("src/deep/b.txt")), "behind its back\n");
  restore();
  EXPECT_EQ(read_bytes(at("src/deep/b.txt")), "two\n");
}

}  // namespace
}  // namespace director::vcs_test
