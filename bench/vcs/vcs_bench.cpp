// What a node costs in vcs-git, by the number of files: prints milliseconds, the median of the
// rounds. Usage: vcs_bench [files...]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "director/host.hpp"
#include "git_vcs.hpp"

namespace {

namespace fs = std::filesystem;
using director::Result;
using director::Status;

constexpr int kRounds = 9;

template <typename T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "vcs_bench: %s\n", result.error().message().c_str());
    std::exit(1);
  }
  return std::move(result).value();
}

double median_ms(const std::function<void()>& prepare, const std::function<void()>& measured) {
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    prepare();
    const auto start = std::chrono::steady_clock::now();
    measured();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    times.push_back(took.count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

void write_file(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

void measure(int files) {
  std::string name = (fs::temp_directory_path() / "director-bench-XXXXXX").string();
  const fs::path temp = ::mkdtemp(name.data());
  const fs::path repo = temp / "repo";
  for (int i = 0; i < files; ++i) {
    write_file(repo / ("folder" + std::to_string(i / 20)) / ("file" + std::to_string(i) + ".txt"),
               "file " + std::to_string(i) + "\n" + std::string(2000, 'x') + "\n");
  }
  const std::string setup =
      "cd '" + repo.string() +
      "' && git init -q . && git config gc.auto 0 && git add -A && git -c user.name=b -c "
      "user.email=b@localhost commit -q -m first && git gc -q";
  if (std::system(setup.c_str()) != 0) {
    std::exit(1);
  }
  director_host raw{};
  raw.struct_size = sizeof raw;
  raw.get_service = [](const director_host*, const char*) -> const void* { return nullptr; };
  director::host host(&raw);
  auto vcs = must(director::vcs_git::GitVcs::create(
      {"{}", repo.string(), (repo / ".director").string(), (temp / "cache").string()}, host));
  const auto head = must(vcs->resolve("HEAD"));
  const director::slot slot{(temp / "slot").string(), (temp / "meta").string()};
  const fs::path edited = fs::path(slot.dir) / "folder0/file0.txt";
  const auto checkout = [&](const std::string& commit) {
    must(vcs->checkout(slot, commit, "", {}));
  };

  const auto start = std::chrono::steady_clock::now();
  checkout(head.oid);
  const std::chrono::duration<double, std::milli> first = std::chrono::steady_clock::now() - start;
  write_file(edited, "edited\n");
  const auto other = must(vcs->snapshot(slot, head.tree, {}));
  const std::string commit = must(vcs->commit(other.tree, head.oid, "second\n"));
  int serial = 0;
  const double snapshot =
      median_ms([&] { write_file(edited, "edit " + std::to_string(serial++) + "\n"); },
                [&] { must(vcs->snapshot(slot, head.tree, {})); });
  const double moved = median_ms([&] { checkout(head.oid); }, [&] { checkout(commit); });
  const double same = median_ms([] {}, [&] { checkout(commit); });
  const double merge =
      median_ms([] {}, [&] { must(vcs->merge(head.tree, other.tree, head.tree)); });
  std::string at;
  const double landed = median_ms(
      [&] { at = serial++ % 2 == 0 ? head.oid : commit; },
      [&] {
        const auto now = must(vcs->list_refs("refs/heads/director/job"));
        must(vcs->update_ref("refs/heads/director/job", now.empty() ? "" : now[0].oid, at));
      });
  std::printf("%7d %12.1f %12.2f %12.2f %12.2f %12.3f %12.2f\n", files, first.count(), moved, same,
              snapshot, merge, landed);
  std::fflush(stdout);
  std::error_code error;
  fs::remove_all(temp, error);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<int> sizes = {100, 1'000, 10'000, 60'000};
  if (argc > 1) {
    sizes.clear();
    for (int i = 1; i < argc; ++i) {
      sizes.push_back(std::atoi(argv[i]));
    }
  }
  std::printf("%7s %12s %12s %12s %12s %12s %12s\n", "files", "first", "move", "same", "snapshot",
              "merge", "update_ref");
  for (const int size : sizes) {
    measure(size);
  }
  return 0;
}
