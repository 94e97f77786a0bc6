#include <algorithm>
#include <cmath>

#include "core/base/text.hpp"
#include "sdk/kit/check.hpp"
#include "sdk/kit/runner_bench.hpp"

namespace director::kit {
namespace {

constexpr const char* kNoCase =
    "say how its tool's output looks, in [runner.case.<name>] with expect = \"finish\"";

Status sound(const RunSaid& said, const std::string& after) {
  const std::string where = ", after " + after;
  DIRECTOR_CHECK(expect(said.called.breach.empty(), said.called.breach + where));
  DIRECTOR_CHECK(expect(said.malformed.empty(), said.malformed + where));
  const int count = said.terminals();
  if (said.called.status != DIRECTOR_OK) {
    return expect(count == 0,
                  "run failed and had sent a terminal event" + where + ": " + said.called.error);
  }
  DIRECTOR_CHECK(expect(count == 1,
                        "run sent " + std::to_string(count) + " terminal events, not one" + where));
  return expect(said.ending() != nullptr, "run sent an event after the terminal one" + where);
}

Outcome finishes(const Subject& subject) {
  if (good_case(subject.options()) == nullptr) {
    return unchecked(kNoCase);
  }
  return with_runner(subject, [](const Subject& of, RunnerBench& bench) -> Status {
    for (const ToolCase& one : of.options().cases) {
      if (one.expect == "finish") {
        bench.script(play_of(one));
        const RunSaid said = bench.run(bench.ask());
        DIRECTOR_CHECK(expect(ending_of(said) == "finish",
                              "case '" + one.name + "' should finish: " + said.text()));
        DIRECTOR_CHECK(expect(!said.texts.back().empty(),
                              "case '" + one.name + "' finishes without the final answer"));
      }
    }
    return ok();
  });
}

Outcome classified(const Subject& subject) {
  const auto& cases = subject.options().cases;
  const bool known = std::any_of(cases.begin(), cases.end(),
                                 [](const ToolCase& one) { return one.expect != "finish"; });
  if (!known) {
    return unchecked(
        "say how its tool fails, in [runner.case.<name>] with expect = \"auth\" or "
        "another failure");
  }
  return with_runner(subject, [](const Subject& of, RunnerBench& bench) -> Status {
    for (const ToolCase& one : of.options().cases) {
      bench.script(play_of(one));
      const RunSaid said = bench.run(bench.ask());
      DIRECTOR_CHECK(expect(ending_of(said) == one.expect, "case '" + one.name + "' should be " +
                                                               one.expect + ": " + said.text()));
    }
    return ok();
  });
}

Outcome host_endings(const Subject& subject) {
  return with_runner(subject, [](const Subject& of, RunnerBench& bench) -> Status {
    for (const auto& [kind, wanted] : {std::pair{ports::ExitKind::TimedOut, "deadline"},
                                       std::pair{ports::ExitKind::Cancelled, "cancelled"},
                                       std::pair{ports::ExitKind::Stalled, "transport"}}) {
      bench.script(ends(kind));
      const RunSaid said = bench.run(bench.ask());
      DIRECTOR_CHECK(expect(of.launcher().calls().empty() || ending_of(said) == wanted,
                            std::string("when the host ends its tool, ") + wanted +
                                " is the failure; it gave " + said.text()));
    }
    return ok();
  });
}

Outcome missing_tool(const Subject& subject) {
  return with_runner(subject, [](const Subject& of, RunnerBench& bench) -> Status {
    Play play;
    play.refused = Error(Errc::NotFound, "there is no such program");
    of.launcher().script("", play);
    const RunSaid said = bench.run(bench.ask());
    DIRECTOR_CHECK(sound(said, "its tool is not installed"));
    const std::string end = ending_of(said);
    return expect(
        of.launcher().seen().empty() || end == "config" || said.called.status == DIRECTOR_NOT_FOUND,
        "without its tool the failure is config, or run gives DIRECTOR_NOT_FOUND; it gave " +
            said.text());
  });
}

/// Every way in which a tool can end, on whatever it has said until then.
std::vector<std::pair<std::string, Play>> endings(const Subject& subject) {
  std::vector<Play> said{exits(0)};
  for (const ToolCase& one : subject.options().cases) {
    said.push_back(play_of(one));
    Play half = play_of(one);
    half.out.resize(half.out.size() / 2);
    said.push_back(std::move(half));
  }
  std::vector<std::pair<std::string, Play>> all;
  for (const Play& words : said) {
    for (const int code : {0, 1, 2, 137}) {
      all.emplace_back("exit status " + std::to_string(code), words);
      all.back().second.exit.exit_code = code;
    }
    if (subject.is_program()) {
      // Its tool is a program, too, and ends by itself or by a signal; each call takes two starts.
      all.emplace_back("a signal", words);
      all.back().second.exit.kind = ports::ExitKind::Signaled;
      if (all.size() >= 10) {
        break;
      }
      continue;
    }
    for (const auto& [kind, what] : {std::pair{ports::ExitKind::Signaled, "a signal"},
                                     std::pair{ports::ExitKind::TimedOut, "the deadline"},
                                     std::pair{ports::ExitKind::Stalled, "a stall"},
                                     std::pair{ports::ExitKind::Stopped, "a stop"}}) {
      all.emplace_back(what, words);
      all.back().second.exit.kind = kind;
    }
  }
  Play refused;
  refused.refused = Error(Errc::Io, "kit refuses");
  all.emplace_back("a command that could not be started", refused);
  return all;
}

Outcome one_ending(const Subject& subject) {
  return with_runner(subject, [](const Subject& of, RunnerBench& bench) -> Status {
    for (const auto& [what, play] : endings(of)) {
      bench.script(play);
      DIRECTOR_CHECK(sound(bench.run(bench.ask()), what));
    }
    return ok();
  });
}

/// Lines that no tool should say, among those that it does.
std::vector<std::pair<std::string, std::string>> garbage() {
  return {{"a line that is not UTF-8", "\xff\xfe\x80 not text"},
          {"an empty line", ""},
          {"half of a JSON object", R"({"type":"text","part":{"te)"},
          {"JSON of other types", R"([null,1,{"type":7,"part":"x"}])"},
          {"a line of control characters", std::string("\0\x1b[31m\x07", 7)},
          {"deep nesting", std::string(20000, '[')},
          {"a long line", std::string(1 << 20, 'x')}};
}

Status survives(const Subject& subject, RunnerBench& bench, const std::string& what,
                const Play& play) {
  bench.script(play);
  const RunSaid said = bench.run(bench.ask());
  DIRECTOR_CHECK(sound(said, what));
  for (const std::string& text : said.texts) {
    DIRECTOR_CHECK(
        expect(text::is_utf8(text), "an event holds bytes that are not UTF-8, after " + what));
  }
  return expect(good_case(subject.options()) == nullptr || ending_of(said) == "finish",
                what + " keeps a call from finishing: " + said.text());
}

Outcome odd_lines(const Subject& subject) {
  return with_runner(subject, [](const Subject& of, RunnerBench& bench) -> Status {
    const ToolCase* good = good_case(of.options());
    const std::vector<std::string> lines =
        good == nullptr ? std::vector<std::string>() : lines_of(good->out);
    for (const auto& [what, line] : garbage()) {
      Play play = exits(good == nullptr ? 0 : good->exit_code);
      play.out.push_back(line);
      for (const std::string& own : lines) {
        play.out.push_back(own);
        play.out.push_back(line);
      }
      play.err = {line};
      // The tool's last word stays the last.
      if (!lines.empty()) {
        play.out.pop_back();
      }
      DIRECTOR_CHECK(survives(of, bench, what, play));
    }
    return ok();
  });
}

Outcome split_lines(const Subject& subject) {
  return with_runner(subject, [](const Subject& of, RunnerBench& bench) -> Status {
    const ToolCase* good = good_case(of.options());
    Play halves = exits(0);
    Play cut = exits(0, {"{\"type\":\"te", "x"});
    cut.cut = true;
    if (good != nullptr) {
      cut.out = lines_of(good->out);
      for (const std::string& line : lines_of(good->out)) {
        halves.out.push_back(line.substr(0, line.size() / 2));
        halves.out.push_back(line.substr(line.size() / 2));
      }
    }
    for (const Play& play : {halves, cut}) {
      bench.script(play);
      DIRECTOR_CHECK(sound(bench.run(bench.ask()), "lines that are cut in two"));
    }
    return ok();
  });
}

struct Sum {
  std::int64_t tokens[5] = {};
  double cost = 0;
};

Sum sum_of(const RunSaid& said) {
  Sum sum;
  for (const director_agent_event& event : said.events) {
    if (event.kind == DIRECTOR_AGENT_USAGE) {
      const std::int64_t counts[] = {event.input_tokens, event.output_tokens,
                                     event.reasoning_tokens, event.cache_read_tokens,
                                     event.cache_write_tokens};
      for (std::size_t i = 0; i < 5; ++i) {
        sum.tokens[i] += counts[i];
      }
      sum.cost += event.cost_usd > 0 ? event.cost_usd : 0;
    }
  }
  return sum;
}

Outcome usage_adds_up(const Subject& subject) {
  const auto& cases = subject.options().cases;
  if (std::none_of(cases.begin(), cases.end(), [](const ToolCase& one) { return one.usage; })) {
    return unchecked("say what a case costs, in [runner.case.<name>.usage]");
  }
  return with_runner(subject, [](const Subject& of, RunnerBench& bench) -> Status {
    static const char* const kNames[] = {"input", "output", "reasoning", "cache_read",
                                         "cache_write"};
    for (const ToolCase& one : of.options().cases) {
      if (!one.usage) {
        continue;
      }
      bench.script(play_of(one));
      const Sum sum = sum_of(bench.run(bench.ask()));
      const std::int64_t wanted[] = {one.usage->input, one.usage->output, one.usage->reasoning,
                                     one.usage->cache_read, one.usage->cache_write};
      for (std::size_t i = 0; i < 5; ++i) {
        DIRECTOR_CHECK(expect(sum.tokens[i] == wanted[i],
                              "case '" + one.name + "' costs " + std::to_string(wanted[i]) + " " +
                                  kNames[i] + " tokens, its usage events add up to " +
                                  std::to_string(sum.tokens[i])));
      }
      DIRECTOR_CHECK(
          expect(!one.usage->cost_usd || std::abs(sum.cost - *one.usage->cost_usd) < 1e-9,
                 "case '" + one.name + "' costs another sum of dollars than its usage events say"));
    }
    return ok();
  });
}

/// A tool's output with each number behind a colon negative.
std::string negated(const std::string& text) {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    made += text[i];
    if (text[i] == ':' && i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9') {
      made += '-';
    }
  }
  return made;
}

Outcome usage_is_sane(const Subject& subject) {
  if (good_case(subject.options()) == nullptr) {
    return unchecked(kNoCase);
  }
  return with_runner(subject, [](const Subject& of, RunnerBench& bench) -> Status {
    for (const ToolCase& one : of.options().cases) {
      for (const bool negative : {false, true}) {
        ToolCase played = one;
        played.out = negative ? negated(one.out) : one.out;
        bench.script(play_of(played));
        const RunSaid said = bench.run(bench.ask());
        for (const director_agent_event& event : said.events) {
          const bool fine = event.input_tokens >= 0 && event.output_tokens >= 0 &&
                            event.reasoning_tokens >= 0 && event.cache_read_tokens >= 0 &&
                            event.cache_write_tokens >= 0 && std::isfinite(event.cost_usd);
          DIRECTOR_CHECK(
              expect(event.kind != DIRECTOR_AGENT_USAGE || fine,
                     "case '" + one.name + "'" +
                         (negative ? ", with negative numbers in the tool's output," : "") +
                         " gives a usage event with a negative count or no finite cost"));
        }
      }
    }
    return ok();
  });
}

}  // namespace

const std::vector<Check>& runner_checks() {
  static const std::vector<Check> kAll{
      {"runner.finishes", "a tool that did its work is a finish", Needs::Answer, &finishes},
      {"runner.errors-classified", "a tool's failures are told apart", Needs::Answer, &classified},
      {"runner.host-endings", "what the host ended is told as that", Needs::Answer, &host_endings},
      {"runner.missing-tool", "a tool that is not there is told", Needs::Answer, &missing_tool},
      {"runner.one-ending", "a call has one terminal event, the last", Needs::Answer, &one_ending},
      {"runner.odd-lines", "garbage in a tool's output does no harm", Needs::Answer, &odd_lines},
      {"runner.split-lines", "lines that are cut do no harm", Needs::Answer, &split_lines},
      {"runner.usage-adds-up", "usage is told once", Needs::Answer, &usage_adds_up},
      {"runner.usage-is-sane", "usage is never negative", Needs::Answer, &usage_is_sane},
  };
  return kAll;
}

}  // namespace director::kit
