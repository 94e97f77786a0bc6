/// A runner, a gate, a reviewer and a sink that follow a script.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/json.hpp"
#include "director/gate.hpp"
#include "director/reviewer.hpp"
#include "director/runner.hpp"
#include "director/sink.hpp"
#include "tests/fakes/fake_vcs.hpp"

namespace director::testing {

/// One call of an agent: what it writes, what it costs, how it ends.
struct Turn {
  std::map<std::string, std::optional<std::string>> files{};  ///< nullopt: it deletes the file
  std::string answer = "done";
  std::optional<agent_failure> failure{};  ///< then `answer` says why
  bool silent = false;                     ///< returns without having reported an end
  double cost_usd = 0.25;
  std::int64_t retry_after_ms = 0;
  std::vector<std::string> tools{};  ///< commands that it runs first, each a call of `bash`
  std::vector<usage> steps{};        ///< reported one after the other, in the place of `cost_usd`
  bool hangs = false;                ///< after its last step it waits until it is told to stop
  bool stubborn = false;             ///< goes on with its steps although it is told to stop
};

struct AgentCall {
  std::string key;  ///< as in the script
  std::string message;
  std::string model;
  bool may_edit = false;
  std::string workdir{};
};

/// Calls about a node go by "<role>-<node>", others by the name of the prompt. The nth call of a
/// key takes its nth turn; the last one repeats. Safe from any thread.
class ScriptedRunner final : public director::runner {
 public:
  explicit ScriptedRunner(FakeRepository& repository) : repo_(repository) {}

  Fault* fault = nullptr;
  std::map<std::string, std::vector<Turn>> script;
  std::function<void(const AgentCall&)> on_call;  ///< before the turn is played
  std::function<void(const AgentCall&)> on_end;   ///< once its files are written

  [[nodiscard]] Status run(const run_request& request, const agent_events& events,
                           host& services) override {
    return with_fault(fault, "runner.run", [&] { return play(request, events, services); });
  }
  [[nodiscard]] Result<std::string> probe(host&) override { return std::string("{}"); }

  [[nodiscard]] std::vector<AgentCall> calls(std::string_view key) const {
    const std::lock_guard lock(mutex_);
    std::vector<AgentCall> found;
    std::copy_if(calls_.begin(), calls_.end(), std::back_inserter(found),
                 [&](const AgentCall& call) { return key.empty() || call.key == key; });
    return found;
  }
  void forget_calls() {
    const std::lock_guard lock(mutex_);
    calls_.clear();
  }

 private:
  /// "0007-executor-n1" -> "executor-n1"; "0001-explorer" -> the prompt's name.
  static std::string key_of(const run_request& request) {
    const std::string title(request.title.substr(std::min<std::size_t>(5, request.title.size())));
    return title.find('-') == std::string::npos ? std::string(request.role) : title;
  }

  /// False: it was told to stop.
  static bool use_tools(const Turn& turn, const agent_events& events, host& services) {
    for (const std::string& command : turn.tools) {
      if (services.cancelled()) {
        return false;
      }
      events.tool({"bash", command, "", 0});
    }
    return true;
  }

  /// False: it was told to stop.
  static bool spend(const Turn& turn, const agent_events& events, host& services) {
    if (turn.steps.empty()) {
      events.spent({100, 10, 5, 1000, 20, turn.cost_usd});
    }
    for (std::size_t i = 0; i < turn.steps.size(); ++i) {
      if (i > 0 && !turn.stubborn && services.cancelled()) {
        return false;
      }
      events.spent(turn.steps[i]);
    }
    while (turn.hangs && !services.cancelled()) {
      std::this_thread::yield();
    }
    return !turn.hangs;
  }

  Status play(const run_request& request, const agent_events& events, host& services) {
    const AgentCall call{key_of(request), std::string(request.message), std::string(request.model),
                         request.may_edit, std::string(request.workdir)};
    const std::size_t before = calls(call.key).size();
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back(call);
    }
    if (on_call) {
      on_call(call);
    }
    const auto turns = script.find(call.key);
    if (turns == script.end() || turns->second.empty()) {
      events.fail(agent_failure::config, "the script has nothing for '" + call.key + "'");
      return ok();
    }
    const Turn& turn = turns->second[std::min(before, turns->second.size() - 1)];
    for (const auto& [path, bytes] : turn.files) {
      repo_.edit(std::string(request.workdir), path, bytes);
    }
    if (on_end) {
      on_end(call);
    }
    if (!use_tools(turn, events, services) || !spend(turn, events, services)) {
      events.fail(agent_failure::cancelled, "told to stop");
      return ok();
    }
    if (turn.silent) {
      return ok();
    }
    if (turn.failure) {
      events.fail(*turn.failure, turn.answer, turn.retry_after_ms);
    } else {
      events.finish(turn.answer);
    }
    return ok();
  }

  FakeRepository& repo_;
  mutable std::mutex mutex_;
  std::vector<AgentCall> calls_;
};

/// Commands are words: "+f" f is there; "=f:text" and holds exactly that; "^f,g" not both; "!error"
/// it cannot be run; "!flaky" passes every other time that the rest passes. Safe from any thread.
class ScriptedGate final : public director::gate {
 public:
  explicit ScriptedGate(FakeRepository& repository) : repo_(repository) {}

  Fault* fault = nullptr;
  std::atomic<bool> broken = false;                                ///< it cannot be run
  std::function<void(const gate_request&, bool passes)> on_check;  ///< before the verdict is given
  std::function<verdict(const gate_request&)> judge_as;            ///< in the place of the words

  verdict check(const gate_request& request, host&) override {
    if (fault != nullptr && fault->strikes("gate.check")) {
      return verdict::error("injected fault in gate.check");
    }
    if (broken) {
      return verdict::error("exit 127", "command not found");
    }
    const verdict said = judge_as ? judge_as(request) : judge(request);
    if (on_check) {
      on_check(request, said.outcome == DIRECTOR_GATE_PASS);
    }
    return said;
  }

 private:
  verdict judge(const gate_request& request) {
    const FileMap files = repo_.slot(std::string(request.workdir));
    bool flaky = false;
    std::istringstream words{std::string(request.command)};
    for (std::string word; words >> word;) {
      if (word == "!error") {
        return verdict::error("exit 127", "command not found");
      }
      flaky = flaky || word == "!flaky";
      if (!holds(files, word)) {
        return verdict::fail("exit 1", "expected " + word);
      }
    }
    const std::lock_guard lock(mutex_);
    return flaky && ++flakes_ % 2 == 0 ? verdict::fail("exit 1", "by chance")
                                       : verdict::pass("exit 0");
  }

  static bool holds(const FileMap& files, const std::string& word) {
    const std::string rest = word.substr(1);
    if (word[0] == '+') {
      return files.count(rest) != 0;
    }
    if (word[0] == '=') {
      const auto found = files.find(rest.substr(0, rest.find(':')));
      return found != files.end() && found->second == rest.substr(rest.find(':') + 1);
    }
    if (word[0] == '^') {
      return files.count(rest.substr(0, rest.find(','))) == 0 ||
             files.count(rest.substr(rest.find(',') + 1)) == 0;
    }
    return true;
  }

  FakeRepository& repo_;
  std::mutex mutex_;
  int flakes_ = 0;
};

/// One review after the other; the last one repeats. Safe from any thread.
class ScriptedReviewer final : public director::reviewer {
 public:
  Fault* fault = nullptr;
  std::vector<Result<review>> script{review{"fine", {}}};
  bool asks = false;  ///< asks its role first, as a real one does
  /// Asks in its own way before it judges.
  std::function<void(const review_request&, host&)> on_examine;

  [[nodiscard]] Result<review> examine(const review_request& request, host& services) override {
    return with_fault(fault, "reviewer.examine", [&] { return judge(request, services); });
  }
  [[nodiscard]] std::vector<std::string> diffs() const {
    const std::lock_guard lock(mutex_);
    return diffs_;
  }

 private:
  Result<review> judge(const review_request& request, host& services) {
    if (on_examine) {
      on_examine(request, services);
    }
    if (asks) {
      DIRECTOR_CHECK(services.ask(request.role, request.diff, request.workdir));
    }
    const std::lock_guard lock(mutex_);
    diffs_.emplace_back(request.diff);
    return script[std::min(diffs_.size(), script.size()) - 1];
  }

  mutable std::mutex mutex_;
  std::vector<std::string> diffs_;
};

/// Keeps records once each, as a sink has to. Called under the books' lock.
class RecordingSink final : public director::sink {
 public:
  Fault* fault = nullptr;
  bool fails = false;

  [[nodiscard]] Status emit(const record& entry, host&) override {
    if (fails) {
      return Error(Errc::Io, "sink is full");
    }
    return with_fault(fault, "sink.emit", [&] { return keep(entry); });
  }
  [[nodiscard]] Status flush(host&) override {
    return with_fault(fault, "sink.flush", [] { return ok(); });
  }

  void forget() { records_.clear(); }
  [[nodiscard]] std::vector<std::string> records(const std::string& job, const std::string& kind) {
    std::vector<std::string> all;
    for (const auto& [key, json] : records_[job][kind]) {
      all.push_back(json);
    }
    return all;
  }

 private:
  Status keep(const record& entry) {
    const Result<Json> object = parse_json(entry.json);
    const std::string node = object ? object->get_string("node").value_or("") : std::string();
    records_[std::string(entry.job)][std::string(entry.kind)][{entry.sequence, node}] =
        std::string(entry.json);
    return ok();
  }

  using Key = std::pair<std::uint64_t, std::string>;  // sequence, node
  std::map<std::string, std::map<std::string, std::map<Key, std::string>>> records_;
};

}  // namespace director::testing
