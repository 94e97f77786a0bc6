/// What a runner reported of one call.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "director/runner.hpp"

namespace director::testing {

struct RecordedTool {
  std::string name;
  std::string input;
  std::string output;
  int exit_code = -1;
};

class AgentRecord {
 public:
  AgentRecord() : sink_{sizeof(director_agent_sink), 0, this, &AgentRecord::take} {}
  AgentRecord(const AgentRecord&) = delete;
  AgentRecord& operator=(const AgentRecord&) = delete;

  [[nodiscard]] agent_events events() const { return agent_events(&sink_); }

  std::vector<std::string> texts;
  std::function<void()> when_text;  ///< called at each
  std::vector<RecordedTool> tools;
  std::vector<usage> steps;
  std::vector<std::pair<std::string, std::int64_t>> retries;  ///< why, and after how long
  int terminal_events = 0;
  int after_terminal = 0;
  bool finished = false;
  std::string answer;
  agent_failure failure = {};
  std::string why;
  std::int64_t retry_after_ms = 0;

 private:
  static void take(void* context, const director_agent_event* event) {
    AgentRecord& self = *static_cast<AgentRecord*>(context);
    self.after_terminal += self.terminal_events > 0 ? 1 : 0;
    switch (event->kind) {
      case DIRECTOR_AGENT_TEXT:
        self.texts.emplace_back(view(event->text));
        if (self.when_text) {
          self.when_text();
        }
        break;
      case DIRECTOR_AGENT_TOOL:
        self.tools.push_back({std::string(view(event->tool_name)),
                              std::string(view(event->tool_input)),
                              std::string(view(event->tool_output)), event->tool_exit});
        break;
      case DIRECTOR_AGENT_USAGE:
        self.steps.push_back({event->input_tokens, event->output_tokens, event->reasoning_tokens,
                              event->cache_read_tokens, event->cache_write_tokens,
                              event->cost_usd});
        break;
      case DIRECTOR_AGENT_RETRY:
        self.retries.emplace_back(view(event->text), event->retry_after_ms);
        break;
      case DIRECTOR_AGENT_FINISH:
        ++self.terminal_events;
        self.finished = true;
        self.answer = std::string(view(event->text));
        break;
      case DIRECTOR_AGENT_ERROR:
        ++self.terminal_events;
        self.failure = static_cast<agent_failure>(event->failure);
        self.why = std::string(view(event->text));
        self.retry_after_ms = event->retry_after_ms;
        break;
      default:
        break;
    }
  }

  director_agent_sink sink_;
};

}  // namespace director::testing
