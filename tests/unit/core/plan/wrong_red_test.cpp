#include "core/plan/wrong_red.hpp"

#include <gmock/gmock.h>

namespace director::plan {
namespace {

using ::testing::HasSubstr;

struct Row {
  std::string name;
  std::string command;
  std::string output;
  std::string wrong;  ///< a part of the reason; empty: it is red
};

Node node_with(const std::string& command) {
  Node node;
  node.id = NodeId("n");
  node.test_cmd = command;
  node.files = {"timer/parse.py"};
  node.tests = {"tests/test_parse.py", "tests/parse.test.js", "tests/parse_test.go",
                "tests/parse.sh"};
  return node;
}

void expect(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const std::string found = wrong_red(node_with(row.command), row.output);
    if (row.wrong.empty()) {
      EXPECT_EQ(found, "") << row.name;
    } else {
      EXPECT_THAT(found, HasSubstr(row.wrong)) << row.name;
    }
  }
}

TEST(WrongRed, SyntaxErrorInTheTestItself) {
  expect({
      {"python", "python3 -m unittest tests.test_parse",
       "ImportError: Failed to import test module: test_parse\nTraceback (most recent call last):\n"
       "  File \"/usr/lib/python3.11/unittest/loader.py\", line 154, in loadTestsFromName\n"
       "    module = __import__(module_name)\n"
       "  File \"/slot/tests/test_parse.py\", line 4\n    def test(:\n             ^\n"
       "SyntaxError: invalid syntax\n",
       "syntax error in the test itself"},
      {"pytest", "pytest tests/test_parse.py",
       "E     File \"/slot/tests/test_parse.py\", line 4\nE       x = (\nE           ^\n"
       "E   SyntaxError: '(' was never closed\n",
       "never closed"},
      {"indentation", "pytest",
       "  File \"/slot/tests/test_parse.py\", line 9\n    return\n"
       "IndentationError: unexpected indent\n",
       "unexpected indent"},
      {"node", "node --test",
       "/slot/tests/parse.test.js:3\nconst = 1;\n      ^\n\nSyntaxError: Unexpected token '='\n",
       "Unexpected token"},
      {"go", "go test ./...", "tests/parse_test.go:12:2: syntax error: unexpected }\n",
       "unexpected }"},
      {"shell", "sh tests/parse.sh", "tests/parse.sh: 3: Syntax error: \"fi\" unexpected\n",
       "\"fi\" unexpected"},
      {"bash", "bash tests/parse.sh",
       "tests/parse.sh: line 9: syntax error: unexpected end of file\n", "end of file"},
  });
}

TEST(WrongRed, BehaviourThatIsMissingIsRed) {
  expect({
      {"module is not there", "python3 -m unittest tests.test_parse",
       "  File \"/slot/tests/test_parse.py\", line 2, in <module>\n    from timer.parse import "
       "parse\n"
       "ModuleNotFoundError: No module named 'timer.parse'\n",
       ""},
      {"assertion that talks of syntax errors", "pytest",
       "  File \"/slot/tests/test_parse.py\", line 8, in test_bad\n"
       "AssertionError: SyntaxError not raised\n",
       ""},
      {"code under test raises one", "pytest",
       "  File \"/slot/tests/test_parse.py\", line 8, in test_ok\n"
       "  File \"/slot/timer/parse.py\", line 3, in parse\n    raise SyntaxError(\"no\")\n"
       "SyntaxError: no\n",
       ""},
      {"raised right in the test's own frame", "pytest",
       "  File \"/slot/tests/test_parse.py\", line 8, in test_ok\n    compile(text)\n"
       "SyntaxError: no\n",
       ""},
      {"syntax error in somebody else's file", "pytest",
       "  File \"/slot/timer/other.py\", line 8\n    x = (\nSyntaxError: invalid syntax\n", ""},
      {"pytest could not import", "python3 -m pytest",
       "collected 0 items / 1 error\nE   ModuleNotFoundError: No module named 'timer.parse'\n", ""},
      {"C++ template that is missing", "make test",
       "tests/x.cpp:3:9: error: expected primary-expression before 'int'\n", ""},
      {"source file that make needs", "make test",
       "make: *** No rule to make target 'parse.c', needed by 'test'.  Stop.\n", ""},
      {"assertion about a file", "pytest", "AssertionError: config file: not found\n", ""},
      {"nothing said", "false", "", ""},
  });
}

TEST(WrongRed, RunnerThatIsMissing) {
  expect({
      {"python module", "cd x && python3 -m pytest tests",
       "/usr/bin/python3: No module named pytest\n", "No module named pytest"},
      {"module that only begins alike", "python3 -m pytest",
       "E   x: No module named pytest_extra\n", ""},
      {"dash", "cd src && mocha || exit 1", "sh: 1: mocha: not found\n", "mocha"},
      {"bash", "x", "bash: line 1: jest: command not found\n", "jest"},
      {"npm", "npm test", "npm ERR! Missing script: \"test\"\n", "Missing script"},
      {"newer npm", "npm run t", "npm error Missing script: \"t\"\n", "Missing script"},
      {"make goal", "make check", "make: *** No rule to make target 'check'.  Stop.\n", "check"},
      {"cargo", "cargo nextest run", "error: no such command: `nextest`\n", "nextest"},
  });
}

TEST(WrongRed, WhatTheNodeIsToWriteIsNoRunnerThatIsMissing) {
  Node node = node_with("sh tests/parse.sh");
  node.files = {"bin/tool", "Makefile", "web/package.json"};
  for (const char* output : {"sh: 1: ./bin/tool: not found\n", "/bin/sh: 1: bin/tool: not found\n",
                             "bash: line 1: bin/tool: command not found\n",
                             "make: *** No rule to make target 'lint'.  Stop.\n",
                             "npm error Missing script: \"lint\"\n"}) {
    EXPECT_EQ(wrong_red(node, output), "") << output;
  }
  EXPECT_THAT(wrong_red(node, "sh: 1: mocha: not found\n"), HasSubstr("mocha"));
  EXPECT_THAT(wrong_red(node, "sh: 1: tool: not found\n"), HasSubstr("tool"));
}

TEST(WrongRed, NoTestRan) {
  expect({
      {"unittest", "python3 -m unittest", "\nRan 0 tests in 0.000s\n\nNO TESTS RAN\n",
       "no test was run"},
      {"pytest", "pytest", "collected 0 items\n\n=== no tests ran in 0.01s ===\n",
       "no test was run"},
      {"jest", "npx jest", "No tests found, exiting with code 1\n", "No tests found"},
      {"some ran", "python3 -m unittest", "Ran 10 tests in 0.000s\n\nFAILED (errors=1)\n", ""},
  });
}

}  // namespace
}  // namespace director::plan
