#include <sys/stat.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "sdk/kit/check.hpp"
#include "sdk/kit/folders.hpp"
#include "sdk/kit/vcs_bench.hpp"

namespace director::kit {
namespace {

namespace fs = std::filesystem;

/// Folders as sets of paths and bytes; what the backend keeps beside the files is not looked at.
Listing files_of(const std::string& folder) {
  Listing all = list_folder(folder);
  std::erase_if(all, [](const auto& entry) {
    return entry.first == ".git" || entry.first.starts_with(".git/") ||
           entry.second.starts_with("2:");  // folders come with their files
  });
  return all;
}

Status exact_body(const VcsBench& bench) {
  DIRECTOR_CHECK(expect(read_file(bench.at("src/deep/b.txt")) == "two\n",
                        "a file's bytes are not those of the commit"));
  std::error_code error;
  DIRECTOR_CHECK(expect(fs::read_symlink(bench.at("link"), error) == "README",
                        "a symbolic link is not checked out as one"));
  struct stat seen {};
  DIRECTOR_CHECK(
      expect(::stat(bench.at("run.sh").c_str(), &seen) == 0 && (seen.st_mode & 0111U) == 0111U,
             "an executable file is not executable"));
  DIRECTOR_CHECK(
      expect(::stat(bench.at("README").c_str(), &seen) == 0 && (seen.st_mode & 0111U) == 0,
             "a plain file is executable"));
  DIRECTOR_TRY(const snapshot_result taken, bench.snapshot());
  return expect(taken.tree == bench.head().tree && taken.changes.empty(),
                "a slot that nobody touched is not the commit's tree");
}

Status idempotent_body(const VcsBench& bench) {
  const Listing before = files_of(bench.main().dir);
  DIRECTOR_CHECK(bench.restore());
  DIRECTOR_CHECK(bench.restore());
  std::string difference = first_difference(before, files_of(bench.main().dir));
  DIRECTOR_CHECK(expect(difference.empty(), "a second checkout is another: " + difference));
  DIRECTOR_CHECK(bench.write("stray", "x\n"));
  DIRECTOR_CHECK(bench.write("src/a.txt", "changed\n"));
  std::error_code error;
  fs::remove(bench.at("README"), error);
  DIRECTOR_CHECK(bench.restore());
  difference = first_difference(before, files_of(bench.main().dir));
  return expect(difference.empty(), "a checkout does not put a changed slot right: " + difference);
}

Status private_body(const VcsBench& bench) {
  const slot other = bench.slot_at("other");
  DIRECTOR_CHECK(bench.backend().checkout(other, bench.head().oid, "", {}));
  const Listing before = files_of(other.dir);
  DIRECTOR_CHECK(bench.write("README", "only here\n"));
  DIRECTOR_CHECK(bench.write("new", "only here\n"));
  DIRECTOR_TRY(const snapshot_result mine, bench.snapshot());
  DIRECTOR_CHECK(same(show(mine.changes), {"A new", "M README"}, "what changed in a slot"));
  DIRECTOR_TRY(const snapshot_result others,
               bench.backend().snapshot(other, bench.head().tree, {}));
  DIRECTOR_CHECK(same(show(others.changes), {}, "what changed in another slot"));
  const std::string difference = first_difference(before, files_of(other.dir));
  return expect(difference.empty(), "writing in one slot changes another: " + difference);
}

Status changes_body(const VcsBench& bench) {
  std::error_code error;
  DIRECTOR_CHECK(bench.write("README", "changed\n"));
  fs::remove(bench.at("src/a.txt"), error);
  fs::permissions(bench.at("run.sh"), fs::perms(0644), error);
  fs::remove(bench.at("link"), error);
  DIRECTOR_CHECK(bench.write("link", "now a file\n"));
  DIRECTOR_CHECK(bench.write("tool", "#!/bin/sh\n"));
  fs::permissions(bench.at("tool"), fs::perms(0755), error);
  fs::create_symlink("README", bench.at("other-link"), error);
  fs::create_directory(bench.at("empty"), error);
  const Lines wanted{"A other-link:link", "A tool:exec", "D src/a.txt",
                     "M README",          "M link",      "M run.sh"};
  DIRECTOR_TRY(const snapshot_result taken, bench.snapshot());
  DIRECTOR_CHECK(same(show(taken.changes), wanted, "a snapshot's changes"));
  DIRECTOR_TRY(const auto again, bench.backend().changes(bench.head().tree, taken.tree));
  return same(show(again), wanted, "the changes between the two trees");
}

Status names_body(const VcsBench& bench) {
  const Lines names{"a b",        "quote'd \"x\"",    "tab\there", "new\nline",          "-dash",
                    "\xff\xfe",   "\u00fcml\u00e4ut", "$(x)",      "deep/er/and/deeper", "*?[x]",
                    "back\\slash"};
  Lines wanted;
  for (const std::string& name : names) {
    DIRECTOR_CHECK(bench.write(name, name + "\n"));
    wanted.push_back("A " + name);
  }
  std::sort(wanted.begin(), wanted.end());
  DIRECTOR_TRY(const snapshot_result taken, bench.snapshot());
  DIRECTOR_CHECK(expect(show(taken.changes) == wanted,
                        "files with odd names are not listed as they are named"));
  const slot other = bench.slot_at("names");
  DIRECTOR_CHECK(bench.backend().checkout(other, bench.head().oid, taken.tree, {}));
  for (const std::string& name : names) {
    DIRECTOR_CHECK(expect(read_file(fs::path(other.dir) / name) == name + "\n",
                          "the file '" + text::printable(name) + "' is not checked out"));
    DIRECTOR_TRY(const std::string bytes, bench.backend().read_file(taken.tree, name));
    DIRECTOR_CHECK(expect(bytes == name + "\n",
                          "the file '" + text::printable(name) + "' is not read from the tree"));
  }
  return ok();
}

Status binary_body(const VcsBench& bench) {
  std::string bytes("\0\r\n$Id$\xff\n", 9);
  for (int i = 0; i < 256 * 1024; ++i) {
    bytes += static_cast<char>(i * 7);
  }
  DIRECTOR_CHECK(bench.write("data.bin", bytes));
  DIRECTOR_CHECK(bench.write("src/a.txt", "dos\r\n"));
  DIRECTOR_CHECK(bench.write(".gitattributes", "* text=auto eol=crlf ident\n"));
  DIRECTOR_TRY(const snapshot_result taken, bench.snapshot());
  const slot other = bench.slot_at("binary");
  DIRECTOR_CHECK(bench.backend().checkout(other, bench.head().oid, taken.tree, {}));
  DIRECTOR_CHECK(expect(read_file(fs::path(other.dir) / "data.bin") == bytes &&
                            read_file(fs::path(other.dir) / "src/a.txt") == "dos\r\n",
                        "what was snapshot is not byte for byte what is checked out"));
  DIRECTOR_TRY(const std::string text, bench.backend().diff(bench.head().tree, taken.tree));
  DIRECTOR_CHECK(
      expect(text.find("data.bin") != std::string::npos && text.find('\0') == std::string::npos,
             "a diff does not name a binary file, or shows its bytes"));
  return expect(text.find("-one") != std::string::npos && text.find("+dos") != std::string::npos,
                "a diff does not show the lines of a text file");
}

Status renames_body(const VcsBench& bench) {
  std::error_code error;
  fs::rename(bench.at("src/a.txt"), bench.at("src/moved.txt"), error);
  fs::rename(bench.at("src/deep"), bench.at("deep"), error);
  fs::remove(bench.at("README"), error);
  DIRECTOR_CHECK(bench.write("README/inside", "a folder now\n"));
  DIRECTOR_TRY(const snapshot_result taken, bench.snapshot());
  DIRECTOR_CHECK(same(show(taken.changes),
                      {"A README/inside", "A deep/b.txt", "A src/moved.txt", "D README",
                       "D src/a.txt", "D src/deep/b.txt"},
                      "a rename is a deletion and an addition"));
  DIRECTOR_CHECK(bench.restore());
  DIRECTOR_TRY(const snapshot_result back, bench.snapshot());
  return expect(back.tree == bench.head().tree, "files and folders do not replace each other");
}

Status others_body(const VcsBench& bench) {
  DIRECTOR_CHECK(expect(::mkfifo(bench.at("pipe").c_str(), 0600) == 0, "cannot make a FIFO"));
  DIRECTOR_TRY(const snapshot_result taken, bench.snapshot());
  DIRECTOR_CHECK(same(show(taken.changes), {"A pipe:other"}, "an entry that no tree can hold"));
  return expect(taken.tree == bench.head().tree, "what no tree can hold changed the tree");
}

Status ignore_body(const VcsBench& bench) {
  DIRECTOR_CHECK(bench.write("build/out.o", "object\n"));
  DIRECTOR_CHECK(bench.write("src/x.log", "log\n"));
  DIRECTOR_CHECK(bench.write("src/a.txt", "changed\n"));
  DIRECTOR_CHECK(bench.write("seen", "seen\n"));
  // An agent's own rules are none.
  DIRECTOR_CHECK(bench.write(".gitignore", "seen\n"));
  DIRECTOR_TRY(
      const snapshot_result taken,
      bench.backend().snapshot(bench.main(), bench.head().tree, {"build/", "*.log", "a.txt"}));
  return same(show(taken.changes), {"A .gitignore", "A seen", "M src/a.txt"},
              "what is ignored is what the call and the base tree say, and nothing tracked");
}

Status keep_body(const VcsBench& bench) {
  DIRECTOR_CHECK(bench.write("build/cache/x", "keep\n"));
  DIRECTOR_CHECK(bench.write("build/y", "remove\n"));
  DIRECTOR_CHECK(bench.write("src/stray", "remove\n"));
  DIRECTOR_CHECK(
      bench.backend().checkout(bench.main(), bench.head().oid, "", {"build/cache", "src"}));
  DIRECTOR_CHECK(expect(read_file(bench.at("build/cache/x")) == "keep\n",
                        "a folder that keep names does not survive"));
  DIRECTOR_CHECK(expect(!fs::exists(bench.at("build/y")) && !fs::exists(bench.at("src/stray")),
                        "a checkout leaves files that neither the tree nor keep names"));
  DIRECTOR_TRY(const snapshot_result with, bench.snapshot());
  for (const std::string& tree : {with.tree, std::string()}) {
    DIRECTOR_CHECK(bench.backend().checkout(bench.main(), bench.head().oid, tree, {"build/cache"}));
  }
  return expect(!fs::exists(bench.at("build/cache/x")),
                "what the last tree had survives in a folder that keep names");
}

Outcome checks_out_exactly(const Subject& subject) { return with_vcs(subject, &exact_body); }
Outcome slots_idempotent(const Subject& subject) { return with_vcs(subject, &idempotent_body); }
Outcome slots_private(const Subject& subject) { return with_vcs(subject, &private_body); }
Outcome sees_changes(const Subject& subject) { return with_vcs(subject, &changes_body); }
Outcome odd_names(const Subject& subject) { return with_vcs(subject, &names_body); }
Outcome byte_for_byte(const Subject& subject) { return with_vcs(subject, &binary_body); }
Outcome renames(const Subject& subject) { return with_vcs(subject, &renames_body); }
Outcome no_tree_holds(const Subject& subject) { return with_vcs(subject, &others_body); }
Outcome ignores(const Subject& subject) { return with_vcs(subject, &ignore_body); }
Outcome keeps(const Subject& subject) { return with_vcs(subject, &keep_body); }

}  // namespace

const std::vector<Check>& vcs_checks() {
  static const std::vector<Check> kAll{
      {"vcs.exact", "a checkout is the commit", Needs::Answer, &checks_out_exactly},
      {"vcs.slots-idempotent", "a checkout puts any slot right", Needs::Answer, &slots_idempotent},
      {"vcs.slots-private", "slots know nothing of each other", Needs::Answer, &slots_private},
      {"vcs.changes", "a snapshot lists every change", Needs::Answer, &sees_changes},
      {"vcs.odd-names", "files may be named anything", Needs::Answer, &odd_names},
      {"vcs.byte-for-byte", "bytes stay as they are", Needs::Answer, &byte_for_byte},
      {"vcs.renames", "a rename is a deletion and an addition", Needs::Answer, &renames},
      {"vcs.other-entries", "what no tree holds is listed", Needs::Answer, &no_tree_holds},
      {"vcs.ignore", "ignore rules are the call's and the base's", Needs::Answer, &ignores},
      {"vcs.keep", "what keep names survives, and nothing else", Needs::Answer, &keeps},
  };
  return kAll;
}

}  // namespace director::kit
