#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "sdk/kit/cancelling.hpp"
#include "sdk/kit/check.hpp"
#include "sdk/kit/folders.hpp"
#include "sdk/kit/runner_bench.hpp"

namespace director::kit {
namespace {

const std::string& odd_message() {
  static const std::string kText =
      "kit-prompt 'single' \"double\" `back` $(touch kit-shell) ${HOME} \\n \\\\ %s & | ; > <\n"
      "\ttab, \u00fcml\u00e4ut \U0001F600, -dash\n\n{\"json\": [1, 2]}\nlast line\n";
  return kText;
}

Outcome arrives(const Subject& subject, const std::string& message) {
  RunnerBench bench(subject);
  DIRECTOR_CHECK_OUTCOME(bench.open());
  RunAsk ask = bench.ask();
  ask.message = message;
  const RunSaid said = bench.run(ask);
  if (!bench.place_of(message, said).empty()) {
    return passed();
  }
  if (subject.launcher().calls().empty()) {
    const std::string why = "it runs no command and no event says the message back: " + said.text();
    return said.called.worked() && ending_of(said) == "finish" ? unchecked(why) : failed(why);
  }
  return failed(
      "the message does not arrive unchanged: it is in no command's standard input, "
      "environment or file, and in no event");
}

Outcome prompt_intact(const Subject& subject) { return arrives(subject, odd_message()); }
Outcome prompt_size(const Subject& subject) {
  std::string large = "kit-large ";
  while (large.size() < (std::size_t{1} << 20U)) {
    large += std::to_string(large.size()) + " words 'of' a \"large\" prompt\n";
  }
  return arrives(subject, large);
}

Outcome not_in_argv(const Subject& subject, const std::string& secret, const char* what) {
  RunnerBench bench(subject);
  DIRECTOR_CHECK_OUTCOME(bench.open());
  RunAsk ask = bench.ask();
  ask.message = "kit-prompt-words and more";
  ask.system_prompt = "kit-system-words and more";
  (void)bench.run(ask);
  for (const ports::Command& command : subject.launcher().seen()) {
    for (const std::string& arg : command.argv) {
      if (arg.find(secret) != std::string::npos) {
        return failed(std::string(what) + " is in the arguments of '" + command.argv.front() +
                      "', which every user of the machine can read");
      }
    }
  }
  return passed();
}

Outcome prompt_not_in_argv(const Subject& subject) {
  const Outcome message = not_in_argv(subject, "kit-prompt-words", "the message");
  return message.verdict == Verdict::Passed
             ? not_in_argv(subject, "kit-system-words", "the system prompt")
             : message;
}
Outcome secrets_not_in_argv(const Subject& subject) {
  return not_in_argv(subject, std::string(kSecret), "a secret");
}

Outcome works_in_workdir(const Subject& subject) {
  return with_runner(subject, [](const Subject& of, RunnerBench& bench) -> Status {
    const RunAsk ask = bench.ask();
    const Listing before = list_folder(ask.workdir);
    (void)bench.run(ask);
    for (const ports::Command& command : of.launcher().calls()) {
      DIRECTOR_CHECK(expect(command.cwd == ask.workdir,
                            "its tool works in '" + command.cwd + "', not in the call's folder"));
    }
    const std::string difference = first_difference(before, list_folder(ask.workdir));
    return expect(difference.empty(),
                  "the plugin itself writes in the agent's folder: " + difference);
  });
}

Outcome stalls(const Subject& subject) {
  return with_runner(subject, [](const Subject& of, RunnerBench& bench) -> Status {
    RunAsk ask = bench.ask();
    ask.stall_ms = 123456;
    (void)bench.run(ask);
    for (const ports::Command& command : of.launcher().calls()) {
      DIRECTOR_CHECK(expect(command.stall.count() == ask.stall_ms,
                            "the request's stall_ms is not the stall_timeout_ms of its tool"));
    }
    return ok();
  });
}

Outcome probes(const Subject& subject) {
  RunnerBench bench(subject);
  DIRECTOR_CHECK_OUTCOME(bench.open());
  subject.launcher().script("", exits(0, {"1.2.3"}));
  std::string answer;
  const director_text_sink sink = sink_into(answer);
  const auto host = subject.host();
  const Called called = subject.call(
      "probe", subject.table_as<director_runner>(Kind::Runner).probe, bench.made().handle(),
      static_cast<const director_host*>(host->services().raw()), &sink);
  if (!called.breach.empty()) {
    return failed(called.breach);
  }
  if (called.status != DIRECTOR_OK) {
    return passed("it says: " + called.error);
  }
  const Result<Json> read = parse_json(answer);
  const bool whole = read && read->is_object() && read->get_string("tool") &&
                     read->get_string("version") && read->get_strings("models");
  return whole ? passed()
               : failed("probe answers '" + text::printable(text::cut_middle(answer, 200)) +
                        "', not {\"tool\": .., \"version\": .., \"models\": [..]}");
}

Outcome is_cancelled(const Subject& subject) {
  const auto call = [&](const ports::CancelToken& token) -> std::function<Status()> {
    auto bench = std::make_shared<RunnerBench>(subject);
    return [&subject, bench, token]() -> Status {
      DIRECTOR_CHECK(bench->open());
      Play play;
      play.until_cancelled = true;
      bench->script(play);
      const RunSaid said = bench->run(bench->ask(), token);
      const bool waited = !subject.launcher().calls().empty();
      return expect(!waited || ending_of(said) != "finish", "a call that was cancelled finishes");
    };
  };
  return outcome_of(
      ends_when_cancelled(call, [&subject] { return subject.launcher().is_waiting(); }));
}

}  // namespace

const std::vector<Check>& runner_request_checks() {
  static const std::vector<Check> kAll{
      {"runner.prompt-intact", "the message arrives unchanged", Needs::Answer, &prompt_intact},
      {"runner.prompt-size", "a message of a megabyte arrives", Needs::Answer, &prompt_size},
      {"runner.prompt-not-in-argv", "prompts are not in arguments", Needs::Answer,
       &prompt_not_in_argv},
      {"runner.secrets-not-in-argv", "secrets are not in arguments", Needs::Answer,
       &secrets_not_in_argv},
      {"runner.works-in-workdir", "the tool works in the call's folder", Needs::Answer,
       &works_in_workdir},
      {"runner.stall", "a silent tool is ended when the call says", Needs::Answer, &stalls},
      {"runner.probe", "probe says what the tool is", Needs::Answer, &probes},
      {"runner.cancel", "a call that is cancelled ends", Needs::Answer, &is_cancelled},
  };
  return kAll;
}

}  // namespace director::kit
