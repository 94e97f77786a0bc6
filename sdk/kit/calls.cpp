#include "sdk/kit/calls.hpp"

#include "core/base/text.hpp"
#include "core/plugin/instance.hpp"

namespace director::kit {
namespace {

bool is_sound(director_string text) { return text.data != nullptr || text.size == 0; }

void take_verdict(void* context, const director_gate_verdict* raw) {
  auto& said = *static_cast<GateSaid*>(context);
  if (!plugin::is_whole(raw) || !is_sound(raw->summary) || !is_sound(raw->detail) ||
      raw->outcome < DIRECTOR_GATE_PASS || raw->outcome > DIRECTOR_GATE_ERROR) {
    said.called.breach = "check gave a verdict that the ABI does not have";
    return;
  }
  said.verdicts.push_back(
      {raw->outcome, std::string(view(raw->summary)), std::string(view(raw->detail))});
}

std::string problem_of(const director_agent_event* raw) {
  if (!plugin::is_whole(raw)) {
    return "run sent an event of a wrong size";
  }
  if (raw->kind < DIRECTOR_AGENT_TEXT || raw->kind > DIRECTOR_AGENT_ERROR) {
    return "run sent an event of kind " + std::to_string(raw->kind) +
           ", which the ABI does not have";
  }
  if (raw->kind == DIRECTOR_AGENT_ERROR &&
      (raw->failure < DIRECTOR_AGENT_AUTH || raw->failure > DIRECTOR_AGENT_CANCELLED)) {
    return "run sent an error of kind " + std::to_string(raw->failure) +
           ", which the ABI does not have";
  }
  for (const director_string text :
       {raw->text, raw->tool_name, raw->tool_input, raw->tool_output}) {
    if (!is_sound(text)) {
      return "run sent a string without bytes";
    }
  }
  return {};
}

void take_event(void* context, const director_agent_event* raw) {
  auto& said = *static_cast<RunSaid*>(context);
  const std::string problem = problem_of(raw);
  if (!problem.empty()) {
    said.malformed = said.malformed.empty() ? problem : said.malformed;
    return;
  }
  said.events.push_back(*raw);
  std::string texts;
  for (const director_string text :
       {raw->text, raw->tool_name, raw->tool_input, raw->tool_output}) {
    texts += view(text);
  }
  said.texts.push_back(std::move(texts));
}

void take_finding(void* context, const director_finding* raw) {
  auto& said = *static_cast<ReviewSaid*>(context);
  if (!plugin::is_whole(raw) || !is_sound(raw->file) || !is_sound(raw->summary) ||
      raw->severity < DIRECTOR_CRITICAL || raw->severity > DIRECTOR_MINOR) {
    said.malformed = "review sent a finding that the ABI does not have";
  } else if (said.summaries != 0) {
    said.malformed = "review sent a finding after its summary";
  } else {
    said.findings.push_back(raw->severity);
    said.texts.push_back(std::string(view(raw->file)) + std::string(view(raw->summary)));
  }
}

void take_summary(void* context, director_string text) {
  auto& said = *static_cast<ReviewSaid*>(context);
  ++said.summaries;
  said.texts.emplace_back(is_sound(text) ? view(text) : "");
}

void take_arg(void* context, director_string text) {
  static_cast<LaunchSaid*>(context)->argv.emplace_back(is_sound(text) ? view(text) : "");
}
void take_variable(void* context, director_string text) {
  static_cast<LaunchSaid*>(context)->env.emplace_back(is_sound(text) ? view(text) : "");
}

void ignore_commit(void* /*context*/, const director_commit_info* /*commit*/) {}

std::vector<director_string> all_in(Arena& in, const std::vector<std::string>& texts) {
  std::vector<director_string> made;
  made.reserve(texts.size());
  for (const std::string& text : texts) {
    made.push_back(in.text(text));
  }
  return made;
}

}  // namespace

director_gate_outcome GateSaid::outcome() const {
  return called.worked() && verdicts.size() == 1 ? verdicts.front().outcome : DIRECTOR_GATE_ERROR;
}

std::string GateSaid::text() const {
  if (!called.worked()) {
    return called.text();
  }
  if (verdicts.size() != 1) {
    return "gave " + std::to_string(verdicts.size()) + " verdicts";
  }
  static const char* const kNames[] = {"?", "pass", "fail", "error"};
  return std::string(kNames[verdicts.front().outcome]) + " (" +
         text::printable(text::cut_middle(verdicts.front().summary, 200)) + ")";
}

GateSaid ask_gate(const Subject& subject, const Made& made, const director_host* host,
                  const GateAsk& ask, Arena& in) {
  std::vector<const director_change*> changes;
  for (const std::string& path : ask.changed) {
    changes.push_back(
        in.put(director_change{sizeof(director_change), DIRECTOR_MODIFIED, in.text(path),
                               DIRECTOR_FILE_REGULAR, DIRECTOR_FILE_REGULAR}));
  }
  const auto* request = in.put(director_gate_request{
      sizeof(director_gate_request), ask.scope, in.text(ask.name), in.text(ask.command),
      in.text(ask.workdir), in.text(ask.node), in.array(changes), changes.size()});
  GateSaid said;
  const auto* sink =
      in.put(director_gate_sink{sizeof(director_gate_sink), 0, &said, &take_verdict});
  Called called = subject.call("check", subject.table_as<director_gate>(Kind::Gate).check,
                               made.handle(), host, request, sink);
  if (said.called.breach.empty()) {
    said.called = std::move(called);
  }
  return said;
}

int RunSaid::terminals() const {
  int count = 0;
  for (const director_agent_event& event : events) {
    count += event.kind >= DIRECTOR_AGENT_FINISH ? 1 : 0;
  }
  return count;
}

const director_agent_event* RunSaid::ending() const {
  return terminals() == 1 && events.back().kind >= DIRECTOR_AGENT_FINISH ? &events.back() : nullptr;
}

std::string RunSaid::text() const {
  if (!called.worked()) {
    return "run " + called.text();
  }
  const director_agent_event* end = ending();
  if (end == nullptr) {
    return "run sent " + std::to_string(terminals()) + " terminal events";
  }
  static const char* const kNames[] = {"?",       "auth",   "rate_limit", "transport", "model",
                                       "refused", "config", "deadline",   "cancelled"};
  return end->kind == DIRECTOR_AGENT_FINISH
             ? "finish"
             : std::string("error ") + kNames[end->failure] + " (" +
                   text::printable(text::cut_middle(texts.back(), 200)) + ")";
}

RunSaid ask_runner(const Subject& subject, const Made& made, const director_host* host,
                   const RunAsk& ask, Arena& in) {
  director_run_request raw{};
  raw.struct_size = sizeof raw;
  raw.role = in.text(ask.role);
  raw.title = in.text(ask.title);
  raw.system_prompt = in.text(ask.system_prompt);
  raw.message = in.text(ask.message);
  raw.model = in.text(subject.options().model);
  raw.workdir = in.text(ask.workdir);
  raw.access = ask.access;
  raw.stall_ms = ask.stall_ms;
  RunSaid said;
  const auto* request = in.put(raw);
  const auto* sink =
      in.put(director_agent_sink{sizeof(director_agent_sink), 0, &said, &take_event});
  said.called = subject.call("run", subject.table_as<director_runner>(Kind::Runner).run,
                             made.handle(), host, request, sink);
  return said;
}

bool ReviewSaid::blocks() const {
  for (const director_severity one : findings) {
    if (one == DIRECTOR_CRITICAL) {
      return true;
    }
  }
  return false;
}

bool ReviewSaid::passes() const {
  return called.worked() && malformed.empty() && summaries == 1 && !blocks();
}

ReviewSaid ask_reviewer(const Subject& subject, const Made& made, const director_host* host,
                        const ReviewAsk& ask, Arena& in) {
  const auto* request = in.put(director_review_request{
      sizeof(director_review_request), 2, in.text("n1"), in.text("A node"),
      in.text("Change one word."), in.text(ask.diff), in.text(ask.workdir), in.text("reviewer")});
  ReviewSaid said;
  const auto* sink = in.put(
      director_review_sink{sizeof(director_review_sink), 0, &said, &take_finding, &take_summary});
  said.called = subject.call("review", subject.table_as<director_reviewer>(Kind::Reviewer).review,
                             made.handle(), host, request, sink);
  return said;
}

Called emit(const Subject& subject, const Made& made, const director_host* host,
            const Record& record, Arena& in) {
  const auto* raw =
      in.put(director_record{sizeof(director_record), 0, record.sequence, in.text(record.job),
                             in.text(record.kind), in.text(record.json)});
  return subject.call("emit", subject.table_as<director_sink>(Kind::Sink).emit, made.handle(), host,
                      raw);
}

Called flush(const Subject& subject, const Made& made, const director_host* host) {
  return subject.call("flush", subject.table_as<director_sink>(Kind::Sink).flush, made.handle(),
                      host);
}

LaunchSaid ask_launcher(const Subject& subject, const Made& made, const director_host* host,
                        const LaunchAsk& ask, Arena& in) {
  const std::vector<director_string> argv = all_in(in, ask.argv);
  const std::vector<director_string> env = all_in(in, ask.env);
  const auto* request =
      in.put(director_launch_request{sizeof(director_launch_request), ask.purpose, in.array(argv),
                                     argv.size(), in.text(ask.cwd), in.array(env), env.size()});
  LaunchSaid said;
  const auto* sink = in.put(
      director_launch_sink{sizeof(director_launch_sink), 0, &said, &take_arg, &take_variable});
  said.called = subject.call("prepare", subject.table_as<director_launcher>(Kind::Launcher).prepare,
                             made.handle(), host, request, sink);
  return said;
}

namespace {

std::string workdir_of(const Subject& subject) {
  const Result<Places> places = subject.places();
  return places ? places->repo.string() : subject.work().string();
}

Typical typical_sink(const Subject& subject, const Made& made, const director_host* host,
                     Arena& in) {
  Called called = emit(subject, made, host,
                       {1, "job-kit", "run", R"({"kind":"run","job_id":"job-kit","ts":1})"}, in);
  if (called.worked()) {
    called = flush(subject, made, host);
  }
  std::string said = called.text();
  return {std::move(called), std::move(said)};
}

Typical typical_vcs(const Subject& subject, const Made& made, const director_host* host,
                    Arena& in) {
  const auto* sink =
      in.put(director_commit_sink{sizeof(director_commit_sink), 0, nullptr, &ignore_commit});
  Called called = subject.call("resolve", subject.table_as<director_vcs>(Kind::Vcs).resolve,
                               made.handle(), host, in.text("HEAD"), sink);
  std::string said = called.text();
  return {std::move(called), std::move(said)};
}

}  // namespace

Typical typical_call(const Subject& subject, Kind kind, const Made& made, const director_host* host,
                     Arena& in) {
  const std::string workdir = workdir_of(subject);
  switch (kind) {
    case Kind::Gate: {
      GateAsk ask;
      ask.workdir = workdir;
      if (const auto& known = subject.options().gate_pass) {
        ask.command = known->command;
      }
      const GateSaid said = ask_gate(subject, made, host, ask, in);
      return {said.called, said.text()};
    }
    case Kind::Runner: {
      RunAsk ask;
      ask.workdir = workdir;
      const RunSaid said = ask_runner(subject, made, host, ask, in);
      return {said.called, said.text()};
    }
    case Kind::Reviewer: {
      ReviewAsk ask;
      ask.workdir = workdir;
      const ReviewSaid said = ask_reviewer(subject, made, host, ask, in);
      return {said.called, said.called.text()};
    }
    case Kind::Sink:
      return typical_sink(subject, made, host, in);
    case Kind::Vcs:
      return typical_vcs(subject, made, host, in);
    case Kind::Launcher: {
      const LaunchSaid said = ask_launcher(subject, made, host, {}, in);
      return {said.called, said.called.text() + " " + text::join(said.argv, " ")};
    }
  }
  return {};
}

}  // namespace director::kit
