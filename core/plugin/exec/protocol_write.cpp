#include <algorithm>

#include "core/base/json.hpp"
#include "core/plugin/exec/protocol.hpp"

namespace director::plugin::exec {
namespace {

std::string_view name_of(change_kind kind) {
  switch (kind) {
    case change_kind::added:
      return "added";
    case change_kind::modified:
      return "modified";
    case change_kind::deleted:
      return "deleted";
  }
  return "modified";
}

std::string_view name_of(file_type type) {
  switch (type) {
    case file_type::none:
      return "none";
    case file_type::regular:
      return "regular";
    case file_type::executable:
      return "executable";
    case file_type::symlink:
      return "symlink";
    case file_type::submodule:
      return "submodule";
    case file_type::other:
      return "other";
  }
  return "other";
}

std::string_view name_of(exec_outcome outcome) {
  switch (outcome) {
    case exec_outcome::exited:
      return "exited";
    case exec_outcome::signaled:
      return "signaled";
    case exec_outcome::timed_out:
      return "timed_out";
    case exec_outcome::stalled:
      return "stalled";
    case exec_outcome::cancelled:
      return "cancelled";
    case exec_outcome::stopped:
      return "stopped";
  }
  return "stopped";
}

/// JSON from elsewhere, on one line: a line break in it can only be a blank.
std::string on_one_line(std::string_view json) {
  std::string line(json.empty() ? "{}" : json);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

void begin_call(JsonWriter& out, std::string_view call, const CallHead& head) {
  out.begin_object().member("type", "call").member("call", call).member("protocol", kProtocol);
  out.key("config").raw(on_one_line(head.info.config_json));
  out.member("repo_dir", head.info.repo_dir).member("state_dir", head.info.state_dir);
  out.member("cache_dir", head.info.cache_dir);
  out.key("remaining_ms");
  if (head.remaining_ms < 0) {
    out.null();
  } else {
    out.value(head.remaining_ms);
  }
}

template <typename T>
void optional_member(JsonWriter& out, std::string_view name, const std::optional<T>& value) {
  if (value) {
    out.member(name, *value);
  }
}

}  // namespace

std::string check_line(const CallHead& head, const gate_request& request) {
  JsonWriter out;
  begin_call(out, "check", head);
  out.member("scope", request.scope == gate_scope::node ? "node" : "integration");
  out.member("name", request.name).member("command", request.command);
  out.member("workdir", request.workdir).member("node", request.node);
  out.key("changes").begin_array();
  for (const change& one : request.changes) {
    out.begin_object().member("kind", name_of(one.kind)).member("path", one.path);
    out.member("old_type", name_of(one.old_type)).member("new_type", name_of(one.new_type));
    out.end_object();
  }
  return out.end_array().end_object().take();
}

std::string run_line(const CallHead& head, const run_request& request) {
  JsonWriter out;
  begin_call(out, "run", head);
  out.member("role", request.role).member("title", request.title);
  out.member("model", request.model).member("workdir", request.workdir);
  out.member("may_edit", request.may_edit).member("stall_ms", request.stall_ms);
  optional_member(out, "temperature", request.temperature);
  optional_member(out, "top_p", request.top_p);
  optional_member(out, "top_k", request.top_k);
  out.member("system_prompt", request.system_prompt).member("message", request.message);
  return out.end_object().take();
}

std::string probe_line(const CallHead& head) {
  JsonWriter out;
  begin_call(out, "probe", head);
  return out.end_object().take();
}

std::string review_line(const CallHead& head, const review_request& request) {
  JsonWriter out;
  begin_call(out, "review", head);
  out.member("stage", request.stage).member("role", request.role);
  out.member("node", request.node).member("title", request.title);
  out.member("workdir", request.workdir).member("spec", request.spec);
  return out.member("diff", request.diff).end_object().take();
}

std::string keep_line(const CallHead& head, std::size_t count) {
  JsonWriter out;
  begin_call(out, "keep", head);
  return out.member("count", count).end_object().take();
}

std::string record_line(const record& entry) {
  JsonWriter out;
  out.begin_object().member("type", "record").member("sequence", entry.sequence);
  out.member("job", entry.job).member("kind", entry.kind);
  return out.key("record").raw(on_one_line(entry.json)).end_object().take();
}

std::string ended_line(const exec_result& result, std::string_view output) {
  JsonWriter out;
  out.begin_object().member("type", "ended").member("outcome", name_of(result.outcome));
  out.member("exit_code", result.outcome == exec_outcome::exited ? result.exit_code : -1);
  out.member("signal", result.outcome == exec_outcome::signaled ? result.signal : 0);
  return out.member("wall_ms", result.wall_ms).member("output", output).end_object().take();
}

std::string answer_line(std::string_view text) {
  JsonWriter out;
  return out.begin_object().member("type", "answer").member("text", text).end_object().take();
}

std::string error_line(const Error& error) {
  JsonWriter out;
  out.begin_object().member("type", "error").member("code", to_string(error.code()));
  return out.member("message", error.message()).end_object().take();
}

}  // namespace director::plugin::exec
