// Our reading of gitignore(5) against git's own, on random rules and paths.
#include <map>
#include <random>
#include <sstream>

#include "git_fixture.hpp"
#include "ignore_rules.hpp"

namespace director::vcs_test {
namespace {

using vcs_git::IgnoreRules;

TEST(IgnoreRules, AgreeWithGitOnRandomRules) {
  TempFolder temp;
  git(temp.path(), "init -q .");
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  const auto pick = [&](const std::vector<std::string>& from) {
    return from[random() % from.size()];
  };
  const std::vector<std::string> pieces = {
      "a",    "b",     "ab",   "a b", "*",           "**",  "a*",    "*b",   "?",  "[ab]",
      "[!a]", "[a-c]", "a**b", "\\a", "[[:alpha:]]", "\\*", "a[/]b", "[]a]", "[a", "\\"};
  const std::vector<std::string> names = {"a", "b", "ab", "a b", "ba", "aab", "c", "*", "]"};
  const auto rules = [&] {
    std::string text;
    for (auto line = random() % 4 + 1; line > 0; --line) {
      text += random() % 4 == 0 ? "!" : "";
      text += random() % 4 == 0 ? "/" : "";
      const auto depth = random() % 3 + 1;
      for (std::size_t i = 0; i < depth; ++i) {
        text += (i == 0 ? "" : "/") + pick(pieces);
      }
      text += random() % 4 == 0 ? "/" : "";
      text += random() % 8 == 0 ? "  " : "";
      text += "\n";
    }
    return text;
  };
  for (int round = 0; round < 120; ++round) {
    const std::map<std::string, std::string> files = {
        {".gitignore", rules()}, {"a/.gitignore", rules()}, {"a/b/.gitignore", rules()}};
    std::string queries;
    std::vector<std::string> paths;
    for (int i = 0; i < 60; ++i) {
      std::string path = pick(names);
      for (auto depth = random() % 4; depth > 0; --depth) {
        path += "/" + pick(names);
      }
      paths.push_back(path);
      queries += path + '\0';
    }
    for (const auto& [path, text] : files) {
      write_file(temp.path() / path, text);
    }
    write_file(temp.path() / ".git/queries", queries);
    std::istringstream verdicts(
        git(temp.path(), "check-ignore --no-index -z -v -n --stdin < .git/queries || test $? = 1"));
    IgnoreRules ours(
        [&](std::string_view path) {
          const auto found = files.find(std::string(path));
          return found == files.end() ? std::string() : found->second;
        },
        {});
    for (const std::string& path : paths) {
      std::string source;
      std::string line;
      std::string pattern;
      std::string named;
      std::getline(verdicts, source, '\0');
      std::getline(verdicts, line, '\0');
      std::getline(verdicts, pattern, '\0');
      std::getline(verdicts, named, '\0');
      ASSERT_EQ(named, path);
      const bool theirs = !pattern.empty() && pattern[0] != '!';
      const bool is_directory = fs::is_directory(temp.path() / path);
      EXPECT_EQ(ours.ignores(path, is_directory), theirs)
          << "seed " << seed << ", path '" << path << "', by " << source << ":" << line << " "
          << pattern << "\n--- .gitignore\n"
          << files.at(".gitignore") << "--- a/.gitignore\n"
          << files.at("a/.gitignore") << "--- a/b/.gitignore\n"
          << files.at("a/b/.gitignore");
    }
  }
}

}  // namespace
}  // namespace director::vcs_test
