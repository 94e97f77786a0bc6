#include "core/plan/attribution.hpp"

#include <gmock/gmock.h>

#include <set>

namespace director::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Node parser() {
  Node node;
  node.id = NodeId("parser");
  node.files = {"timer/parse.py", "setup.cfg"};
  node.tests = {"tests/test_parse.py"};
  return node;
}

const std::set<std::string>& repository() {
  static const std::set<std::string> kFiles{"timer/parse.py",
                                            "timer/other.py",
                                            "setup.cfg",
                                            "tests/test_parse.py",
                                            "tests/conftest.py",
                                            "Makefile",
                                            "a.py",
                                            "b.py",
                                            "c.py",
                                            "d.py",
                                            "e.py",
                                            "f.py"};
  return kFiles;
}

Attribution read(const std::string& output) {
  return attribute(parser(), output, "/cache/slots/verify-1",
                   [](const std::string& path) { return repository().contains(path); });
}

struct Row {
  std::string name;
  std::string output;
  Points points;
};

TEST(Attribution, TellsInsideFromOutsideFromNowhere) {
  for (const Row& row : {
           Row{"nothing", "", Points::Nowhere},
           Row{"prose", "1 test failed. See above.", Points::Nowhere},
           Row{"only the test", "File \"/cache/slots/verify-1/tests/test_parse.py\", line 3",
               Points::Nowhere},
           Row{"absolute", "File \"/cache/slots/verify-1/timer/parse.py\", line 3, in parse",
               Points::Inside},
           Row{"relative with line", "timer/parse.py:3:1: error: expected", Points::Inside},
           Row{"dotted", "timer/parse.py.", Points::Inside},
           Row{"with ./", "./setup.cfg: bad", Points::Inside},
           Row{"module", "No module named 'timer.parse'", Points::Inside},
           Row{"module of nobody", "No module named 'timer.nothing'", Points::Nowhere},
           Row{"outside", "tests/conftest.py:9: in setup\n  boom", Points::Outside},
           Row{"outside without a slash", "make: *** [Makefile:3: test] Error 1", Points::Nowhere},
           Row{"both", "timer/other.py:1: x\ntimer/parse.py:2: y", Points::Inside},
           Row{"another's folder", "/usr/lib/python3/timer/other.py:1", Points::Nowhere},
           Row{"climbing", "../../etc/passwd and /etc/passwd", Points::Nowhere},
       }) {
    EXPECT_EQ(read(row.output).points, row.points) << row.name;
  }
}

TEST(Attribution, NamesAFewOfTheFilesOutside) {
  const Attribution found = read("a.py b.py a.py c.py d.py e.py f.py");
  EXPECT_THAT(found.outside, ElementsAre("a.py", "b.py", "c.py", "d.py", "e.py"));
  EXPECT_THAT(describe(found), HasSubstr("a.py, b.py"));
  EXPECT_EQ(describe(read("timer/parse.py:1")), "");
  EXPECT_EQ(describe(read("")), "");
}

TEST(Attribution, AsksOnlySoOftenHoweverLongTheOutput) {
  std::string output;
  for (int i = 0; i < 20'000; ++i) {
    output += "made/up/" + std::to_string(i) + ".c:1: error\n";
  }
  int asked = 0;
  const Attribution found = attribute(parser(), output, "/w", [&](const std::string&) {
    ++asked;
    return false;
  });
  EXPECT_EQ(found.points, Points::Nowhere);
  EXPECT_LE(asked, 200);
}

TEST(Attribution, OutputCannotMakeItAskForOddPaths) {
  (void)attribute(parser(), "a/../../x .git/config -rf/.. /abs/x.c \xff/\xfe.c .director/plan.json",
                  "/w", [](const std::string& path) {
                    ADD_FAILURE() << "asked for " << path;
                    return true;
                  });
}

TEST(Attribution, PointsComeBackFromText) {
  for (const Points points : {Points::Nowhere, Points::Inside, Points::Outside}) {
    EXPECT_EQ(parse_points(to_string(points)), points);
  }
  EXPECT_EQ(parse_points("elsewhere"), Points::Nowhere);
}

}  // namespace
}  // namespace director::plan
