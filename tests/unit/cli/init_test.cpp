#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "cli/gate_suggestions.hpp"
#include "cli/init_answers.hpp"
#include "cli/init_dialog.hpp"
#include "core/base/text.hpp"
#include "core/config/load.hpp"
#include "tests/unit/matchers.hpp"

namespace director::config {

bool operator==(const Gate& a, const Gate& b) { return a.name == b.name && a.command == b.command; }
void PrintTo(const Gate& gate, std::ostream* out) { *out << gate.name << "=" << gate.command; }

}  // namespace director::config

namespace director::cli {
namespace {

using config::Gate;
using config::Role;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;

std::string read_example() {
  std::ifstream file(DIRECTOR_AGENTS_DIR "/config.example.toml");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

InitAnswers complete() {
  InitAnswers answers;
  for (const Role role : config::kRoles) {
    answers.tiers[role] = "big/model";
  }
  answers.tiers[Role::Executor] = "local/coder:7b";
  return answers;
}

Result<config::Loaded> load_text(const std::string& text) {
  config::Sources sources;
  sources.repository = config::SourceFile{"config.toml", text};
  return config::load(sources);
}

// ---- suggestions -----------------------------------------------------------------------------

using Root = std::map<std::string, std::string>;

std::vector<Gate> suggested(const Root& root) {
  return suggest_gates([&](const std::string& name) -> std::optional<std::string> {
    const auto found = root.find(name);
    return found == root.end() ? std::nullopt : std::optional(found->second);
  });
}

TEST(SuggestGates, FitWhatIsInTheRepository) {
  const std::pair<Root, std::vector<Gate>> cases[] = {
      {{}, {}},
      {{{"Makefile", "all: x\n\ntest: all\n\tpytest\n"}}, {{"make-test", "make test"}}},
      {{{"Makefile", "lint check:\n\ttrue\n"}},
       {{"make-lint", "make lint"}, {"make-check", "make check"}}},
      {{{"Makefile", "test := 3\n# test: x\n\ttest: y\ntests: z\nmytest: z\n"}}, {}},
      {{{"GNUmakefile", "all:\n"}, {"Makefile", "test:\n"}}, {}},
      {{{"CMakeLists.txt", "project(x)"}},
       {{"cmake-build", "cmake -S . -B build && cmake --build build"}}},
      {{{"CMakeLists.txt", "Enable_Testing()"}},
       {{"cmake-build", "cmake -S . -B build && cmake --build build"},
        {"ctest", "ctest --test-dir build --output-on-failure"}}},
      {{{"package.json", R"({"scripts": {"test": "jest", "lint": "eslint ."}})"},
        {"package-lock.json", "{}"}},
       {{"npm-lint", "npm ci && npm run lint"}, {"npm-test", "npm run test"}}},
      {{{"package.json", R"({"scripts": {"build": "tsc"}})"}, {"yarn.lock", ""}},
       {{"npm-build", "yarn install --frozen-lockfile && yarn run build"}}},
      {{{"package.json",
         R"({"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}})"}},
       {}},
      {{{"package.json", "not json"}}, {}},
      {{{"package.json", R"({"scripts": ["test"]})"}}, {}},
      {{{"package.json", R"({"scripts": {"test": 3}})"}}, {}},
      {{{"pyproject.toml", "[tool.pytest.ini_options]"}}, {{"pytest", "python3 -m pytest -q"}}},
      {{{"pyproject.toml", "[project]"}}, {{"unittest", "python3 -m unittest discover"}}},
      {{{"Cargo.toml", ""}, {"go.mod", ""}},
       {{"cargo-test", "cargo test"}, {"go-test", "go test ./..."}}},
  };
  for (const auto& [root, gates] : cases) {
    EXPECT_EQ(suggested(root), gates) << (root.empty() ? "" : root.begin()->second);
  }
}

// ---- flags -----------------------------------------------------------------------------------

TEST(InitAnswers, FlagsAreReadOrSayWhatIsExpected) {
  EXPECT_EQ(parse_role_and_model(" executor = local/coder ")->second, "local/coder");
  EXPECT_EQ(parse_role_and_model("planner=run:p/m=x")->second, "run:p/m=x");
  EXPECT_THAT(parse_role_and_model("exekutor=l/c"),
              FailsWith(Errc::Invalid, "there is no role 'exekutor'; roles are planner, "));
  for (const char* text : {"executor", "executor=", "executor=model", "executor=a b/c"}) {
    EXPECT_THAT(parse_role_and_model(text), FailsWith(Errc::Invalid, "role=provider/model"))
        << text;
  }
  EXPECT_EQ(*parse_named_gate("t = make a=b"), (Gate{"t", "make a=b"}));
  for (const char* text : {"make test", "=make", "t=", " = ", ""}) {
    EXPECT_THAT(parse_named_gate(text), FailsWith(Errc::Invalid, "expected name=command")) << text;
  }
  EXPECT_THAT(parse_named_gate("t=\xff"), FailsWith(Errc::Invalid, "UTF-8"));
}

TEST(InitAnswers, EveryRoleNeedsAModelAndTheReviewerAnother) {
  EXPECT_THAT(check_answers(complete()), IsOk());
  InitAnswers answers = complete();
  answers.tiers.erase(Role::Explorer);
  answers.tiers[Role::Planner] = "nonsense";
  answers.tiers[Role::Reviewer] = "other:local/coder:7b";
  const Status checked = check_answers(answers);
  ASSERT_THAT(checked, FailsWith(Errc::Invalid, "add --tier explorer=provider/model"));
  EXPECT_THAT(checked.error().message(),
              AllOf(HasSubstr("planner: expected provider/model, found 'nonsense'"),
                    HasSubstr("must not review its own work"),
                    HasSubstr("--tier reviewer=provider/model")));
}

// ---- the file --------------------------------------------------------------------------------

TEST(MakeConfiguration, KeepsTheCommentsAndReplacesTheExamples) {
  InitAnswers answers = complete();
  answers.gates = {{"z-first", "make test"}, {"a second", "echo \"x\\y\" && true"}};
  const auto made = make_configuration(read_example(), answers);
  ASSERT_THAT(made, IsOk());
  const auto loaded = load_text(*made);
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->settings.gates, answers.gates);
  for (const Role role : config::kRoles) {
    EXPECT_EQ(loaded->settings.tiers.at(role).text, answers.tiers.at(role));
  }
  EXPECT_THAT(*made, AllOf(HasSubstr("# ---- prices"), HasSubstr("# [pricing.\"local/coder:7b\"]"),
                           HasSubstr("max_attempts = 3 "), HasSubstr("planner      writes"),
                           HasSubstr("# [gates] counts only in the repository's file")));
  EXPECT_THAT(*made, AllOf(Not(HasSubstr("claude")), Not(HasSubstr("Variant")),
                           Not(HasSubstr("deepseek")), Not(HasSubstr("ctest"))));
}

TEST(MakeConfiguration, WithoutGatesTheExamplesStayAsComments) {
  const auto made = make_configuration(read_example(), complete());
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(*made, HasSubstr("# test = \"ctest"));
  EXPECT_THAT(load_text(*made)->settings.gates, IsEmpty());
}

// Whatever a person types stays one value; it starts no table and sets no other key.
TEST(MakeConfiguration, HostileAnswersStayValues) {
  for (const std::string text :
       {"\"\n[plugins]\nrunner = \"evil", "'''", "\"\"\"", "\\u0022", "a\\", "\x7f\x01\x1b[31m",
        "# comment", "\xe2\x80\xa8\xc3\xa9\xf0\x9f\x98\x80", "]", "\r\n[limits]", "a\tb"}) {
    InitAnswers answers = complete();
    answers.gates = {{text, text}};
    const auto made = make_configuration(read_example(), answers);
    ASSERT_THAT(made, IsOk()) << text;
    const auto loaded = load_text(*made);
    ASSERT_THAT(loaded, IsOk()) << text;
    EXPECT_EQ(loaded->settings.gates, answers.gates);
    EXPECT_EQ(loaded->settings.plugins.runner, "runner-opencode");
  }
  InitAnswers answers = complete();
  answers.tiers[Role::Planner] = "p/\"]#'\\";
  ASSERT_THAT(make_configuration(read_example(), answers), IsOk());
}

TEST(MakeConfiguration, AnExampleOfAnotherShapeIsAnError) {
  for (const char* example :
       {"", "[limits]\nmax_attempts = 1\n", "[tiers]\nplanner = 'a/b'\n\n[gates]\nx = 'y'\nz",
        "[tiers]\nplanner = 'a/b'\n\n[pricing.\"a/b\"]\ninput = 1\n\n[pricing]\n\"x/y\" = {}\n"}) {
    EXPECT_FALSE(make_configuration(example, complete())) << example;
  }
}

// ---- the dialogue ----------------------------------------------------------------------------

struct Talk {
  Status status = ok();
  InitAnswers answers;
  std::string shown;
};

Talk talk(const std::string& typed, InitAnswers given, const std::vector<std::string>& models) {
  std::istringstream in(typed);
  std::ostringstream out;
  Talk result{ok(), std::move(given), ""};
  result.status = InitDialog(in, out).ask_models(models, result.answers);
  result.shown = out.str();
  return result;
}

TEST(InitDialog, TakesNumbersNamesAndDefaults) {
  const Talk done = talk("2\n\nlocal/coder\n\n\n\n", {}, {"a/one", "b/two", "c/three"});
  ASSERT_THAT(done.status, IsOk());
  EXPECT_THAT(
      done.answers.tiers,
      ElementsAre(std::pair(Role::Planner, "b/two"), std::pair(Role::TestAuthor, "b/two"),
                  std::pair(Role::Executor, "local/coder"),
                  std::pair(Role::Explorer, "local/coder"), std::pair(Role::Reviewer, "b/two"),
                  std::pair(Role::Escalation, "b/two")));
  EXPECT_THAT(done.shown, AllOf(HasSubstr("    2  b/two\n"), HasSubstr("reviewer [b/two]: "),
                                HasSubstr("does not list it")));
  EXPECT_THAT(check_answers(done.answers), IsOk());
}

TEST(InitDialog, AsksAgainForWhatDoesNotFit) {
  // Without a planner's answer there is no default; 0 and 4 are no numbers of the list.
  const Talk done =
      talk("\n0\n4\nmodel\na b/c\n1\n\n1\n\n\n1\na/one\n2\n\n", {}, {"a/one", "b/two", "c/three"});
  ASSERT_THAT(done.status, IsOk()) << done.shown;
  EXPECT_EQ(done.answers.tiers.at(Role::Planner), "a/one");
  EXPECT_EQ(done.answers.tiers.at(Role::Executor), "a/one");
  EXPECT_EQ(done.answers.tiers.at(Role::Reviewer), "b/two");
  EXPECT_THAT(done.shown, AllOf(HasSubstr("expected provider/model"),
                                HasSubstr("must not review its own"), HasSubstr("  reviewer: ")))
      << "the executor's model is no default for the reviewer";
}

TEST(InitDialog, AsksOnlyForWhatFlagsLeftOpen) {
  InitAnswers given = complete();
  given.tiers.erase(Role::Executor);
  const Talk done = talk("big/model\nlocal/x\n", given, {});
  ASSERT_THAT(done.status, IsOk());
  EXPECT_EQ(done.answers.tiers.at(Role::Executor), "local/x");
  EXPECT_THAT(done.shown, AllOf(HasSubstr("must not review"), Not(HasSubstr("planner writes"))));
  EXPECT_EQ(talk("", complete(), {}).shown, "");
}

TEST(InitDialog, EndOfInputIsAnErrorAtEveryQuestion) {
  const std::string whole = "a/b\na/b\nc/d\nc/d\na/b\na/b\n";
  for (std::size_t lines = 0; lines < 6; ++lines) {
    const Talk cut = talk(whole.substr(0, lines * 4), {}, {});
    EXPECT_THAT(cut.status, FailsWith(Errc::Cancelled, "nothing was written")) << lines;
  }
  EXPECT_THAT(talk(whole, {}, {}).status, IsOk());
  std::istringstream in;
  std::ostringstream out;
  InitAnswers answers;
  EXPECT_THAT(InitDialog(in, out).ask_gates({}, answers), FailsWith(Errc::Cancelled, ""));
}

TEST(InitDialog, GatesAreOfferedAndTyped) {
  std::istringstream in("\nno\nY\ntest=x\nbroken\n mine = make x \nmake-a=twice\n\n");
  std::ostringstream out;
  InitAnswers answers;
  ASSERT_THAT(InitDialog(in, out).ask_gates(
                  {{"make-a", "make a"}, {"make-b", "make b"}, {"make-c", "make c"}}, answers),
              IsOk());
  EXPECT_THAT(answers.gates, ElementsAre(Gate{"make-a", "make a"}, Gate{"make-c", "make c"},
                                         Gate{"test", "x"}, Gate{"mine", "make x"}));
  EXPECT_THAT(out.str(), AllOf(HasSubstr("make-b: make b  [Y/n]"), HasSubstr("name=command"),
                               HasSubstr("of that name already")));
}

// The list comes from a tool.
TEST(InitDialog, ShowsNamesOfModelsPrintable) {
  std::vector<std::string> models(100, "p/m\x1b[2J");
  const Talk done = talk("a/b\n", {}, models);
  EXPECT_THAT(done.shown,
              AllOf(HasSubstr("p/m\\x1b[2J"), Not(HasSubstr("\x1b")), HasSubstr("and 60 more")));
}

}  // namespace
}  // namespace director::cli
