/// One call of each kind's function, with what came back through its sink.
#pragma once

#include <string>
#include <vector>

#include "sdk/kit/subject.hpp"

namespace director::kit {

struct GateAsk {
  director_gate_scope scope = DIRECTOR_SCOPE_NODE;
  std::string name = "tests";
  std::string command = "true";
  std::string workdir;
  std::string node = "n1";
  std::vector<std::string> changed = {"src/a.txt"};
};
struct GateVerdict {
  director_gate_outcome outcome = 0;
  std::string summary;
  std::string detail;
};
struct GateSaid {
  Called called;
  std::vector<GateVerdict> verdicts;
  /// DIRECTOR_GATE_ERROR for anything but one verdict and DIRECTOR_OK.
  [[nodiscard]] director_gate_outcome outcome() const;
  [[nodiscard]] std::string text() const;
};
[[nodiscard]] GateSaid ask_gate(const Subject& subject, const Made& made, const director_host* host,
                                const GateAsk& ask, Arena& in);

struct RunAsk {
  std::string role = "executor";
  std::string title = "kit";
  std::string system_prompt = "You are checked.";
  std::string message = "Say ok.";
  std::string workdir;
  director_access access = DIRECTOR_ACCESS_EDIT;
  std::int64_t stall_ms = 0;
};
struct RunSaid {
  Called called;
  std::vector<director_agent_event> events;  ///< their strings are not valid
  std::vector<std::string> texts;            ///< of each event, all of its strings
  std::string malformed;                     ///< empty: every event was as the ABI says

  [[nodiscard]] int terminals() const;
  /// The terminal event if it is the one and last; null otherwise.
  [[nodiscard]] const director_agent_event* ending() const;
  [[nodiscard]] std::string text() const;
};
[[nodiscard]] RunSaid ask_runner(const Subject& subject, const Made& made,
                                 const director_host* host, const RunAsk& ask, Arena& in);

struct ReviewAsk {
  std::string diff = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-one\n+two\n";
  std::string workdir;
};
struct ReviewSaid {
  Called called;
  std::vector<director_severity> findings;
  std::vector<std::string> texts;  ///< of findings and summaries
  int summaries = 0;
  std::string malformed;
  [[nodiscard]] bool blocks() const;
  /// It is a review, and none that blocks.
  [[nodiscard]] bool passes() const;
};
[[nodiscard]] ReviewSaid ask_reviewer(const Subject& subject, const Made& made,
                                      const director_host* host, const ReviewAsk& ask, Arena& in);

struct Record {
  std::uint64_t sequence = 1;
  std::string job = "job-kit";
  std::string kind = "event";
  std::string json = "{}";
};
[[nodiscard]] Called emit(const Subject& subject, const Made& made, const director_host* host,
                          const Record& record, Arena& in);
[[nodiscard]] Called flush(const Subject& subject, const Made& made, const director_host* host);

struct LaunchAsk {
  director_launch_purpose purpose = DIRECTOR_LAUNCH_GATE;
  std::vector<std::string> argv = {"/bin/true"};
  std::string cwd = "/";
  std::vector<std::string> env = {"PATH=/usr/bin:/bin"};
};
struct LaunchSaid {
  Called called;
  std::vector<std::string> argv;
  std::vector<std::string> env;
};
[[nodiscard]] LaunchSaid ask_launcher(const Subject& subject, const Made& made,
                                      const director_host* host, const LaunchAsk& ask, Arena& in);

/// A call as a job would make it, and what it came to in words; the same each time for a plugin
/// that is deterministic. The first of Called that is no success ends it.
struct Typical {
  Called called;
  std::string said;
};
[[nodiscard]] Typical typical_call(const Subject& subject, Kind kind, const Made& made,
                                   const director_host* host, Arena& in);

}  // namespace director::kit
