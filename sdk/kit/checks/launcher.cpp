#include <algorithm>

#include "core/base/text.hpp"
#include "core/platform/environment.hpp"
#include "sdk/kit/calls.hpp"
#include "sdk/kit/check.hpp"

namespace director::kit {
namespace {

constexpr const char* kElsewhere =
    "what it prepares cannot be run on this machine ([launcher] runs_here = false)";

/// What a command said and how it ended.
struct Ran {
  int status = -1;
  std::string out;
};

class Bench {
 public:
  explicit Bench(const Subject& subject) : subject_(subject) {}

  Status open() {
    DIRECTOR_TRY(places_, subject_.places());
    DIRECTOR_TRY(made_, subject_.make(Kind::Launcher, places_));
    return ok();
  }
  [[nodiscard]] LaunchSaid prepare(const LaunchAsk& ask) const {
    const auto host = subject_.host();
    Arena in;
    return ask_launcher(subject_, *made_, host->services().raw(), ask, in);
  }
  /// Prepares the command and starts what came of it, as the host does. `input`: its standard
  /// input.
  [[nodiscard]] Result<Ran> run(LaunchAsk ask, const std::string& input = {}) const {
    ask.cwd = places_.repo.string();
    const LaunchSaid said = prepare(ask);
    DIRECTOR_CHECK(expect(said.called.worked(), "prepare " + said.called.text()));
    DIRECTOR_CHECK(expect(!said.argv.empty(), "it prepared a command without a program"));
    director::exec_request request;
    request.argv = said.argv;
    request.cwd = ask.cwd;
    request.env_unset = {"*"};
    request.env_set = ask.env;
    request.env_set.insert(request.env_set.end(), said.env.begin(), said.env.end());
    request.stdin_text = input;
    const auto host = subject_.host({}, true);
    Ran ran;
    DIRECTOR_TRY(const director::exec_result ended,
                 host->services()
                     .exec(request,
                           [&ran](const director::exec_line& line) {
                             ran.out += std::string(line.text) + "\n";
                             return true;
                           })
                     .context("what it prepared cannot be started"));
    ran.status = ended.outcome == director::exec_outcome::exited ? ended.exit_code : -1;
    return ran;
  }
  [[nodiscard]] std::string folder() const { return places_.repo.string(); }

 private:
  const Subject& subject_;
  Places places_;
  std::unique_ptr<Made> made_;
};

Outcome with(const Subject& subject, bool runs, Status (*body)(const Bench& bench)) {
  if (runs && !subject.options().launcher_runs) {
    return unchecked(kElsewhere);
  }
  Bench bench(subject);
  DIRECTOR_CHECK_OUTCOME(bench.open());
  return outcome_of(body(bench));
}

LaunchAsk shell(const std::string& script, std::vector<std::string> args = {}) {
  LaunchAsk ask;
  ask.argv = {"/bin/sh", "-c", script, "kit"};
  ask.argv.insert(ask.argv.end(), args.begin(), args.end());
  return ask;
}

Status program_body(const Bench& bench) {
  for (const director_launch_purpose purpose :
       {DIRECTOR_LAUNCH_AGENT, DIRECTOR_LAUNCH_GATE, DIRECTOR_LAUNCH_SETUP, DIRECTOR_LAUNCH_TOOL}) {
    LaunchAsk ask;
    ask.purpose = purpose;
    const LaunchSaid said = bench.prepare(ask);
    DIRECTOR_CHECK(expect(said.called.worked(), "prepare " + said.called.text()));
    DIRECTOR_CHECK(
        expect(!said.argv.empty() && !said.argv.front().empty(),
               "it prepared a command without a program, for purpose " + std::to_string(purpose)));
    for (const std::string& arg : said.argv) {
      DIRECTOR_CHECK(expect(arg.find('\0') == std::string::npos, "an argument holds a NUL"));
    }
    for (const std::string& variable : said.env) {
      const std::size_t equals = variable.find('=');
      DIRECTOR_CHECK(expect(
          equals != std::string::npos && equals != 0 && variable.find('\0') == std::string::npos,
          "a variable is not NAME=value: " + text::printable(variable)));
    }
  }
  return ok();
}

Status repeatable_body(const Bench& bench) {
  const LaunchSaid first = bench.prepare(shell("true"));
  for (int i = 0; i < 3; ++i) {
    const LaunchSaid again = bench.prepare(shell("true"));
    DIRECTOR_CHECK(expect(first.argv.size() == again.argv.size(),
                          "the same command is prepared another way each time"));
  }
  return ok();
}

Status arguments_body(const Bench& bench) {
  const std::vector<std::string> odd{"it's", "a \"b\"", "two\nlines", "$(touch kit-shell)", "", "*",
                                     "\\",   "-x",      "\u00fc"};
  std::string wanted;
  for (const std::string& arg : odd) {
    wanted += "<" + arg + ">\n";
  }
  DIRECTOR_TRY(const Ran ran, bench.run(shell("for a; do printf '<%s>\\n' \"$a\"; done", odd)));
  return expect(ran.out == wanted, "arguments arrive changed: '" +
                                       text::printable(text::cut_middle(ran.out, 300)) + "'");
}

Status status_body(const Bench& bench) {
  for (const int code : {0, 1, 7, 130}) {
    DIRECTOR_TRY(const Ran ran, bench.run(shell("exit " + std::to_string(code))));
    DIRECTOR_CHECK(expect(ran.status == code, "a command that exits with " + std::to_string(code) +
                                                  " comes back with " +
                                                  std::to_string(ran.status)));
  }
  return ok();
}

Status input_body(const Bench& bench) {
  const std::string input = "first 'line'\nsecond\n" + std::string(200000, 'x') + "\n";
  LaunchAsk ask;
  ask.argv = {"/bin/cat"};
  DIRECTOR_TRY(const Ran ran, bench.run(ask, input));
  return expect(ran.out == input,
                "standard input does not reach the command, or its output does "
                "not come back, unchanged");
}

Status environment_body(const Bench& bench) {
  LaunchAsk ask = shell("printf '%s|' \"$KIT_ONE\" \"$KIT_TWO\"");
  ask.env = {"PATH=/usr/bin:/bin", "KIT_ONE=a b'c\"d$e", "KIT_TWO="};
  DIRECTOR_TRY(const Ran ran, bench.run(ask));
  return expect(ran.out == "a b'c\"d$e||\n",
                "the command's environment arrives changed: '" + text::printable(ran.out) + "'");
}

Status folder_body(const Bench& bench) {
  DIRECTOR_TRY(const Ran ran, bench.run(shell("pwd -P; ls README")));
  return expect(ran.out == bench.folder() + "\nREADME\n",
                "the command does not run in its folder: '" + text::printable(ran.out) + "'");
}

Status secrets_body(const Bench& bench) {
  LaunchAsk ask = shell("true");
  ask.env.push_back("KIT_API_KEY=" + std::string(kSecret));
  const LaunchSaid said = bench.prepare(ask);
  return expect(
      std::none_of(said.argv.begin(), said.argv.end(),
                   [](const std::string& arg) { return arg.find(kSecret) != std::string::npos; }),
      "a value of the environment is in the arguments, which every user of the machine "
      "can read");
}

Status many_body(const Bench& bench) {
  LaunchAsk ask = shell("echo $#", std::vector<std::string>(2000, std::string(40, 'x')));
  DIRECTOR_TRY(const Ran ran, bench.run(ask));
  return expect(ran.out == "2000\n", "of 2000 arguments the command sees " + ran.out);
}

Outcome program(const Subject& subject) { return with(subject, false, &program_body); }
Outcome repeatable(const Subject& subject) { return with(subject, false, &repeatable_body); }
Outcome secrets(const Subject& subject) { return with(subject, false, &secrets_body); }
Outcome arguments(const Subject& subject) { return with(subject, true, &arguments_body); }
Outcome many(const Subject& subject) { return with(subject, true, &many_body); }
Outcome exit_status(const Subject& subject) { return with(subject, true, &status_body); }
Outcome input(const Subject& subject) { return with(subject, true, &input_body); }
Outcome environment(const Subject& subject) { return with(subject, true, &environment_body); }
Outcome folder(const Subject& subject) { return with(subject, true, &folder_body); }

}  // namespace

const std::vector<Check>& launcher_checks() {
  static const std::vector<Check> kAll{
      {"launcher.program", "there is a program, for every purpose", Needs::Answer, &program},
      {"launcher.repeatable", "the same command is prepared the same way", Needs::Answer,
       &repeatable},
      {"launcher.secrets", "the environment is not in arguments", Needs::Answer, &secrets},
      {"launcher.arguments", "arguments arrive unchanged", Needs::Answer, &arguments},
      {"launcher.many-arguments", "however many they are", Needs::Answer, &many},
      {"launcher.exit-status", "the exit status comes back", Needs::Answer, &exit_status},
      {"launcher.streams", "standard input and output pass", Needs::Answer, &input},
      {"launcher.environment", "the environment arrives", Needs::Answer, &environment},
      {"launcher.folder", "the command runs in its folder", Needs::Answer, &folder},
  };
  return kAll;
}

}  // namespace director::kit
