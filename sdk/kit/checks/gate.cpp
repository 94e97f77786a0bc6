#include <atomic>

#include "core/base/text.hpp"
#include "sdk/kit/calls.hpp"
#include "sdk/kit/cancelling.hpp"
#include "sdk/kit/check.hpp"
#include "sdk/kit/folders.hpp"

namespace director::kit {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNoPass = "say what passes in [gate.pass]: workdir, command or both";
constexpr const char* kNoFail = "say what fails in [gate.fail]: workdir, command or both";

/// One call, in a fresh copy of a fixture's folder.
class Bench {
 public:
  explicit Bench(const Subject& subject) : subject_(subject) {}

  Status open() {
    DIRECTOR_TRY(made_, subject_.make(Kind::Gate));
    return ok();
  }
  [[nodiscard]] Result<GateAsk> ask(const std::optional<Fixture>& fixture) {
    static std::atomic<int> number = 0;
    const fs::path workdir = subject_.work() / ("checkout-" + std::to_string(++number));
    DIRECTOR_CHECK(copy_folder(fixture ? fixture->workdir : fs::path(), workdir));
    GateAsk made;
    made.workdir = workdir.string();
    made.command = fixture ? fixture->command : "true";
    return made;
  }
  [[nodiscard]] GateSaid check(const GateAsk& ask, bool real = true) const {
    const auto host = subject_.host({}, real);
    Arena in;
    return ask_gate(subject_, *made_, host->services().raw(), ask, in);
  }
  [[nodiscard]] const Made& made() const { return *made_; }

 private:
  const Subject& subject_;
  std::unique_ptr<Made> made_;
};

Outcome decides(const Subject& subject, const std::optional<Fixture>& fixture,
                director_gate_outcome wanted, const char* lacking,
                director_gate_scope scope = DIRECTOR_SCOPE_NODE) {
  if (!fixture) {
    return unchecked(lacking);
  }
  Bench bench(subject);
  DIRECTOR_CHECK_OUTCOME(bench.open());
  DIRECTOR_TRY_OUTCOME(GateAsk ask, bench.ask(fixture));
  ask.scope = scope;
  if (scope == DIRECTOR_SCOPE_INTEGRATION) {
    ask.node.clear();
    ask.changed.clear();
  }
  const GateSaid said = bench.check(ask);
  return said.outcome() == wanted
             ? passed()
             : failed(std::string("what ") +
                      (wanted == DIRECTOR_GATE_PASS ? "should pass" : "should fail") + ": " +
                      said.text());
}

Outcome passes_good(const Subject& subject) {
  return decides(subject, subject.options().gate_pass, DIRECTOR_GATE_PASS, kNoPass);
}
Outcome fails_bad(const Subject& subject) {
  return decides(subject, subject.options().gate_fail, DIRECTOR_GATE_FAIL, kNoFail);
}
Outcome integration(const Subject& subject) {
  return decides(subject, subject.options().gate_pass, DIRECTOR_GATE_PASS, kNoPass,
                 DIRECTOR_SCOPE_INTEGRATION);
}

Outcome is_repeatable(const Subject& subject) {
  if (!subject.options().gate_pass || !subject.options().gate_fail) {
    return unchecked(subject.options().gate_pass ? kNoFail : kNoPass);
  }
  constexpr int kTimes = 4;
  for (const auto* fixture : {&subject.options().gate_pass, &subject.options().gate_fail}) {
    std::string first;
    for (int i = 0; i < kTimes; ++i) {
      Bench bench(subject);
      DIRECTOR_CHECK_OUTCOME(bench.open());
      for (int again = 0; again < 2; ++again) {
        DIRECTOR_TRY_OUTCOME(const GateAsk ask, bench.ask(*fixture));
        const director_gate_outcome said = bench.check(ask).outcome();
        const std::string shown = std::to_string(said);
        if (!first.empty() && first != shown) {
          return failed("the same folder and command gave outcome " + first + " and then " + shown);
        }
        first = shown;
      }
    }
  }
  return passed();
}

Outcome leaves_workdir(const Subject& subject) {
  Bench bench(subject);
  DIRECTOR_CHECK_OUTCOME(bench.open());
  for (const auto* fixture : {&subject.options().gate_pass, &subject.options().gate_fail}) {
    DIRECTOR_TRY_OUTCOME(const GateAsk ask, bench.ask(*fixture));
    DIRECTOR_CHECK_OUTCOME(write_file(fs::path(ask.workdir) / "kit/file", "kit\n"));
    const Listing before = list_folder(ask.workdir);
    // Its commands are played: what is changed is changed by the plugin itself.
    (void)bench.check(ask, false);
    const std::string difference = first_difference(before, list_folder(ask.workdir));
    if (!difference.empty()) {
      return failed("the plugin itself writes in the checkout that it judges: " + difference);
    }
  }
  return passed();
}

/// Every way in which a command comes to no exit status.
std::vector<std::pair<std::string, Play>> broken_commands() {
  std::vector<std::pair<std::string, Play>> all{
      {"a command that was ended because it was cancelled", ends(ports::ExitKind::Cancelled)},
      {"a command that was killed by a signal", ends(ports::ExitKind::Signaled)},
      {"a command that ran out of time", ends(ports::ExitKind::TimedOut)},
      {"a command that stalled", ends(ports::ExitKind::Stalled)},
      {"a command that was stopped", ends(ports::ExitKind::Stopped)},
      {"exit status 127", exits(127)}};
  for (const Errc code : {Errc::NotFound, Errc::Io, Errc::Invalid, Errc::Internal}) {
    Play play;
    play.refused = Error(code, "kit refuses");
    all.emplace_back("a command that the host could not run", play);
  }
  return all;
}

Outcome error_is_not_pass(const Subject& subject) {
  Bench bench(subject);
  DIRECTOR_CHECK_OUTCOME(bench.open());
  for (const auto& [what, play] : broken_commands()) {
    subject.launcher().script("", play);
    subject.launcher().forget();
    DIRECTOR_TRY_OUTCOME(const GateAsk ask, bench.ask(subject.options().gate_pass));
    const GateSaid said = bench.check(ask, false);
    if (said.outcome() == DIRECTOR_GATE_PASS && !subject.launcher().seen().empty()) {
      return failed("after " + what + " it passes");
    }
  }
  DIRECTOR_TRY_OUTCOME(GateAsk ask, bench.ask(subject.options().gate_pass));
  ask.workdir = (subject.work() / "no-such-folder").string();
  if (bench.check(ask).outcome() == DIRECTOR_GATE_PASS) {
    return failed("a checkout that does not exist passes");
  }
  return passed();
}

Outcome one_verdict(const Subject& subject) {
  Bench bench(subject);
  DIRECTOR_CHECK_OUTCOME(bench.open());
  for (const auto* fixture : {&subject.options().gate_pass, &subject.options().gate_fail}) {
    for (auto& [what, play] : broken_commands()) {
      subject.launcher().script("", play);
      DIRECTOR_TRY_OUTCOME(const GateAsk ask, bench.ask(*fixture));
      const GateSaid said = bench.check(ask, false);
      if (!said.called.breach.empty()) {
        return failed(said.called.breach);
      }
      if (said.verdicts.size() > 1 || (said.called.worked() && said.verdicts.empty())) {
        return failed("it gave " + std::to_string(said.verdicts.size()) +
                      " verdicts in one call, after " + what);
      }
    }
  }
  return passed();
}

Outcome sound_text(const Subject& subject) {
  Bench bench(subject);
  DIRECTOR_CHECK_OUTCOME(bench.open());
  for (const int code : {0, 1}) {
    subject.launcher().script("",
                              exits(code, {"\xff\xfe odd \x80", "fine", std::string("\0x", 2)}));
    DIRECTOR_TRY_OUTCOME(const GateAsk ask, bench.ask(subject.options().gate_pass));
    const GateSaid said = bench.check(ask, false);
    for (const GateVerdict& verdict : said.verdicts) {
      if (!text::is_utf8(verdict.summary) || !text::is_utf8(verdict.detail)) {
        return failed("what a command said reaches the verdict as bytes that are not UTF-8");
      }
      if (verdict.summary.find('\n') != std::string::npos) {
        return failed("the summary of a verdict has more than one line");
      }
      if (verdict.outcome != DIRECTOR_GATE_PASS && text::trim(verdict.summary).empty()) {
        return failed("a verdict that is no pass does not say why");
      }
    }
  }
  return passed();
}

Outcome big_output(const Subject& subject) {
  Bench bench(subject);
  DIRECTOR_CHECK_OUTCOME(bench.open());
  constexpr std::size_t kLine = 1 << 20;
  subject.launcher().script("", exits(1, std::vector<std::string>(40, std::string(kLine, 'x'))));
  DIRECTOR_TRY_OUTCOME(const GateAsk ask, bench.ask(subject.options().gate_fail));
  const GateSaid said = bench.check(ask, false);
  if (!said.called.breach.empty()) {
    return failed(said.called.breach);
  }
  for (const GateVerdict& verdict : said.verdicts) {
    if (verdict.detail.size() > (std::size_t{8} << 20U)) {
      return failed("a command that said 40 MB gave a detail of " +
                    std::to_string(verdict.detail.size()) +
                    " bytes; keep the beginning and the end");
    }
  }
  return passed();
}

Outcome odd_requests(const Subject& subject) {
  static constexpr const char* kShell = "$(touch kit-shell)";
  Bench bench(subject);
  DIRECTOR_CHECK_OUTCOME(bench.open());
  for (const char* odd : {"", "it's \"quoted\"", "two\nlines", kShell, "-rf", "\xff"}) {
    DIRECTOR_TRY_OUTCOME(GateAsk ask, bench.ask(subject.options().gate_pass));
    ask.name = odd;
    ask.node = odd;
    ask.changed = {std::string("a/") + odd + "b", "c d"};
    const GateSaid said = bench.check(ask, false);
    if (!said.called.breach.empty()) {
      return failed(said.called.breach);
    }
    for (const ports::Command& command : subject.launcher().seen()) {
      for (const std::string& arg : command.argv) {
        if (arg != kShell && arg.find(kShell) != std::string::npos) {
          return failed("a name of the request becomes part of a command line: " +
                        text::printable(text::cut_middle(arg, 200)));
        }
      }
    }
  }
  return passed();
}

Outcome is_cancelled(const Subject& subject) {
  Play play;
  play.until_cancelled = true;
  subject.launcher().script("", play);
  const auto call = [&](const ports::CancelToken& token) -> std::function<Status()> {
    auto bench = std::make_shared<Bench>(subject);
    return [&subject, bench, token]() -> Status {
      DIRECTOR_CHECK(bench->open());
      DIRECTOR_TRY(const GateAsk ask, bench->ask(subject.options().gate_pass));
      const auto host = subject.host(token);
      Arena in;
      const GateSaid said = ask_gate(subject, bench->made(), host->services().raw(), ask, in);
      const bool waited = !subject.launcher().seen().empty();
      return expect(!waited || said.outcome() != DIRECTOR_GATE_PASS,
                    "a call that was cancelled passes");
    };
  };
  return outcome_of(
      ends_when_cancelled(call, [&subject] { return subject.launcher().is_waiting(); }));
}

}  // namespace

const std::vector<Check>& gate_checks() {
  static const std::vector<Check> kAll{
      {"gate.passes-good", "what is good passes", Needs::Answer, &passes_good},
      {"gate.fails-bad", "what is bad fails", Needs::Answer, &fails_bad},
      {"gate.integration", "the whole is judged like a node", Needs::Answer, &integration},
      {"gate.repeatable", "the same gets the same verdict", Needs::Answer, &is_repeatable},
      {"gate.leaves-workdir", "the checkout stays as it is", Needs::Answer, &leaves_workdir},
      {"gate.error-is-not-pass", "what could not be run is no pass", Needs::Answer,
       &error_is_not_pass},
      {"gate.one-verdict", "a call gives one verdict", Needs::Answer, &one_verdict},
      {"gate.sound-text", "verdicts are text that people can read", Needs::Answer, &sound_text},
      {"gate.big-output", "a flood of output is bounded", Needs::Answer, &big_output},
      {"gate.odd-requests", "odd names are names and nothing else", Needs::Answer, &odd_requests},
      {"gate.cancel", "a call that is cancelled ends", Needs::Answer, &is_cancelled},
  };
  return kAll;
}

}  // namespace director::kit
