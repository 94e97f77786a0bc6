/// What a scenario file says, as plain data. README.md in this folder describes the file.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "director/result.hpp"

namespace director::scripted_model {

struct Header {
  std::string name;
  std::string value;
};

/// Where in an answer a failure strikes: before any byte of it, or after the first part of its
/// text.
enum class Where { BeforeResponse, MidStream };

/// Answers with this status instead of a completion.
struct HttpError {
  int status = 500;
  std::vector<Header> headers;
  std::string body;
};

/// Closes the connection.
struct Drop {
  Where where = Where::MidStream;
};

/// Falls silent and keeps the connection open until the client closes it.
struct Stall {
  Where where = Where::MidStream;
};

/// Sends `{"error": <error_json>}` as an event of the stream and ends it.
struct StreamError {
  std::string error_json;
};

/// Sends these bytes in the place of an event and ends the stream.
struct Malformed {
  std::string bytes;
};

using Failure = std::variant<HttpError, Drop, Stall, StreamError, Malformed>;

struct ToolCall {
  std::string name;
  std::string arguments;  ///< As sent: JSON text, or whatever else the scenario wants sent.
};

/// Token numbers; what is absent is derived from the sizes of the texts.
struct Usage {
  std::optional<std::int64_t> prompt;
  std::optional<std::int64_t> completion;  ///< Includes the reasoning tokens.
  std::optional<std::int64_t> cached;      ///< Part of the prompt tokens.
  std::optional<std::int64_t> reasoning;
};

/// One answer of the model.
struct Turn {
  std::string text;
  std::string reasoning;
  std::vector<ToolCall> tool_calls;
  std::string finish_reason;  ///< Empty: "tool_calls" when there are any, else "stop".
  bool send_usage = true;
  Usage usage;
  std::chrono::milliseconds delay{0};  ///< Before the first byte.
  std::chrono::milliseconds stall{0};  ///< After the first part of the text.
  std::optional<Failure> failure;
};

/// All that is given must hold.
struct Match {
  std::optional<std::string> model;
  std::vector<std::string> contains;         ///< Each occurs in the user messages.
  std::vector<std::string> not_contains;     ///< None occurs in the user messages.
  std::vector<std::string> system_contains;  ///< Each occurs in the system messages.
  std::optional<std::int64_t> session_nth;   ///< The conversation is the nth of this rule, from 1.
  std::optional<std::int64_t> session_max;  ///< The conversation is among the first n of this rule.
};

struct Rule {
  std::string name;
  Match match;
  std::vector<Turn> turns;
  bool repeat_last = false;  ///< After the last turn: play it again, or say `Scenario::done_text`.
  std::int64_t fail_first = 0;
  Turn failing;  ///< Answers the first `fail_first` requests of this rule.
};

struct Scenario {
  std::vector<std::string>
      models;  ///< Named by the file, those of the rules included; no duplicates.
  std::vector<Rule> rules;
  std::string done_text = "done";
};

/// Reads a file that the scenario names by a path relative to itself.
using FileReader = std::function<Result<std::string>(const std::string& relative_path)>;

/// Parses a scenario file's text. Unknown keys are errors.
/// Errors: Invalid, naming the place in the JSON (`rules[1].turns[0].text`) or, where the text is
/// no JSON, line and column; and whatever `read_file` says.
[[nodiscard]] Result<Scenario> parse_scenario(std::string_view text, const FileReader& read_file);

/// Reads and parses the file at `path`; every error starts with the path.
[[nodiscard]] Result<Scenario> load_scenario(const std::string& path);

}  // namespace director::scripted_model
