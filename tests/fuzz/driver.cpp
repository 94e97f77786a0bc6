// Runs a fuzzer's entry point without libFuzzer:
//   <program> <mutations> <folder of seeds>...
// Each input is written to <program>.input in the current folder before it is tried, so the one
// that breaks the entry point stays behind.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void read_seeds(const std::filesystem::path& folder, std::vector<std::string>& seeds) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
}

class Mutator {
 public:
  Mutator(const std::vector<std::string>& seeds, unsigned start) : seeds_(seeds), dice_(start) {}

  std::string next() {
    std::string text = seeds_[below(seeds_.size())];
    for (std::size_t steps = 1 + below(8); steps > 0; --steps) {
      change(text);
    }
    return text;
  }

 private:
  std::size_t below(std::size_t limit) {
    return limit == 0 ? 0 : std::uniform_int_distribution<std::size_t>(0, limit - 1)(dice_);
  }

  void change(std::string& text) {
    static const std::string kTokens[] = {"{",    "}",  "[",    "]",        "\"",  ",",      ":",
                                          "null", "1e", "\\u",  "```",      "//",  "/*",     "=",
                                          ".",    "\n", "\xff", "\xc3\xa9", "'''", "\"\"\"", "-"};
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = below(std::min<std::size_t>(text.size() - at, 64) + 1);
    switch (below(6)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, kTokens[below(std::size(kTokens))]);
        break;
      case 2:
        text.insert(at, text.substr(below(text.size() + 1), 64));
        break;
      case 3:
        text.insert(at, std::string(below(300), text.empty() ? '[' : text[below(text.size())]));
        break;
      case 4:
        text.resize(at);
        break;
      default:
        if (at < text.size()) {
          text[at] = static_cast<char>(below(256));
        }
    }
  }

  const std::vector<std::string>& seeds_;
  std::mt19937 dice_;
};

void run(const std::filesystem::path& copy, const std::string& text) {
  std::ofstream(copy, std::ios::binary) << text;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s <mutations> <folder of seeds>...\n", argv[0]);
    return 2;
  }
  const long mutations = std::strtol(argv[1], nullptr, 10);
  std::vector<std::string> seeds;
  for (int i = 2; i < argc; ++i) {
    const std::size_t before = seeds.size();
    read_seeds(argv[i], seeds);
    if (seeds.size() == before) {
      std::fprintf(stderr, "there are no seeds in '%s'\n", argv[i]);
      return 2;
    }
  }
  const std::string copy = std::filesystem::path(argv[0]).filename().string() + ".input";
  for (const std::string& seed : seeds) {
    run(copy, seed);
  }
  constexpr unsigned kStart = 1;
  Mutator mutator(seeds, kStart);
  for (long i = 0; i < mutations; ++i) {
    run(copy, mutator.next());
  }
  std::printf("%zu seeds and %ld mutations\n", seeds.size(), mutations);
  std::error_code ignored;
  std::filesystem::remove(copy, ignored);
  return 0;
}
