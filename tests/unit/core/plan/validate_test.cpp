#include "core/plan/validate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace director::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Node node(std::string id, std::vector<std::string> files,
          std::vector<std::string> depends_on = {}) {
  Node made;
  made.id = NodeId(std::move(id));
  made.title = made.spec = "x";
  made.files = std::move(files);
  made.test_cmd = "true";
  for (std::string& dependency : depends_on) {
    made.depends_on.emplace_back(std::move(dependency));
  }
  return made;
}

std::vector<std::string> lines(const std::vector<Node>& nodes) {
  std::vector<std::string> all;
  for (const Problem& problem : validate(nodes)) {
    all.push_back(problem.node.value + "| " + problem.message);
  }
  return all;
}

TEST(Validate, AcceptsASoundPlan) {
  std::vector<Node> nodes{node("a", {"src/a.py"}), node("b", {"src/b.py", "src/a.py"}, {"a"}),
                          node("c.1_x-Y", {"\xc3\xa9 with space/x'\"y"})};
  nodes[0].tests = {"tests/a.py"};
  nodes[1].tests = {"tests/a.py", "tests/b.py"};
  EXPECT_THAT(lines(nodes), IsEmpty());
}

TEST(Validate, WantsANode) {
  EXPECT_THAT(lines({}), ElementsAre("| the plan has no nodes: give at least one"));
}

TEST(Validate, IdsMustFitABranchName) {
  const std::string start = "| the id does not fit a branch name: ";
  const std::string charset = start + "use only letters, digits, '.', '_' and '-'";
  const std::string ends = start + "it must not start with '-' or '.' nor end with '.'";
  const std::string holds = start + "it must not hold '..' nor end with '.lock'";
  const std::pair<std::string, std::string> cases[] = {
      {"", "| the id is empty: name the node"},
      {std::string(101, 'a'), "| the id has more than 100 characters: shorten it"},
      {"a/b", charset},
      {"a b", charset},
      {"a~1", charset},
      {"a\nb", charset},
      {"\xc3\xa9", charset},
      {"a@{b", charset},
      {std::string("a\0", 2), charset},
      {"-a", ends},
      {".a", ends},
      {"a.", ends},
      {"a..b", holds},
      {"a.lock", holds},
      {"a.LOCK", holds},
  };
  for (const auto& [id, message] : cases) {
    EXPECT_THAT(lines({node(id, {"f"})}), ElementsAre(id + message)) << id;
  }
  for (const char* good : {"a", "1", "a.b", "a-", "_", "HEAD", "lock"}) {
    EXPECT_THAT(lines({node(good, {"f"})}), IsEmpty()) << good;
  }
  EXPECT_THAT(lines({node(std::string(100, 'a'), {"f"})}), IsEmpty());
}

TEST(Validate, IdsMustBeUniqueAlsoWithoutCase) {
  EXPECT_THAT(lines({node("a", {"1"}), node("b", {"2"}), node("a", {"3"})}),
              ElementsAre("a| the id is taken: nodes 1 and 3 of the list have it, rename one"));
  EXPECT_THAT(lines({node("Api", {"1"}), node("api", {"2"})}),
              ElementsAre("api| the id differs from 'Api' only in case, so their branches collide "
                          "on some file systems: rename one"));
}

TEST(Validate, DependenciesMustExist) {
  EXPECT_THAT(
      lines({node("parser", {"1"}), node("b", {"2"}, {"parsr", "b", "", "nowhere-near"})}),
      ElementsAre("b| depends_on: there is no node 'parsr': name a node of the plan or remove it, "
                  "did you mean 'parser'?",
                  "b| depends_on: the node depends on itself: remove 'b'",
                  "b| depends_on: there is no node '': name a node of the plan or remove it",
                  "b| depends_on: there is no node 'nowhere-near': name a node of the plan or "
                  "remove it"));
}

TEST(Validate, NamesTheShortestCycleOfEachKnot) {
  EXPECT_THAT(lines({node("a", {"1"}, {"b"}), node("b", {"2"}, {"c", "d"}), node("c", {"3"}, {"a"}),
                     node("d", {"4"}, {"c"}), node("x", {"5"}, {"y"}), node("y", {"6"}, {"x"}),
                     node("behind", {"7"}, {"x"})}),
              ElementsAre("a| depends_on: the dependencies form a cycle, a -> b -> c -> a: remove "
                          "one of them",
                          "x| depends_on: the dependencies form a cycle, x -> y -> x: remove one "
                          "of them"));
}

TEST(Validate, CommandAndFilesMustNotBeEmpty) {
  Node bad = node("a", {});
  bad.test_cmd = " \n";
  EXPECT_THAT(lines({bad}),
              ElementsAre("a| test_cmd is empty: give the command that runs the node's tests",
                          "a| files is empty: list the files that the node may change"));
  bad = node("a", {"f"});
  bad.test_cmd = std::string("true\0rm", 7);
  EXPECT_THAT(lines({bad}), ElementsAre("a| test_cmd has a NUL character: remove it"));
}

TEST(Validate, CommandMustNotRunWhatTheNodeMayChangeInsteadOfItsTests) {
  const std::string refused =
      "a| test_cmd runs 'run.sh', which the node may change, and none of its tests: list it in "
      "tests instead of files, or run one of the tests";
  for (const char* command : {"sh run.sh", "./run.sh", "true && sh './run.sh'", "sh<run.sh",
                              "(cd . ; sh ././run.sh -q)", "$(sh run.sh)", "sh run.sh t/b.py"}) {
    Node bad = node("a", {"src/a.c", "run.sh"});
    bad.test_cmd = command;
    EXPECT_THAT(lines({bad}), ElementsAre(refused)) << command;
    bad.tests = {"t/a.py"};
    EXPECT_THAT(lines({bad}), ElementsAre(refused)) << command;
  }
  for (const auto& [command, word] :
       {std::pair("pytest src/b.py::TestNew", "src/b.py::TestNew"),
        std::pair("python3 -m unittest src.b", "src.b"),
        std::pair("python3 -m unittest src.b.TestNew", "src.b.TestNew")}) {
    Node bad = node("a", {"src/b.py"});
    bad.test_cmd = command;
    EXPECT_THAT(lines({bad}), ElementsAre(HasSubstr(std::string("runs '") + word + "'")));
    bad.tests = {"src/b_test.py"};
    EXPECT_THAT(lines({bad}), ElementsAre(HasSubstr(std::string("runs '") + word + "'")));
  }
  for (const char* command :
       {"python3 -m unittest t.a.TestB src/a.c", "pytest src.a", "pytest src/a.cpp run.shell:x",
        "pytest t/ src/a.c", "python3 t/a.py run.sh", "pytest ./t src/a.c", "pytest t/",
        "pytest t/a.py::test_b src/a.c", "cc src/a.c t/a.py -o a && ./a", "make test",
        "sh other/run.sh", "sh run.sh.bak", ""}) {
    Node good = node("a", {"src/a.c", "run.sh"});
    good.test_cmd = std::string("true ") + command;
    good.tests = {"t/a.py"};
    EXPECT_THAT(lines({good}), IsEmpty()) << command;
  }
}

TEST(Validate, PathsMustBeFit) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "'' is empty: name a file"},
      {"/etc/passwd", "'/etc/passwd' is absolute: write it relative to the repository's root"},
      {"../x", "'../x' has a '..' part: write the path from the repository's root"},
      {"a/../b", "'a/../b' has a '..' part: write the path from the repository's root"},
      {"./x", "'./x' has a '.' part: leave it out"},
      {"a//b", "'a//b' has an empty part: write single slashes between names and none at the end"},
      {"a/", "'a/' has an empty part: write single slashes between names and none at the end"},
      {"a\\b", "'a\\b' has a backslash: separate folders with '/'"},
      {".g\u200cit/config",
       "'.g\\u200cit/config' has a character that cannot be seen: choose another name"},
      {"\u202egnp.exe",
       "'\\u202egnp.exe' has a character that cannot be seen: choose another name"},
      {"a\nb", "'a\\nb' has a control character: choose another name"},
      {std::string("a\0b", 3), "'a\\x00b' has a control character: choose another name"},
      {"a\xff", "'a\\xff' is not UTF-8: choose another name"},
      {".git/config", "'.git/config' lies in a git folder: choose a path outside of it"},
      {".GIT", "'.GIT' lies in a git folder: choose a path outside of it"},
      {"sub/.Git/hooks/x", "'sub/.Git/hooks/x' lies in a git folder: choose a path outside of it"},
      {".git./x", "'.git./x' lies in a git folder: choose a path outside of it"},
      {".git /x", "'.git /x' lies in a git folder: choose a path outside of it"},
      {"GIT~1/x", "'GIT~1/x' lies in a git folder: choose a path outside of it"},
      {".git::$INDEX_ALLOCATION/x",
       "'.git::$INDEX_ALLOCATION/x' lies in a git folder: choose a path outside of it"},
      {".director/config.toml",
       "'.director/config.toml' lies in .director, which is director's own: choose another path"},
      {".Director", "'.Director' lies in .director, which is director's own: choose another path"},
      {"d/" + std::string(256, 'n'),
       "'d/" + std::string(256, 'n') + "' has a name of more than 255 bytes: shorten it"},
  };
  for (const auto& [path, message] : cases) {
    EXPECT_THAT(lines({node("a", {path})}), ElementsAre("a| files: " + message)) << path;
    Node tested = node("a", {"f"});
    tested.tests = {path};
    EXPECT_THAT(lines({tested}), ElementsAre("a| tests: " + message)) << path;
  }
  for (const char* good : {".gitignore", "git", "a/.github/x", "x.git", "sub/.director/x", "..."}) {
    EXPECT_THAT(lines({node("a", {good})}), IsEmpty()) << good;
  }
}

TEST(Validate, FilesMustNotBeTests) {
  std::vector<Node> nodes{node("a", {"t", "f"}), node("b", {"u", "g"}, {"a"})};
  nodes[0].tests = {"t", "u"};
  EXPECT_THAT(lines(nodes),
              ElementsAre("a| files: 't' is also one of the node's tests, which nobody may change: "
                          "list it in one of the two",
                          "b| files: 'u' is a test of node 'a', which nobody may change: remove it "
                          "from files"));
}

TEST(Validate, AFileMustNotBeAFolder) {
  std::vector<Node> nodes{node("a", {"lib"}), node("b", {"lib/x/y", "library"})};
  nodes[1].tests = {"lib/t"};
  EXPECT_THAT(lines(nodes), ElementsAre("b| files: 'lib/x/y' lies under 'lib', which node 'a' "
                                        "lists as a file: rename one of them",
                                        "b| tests: 'lib/t' lies under 'lib', which node 'a' lists "
                                        "as a file: rename one of them"));
}

TEST(Validate, UnjoinedNodesMustNotShare) {
  std::vector<Node> nodes{node("a", {"f"}), node("b", {"f", "f"}), node("c", {"f"}, {"a", "b"}),
                          node("d", {"g"})};
  nodes[0].tests = {"t"};
  nodes[3].tests = {"t"};
  EXPECT_THAT(lines(nodes), ElementsAre("b| files: 'f' is also listed by node 'a', and neither "
                                        "depends on the other: add a dependency or list it in one "
                                        "of them",
                                        "d| tests: 't' is also listed by node 'a', and neither "
                                        "depends on the other: add a dependency or list it in one "
                                        "of them"));
}

TEST(Validate, SharingAlongAPathThroughOthersIsFine) {
  EXPECT_THAT(lines({node("c", {"f"}, {"b"}), node("b", {"g"}, {"a"}), node("a", {"f"})}),
              IsEmpty());
}

TEST(Validate, ReportsEveryRuleAtOnceInOrderOfTheNodes) {
  std::vector<Node> nodes{node("b", {"f"}), node("a", {"f", "../x"}, {"q"}), node("b", {})};
  EXPECT_THAT(lines(nodes).size(), 5U);
  EXPECT_THAT(lines(nodes).back(), "b| files is empty: list the files that the node may change");
}

TEST(Describe, ListsUpToTheLimit) {
  const std::vector<Problem> problems{{NodeId("a"), "one"}, {NodeId(), "two"}, {NodeId("b"), "x"}};
  EXPECT_EQ(describe(problems), "node 'a': one\ntwo\nnode 'b': x");
  EXPECT_EQ(describe(problems, 1), "node 'a': one\nand 2 more");
}

// ---- against brute force ------------------------------------------------------------------------

struct Random {
  std::vector<Node> nodes;
  std::vector<std::set<std::size_t>> above;  ///< all that a node depends on, through others too
};

Random random_dag(std::mt19937& dice) {
  const auto roll = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(dice);
  };
  Random made;
  const std::size_t count = 1 + roll(12);
  const std::size_t density = 1 + roll(5);
  for (std::size_t i = 0; i < count; ++i) {
    Node next = node("n" + std::to_string(i), {"own" + std::to_string(i)});
    made.above.emplace_back();
    for (std::size_t j = 0; j < i; ++j) {
      if (roll(6) < density) {
        next.depends_on.emplace_back("n" + std::to_string(j));
        made.above[i].insert(j);
        made.above[i].insert(made.above[j].begin(), made.above[j].end());
      }
    }
    for (std::size_t j = roll(3); j > 0; --j) {
      next.files.push_back("f" + std::to_string(roll(5)));
      next.tests.push_back("t" + std::to_string(roll(5)));
    }
    made.nodes.push_back(std::move(next));
  }
  return made;
}

/// Each unjoined pair that shares, as "path later earlier".
std::set<std::string> brute_force(const Random& made) {
  std::set<std::string> pairs;
  for (std::size_t i = 0; i < made.nodes.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (made.above[i].contains(j)) {
        continue;
      }
      for (const auto list : {&Node::files, &Node::tests}) {
        for (const std::string& path : made.nodes[i].*list) {
          const auto& other = made.nodes[j].*list;
          if (std::find(other.begin(), other.end(), path) != other.end()) {
            pairs.insert("'" + path + "' n" + std::to_string(i) + " 'n" + std::to_string(j) + "'");
            pairs.insert("'" + path + "' n" + std::to_string(j) + " 'n" + std::to_string(i) + "'");
          }
        }
      }
    }
  }
  return pairs;
}

std::set<std::string> paths_of(const std::set<std::string>& pairs) {
  std::set<std::string> paths;
  for (const std::string& pair : pairs) {
    paths.insert(pair.substr(0, pair.find(' ')));
  }
  return paths;
}

TEST(Validate, AgreesWithBruteForceOnRandomGraphs) {
  for (unsigned seed = 1; seed <= 5000; ++seed) {
    std::mt19937 dice(seed);
    Random made = random_dag(dice);
    const std::set<std::string> expected = brute_force(made);
    std::shuffle(made.nodes.begin(), made.nodes.end(), dice);
    std::set<std::string> found;
    for (const Problem& problem : validate(made.nodes)) {
      const std::string& text = problem.message;
      const std::size_t path = text.find('\'');
      const std::size_t path_end = text.find(' ', path);
      const std::size_t other = text.find("node 'n") + 5;
      found.insert(text.substr(path, path_end - path) + " " + problem.node.value + " " +
                   text.substr(other, text.find(',', other) - other));
    }
    ASSERT_TRUE(std::includes(expected.begin(), expected.end(), found.begin(), found.end()))
        << "a pair is reported that is joined, seed " << seed;
    ASSERT_EQ(paths_of(found), paths_of(expected)) << "seed " << seed;
  }
}

TEST(Validate, AgreesWithBruteForceOnCyclesOfRandomGraphs) {
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    std::mt19937 dice(seed);
    const std::size_t count = 2 + dice() % 7;
    std::vector<std::vector<bool>> reach(count, std::vector<bool>(count));
    std::vector<Node> nodes;
    for (std::size_t i = 0; i < count; ++i) {
      nodes.push_back(node("n" + std::to_string(i), {"f" + std::to_string(i)}));
      for (std::size_t j = 0; j < count; ++j) {
        if (i != j && dice() % 5 == 0) {
          nodes[i].depends_on.emplace_back("n" + std::to_string(j));
          reach[i][j] = true;
        }
      }
    }
    for (std::size_t k = 0; k < count; ++k) {
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = 0; j < count; ++j) {
          reach[i][j] = reach[i][j] || (reach[i][k] && reach[k][j]);
        }
      }
    }
    // One report for each set of nodes that reach each other, at its first node.
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < count; ++i) {
      bool first = reach[i][i];
      for (std::size_t j = 0; j < i; ++j) {
        first = first && !(reach[i][j] && reach[j][i]);
      }
      if (first) {
        expected.push_back("n" + std::to_string(i));
      }
    }
    std::vector<std::string> found;
    for (const Problem& problem : validate(nodes)) {
      ASSERT_NE(problem.message.find("form a cycle, " + problem.node.value + " -> "),
                std::string::npos);
      found.push_back(problem.node.value);
    }
    ASSERT_EQ(found, expected) << "seed " << seed;
  }
}

// ---- large --------------------------------------------------------------------------------------

std::string name(std::size_t i) { return "n" + std::to_string(i); }

TEST(Validate, HundredThousandNodesInAChain) {
  constexpr std::size_t kCount = 100'000;
  std::vector<Node> nodes;
  for (std::size_t i = 0; i < kCount; ++i) {
    nodes.push_back(node(name(i), {"shared" + std::to_string(i % 1000)}));
    if (i > 0) {
      nodes.back().depends_on.emplace_back(name(i - 1));
    }
  }
  EXPECT_THAT(lines(nodes), IsEmpty());
  nodes[0].depends_on.emplace_back(name(kCount - 1));
  const std::vector<std::string> found = lines(nodes);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0], ::testing::HasSubstr("n8 -> n7"));
  EXPECT_LT(found[0].size(), 1000U);
}

TEST(Validate, HundredThousandNodesInLayersFindTheOneUnjoinedPair) {
  constexpr std::size_t kWidth = 1000;
  std::vector<Node> nodes;
  for (std::size_t i = 0; i < 100'000; ++i) {
    nodes.push_back(node(name(i), {"d/f" + std::to_string(i), "hot" + std::to_string(i % kWidth)}));
    if (i >= kWidth) {
      nodes.back().depends_on.emplace_back(name(i - kWidth));
      nodes.back().depends_on.emplace_back(name(i - kWidth + (i % kWidth == 0 ? 1 : 0)));
    }
  }
  EXPECT_THAT(lines(nodes), IsEmpty());
  nodes[70'500].files.push_back("d/f12345");
  EXPECT_THAT(lines(nodes), ElementsAre("n70500| files: 'd/f12345' is also listed by node "
                                        "'n12345', and neither depends on the other: add a "
                                        "dependency or list it in one of them"));
}

}  // namespace
}  // namespace director::plan
