/// Lines in the shapes that OpenCode 1.18.33 writes.
#pragma once

#include <string>

namespace runner_opencode {

inline std::string step_start(const std::string& message = "msg_1") {
  return R"({"type":"step_start","timestamp":1795363821504,"sessionID":"ses_1","part":{"id":"prt_1","messageID":")" +
         message + R"(","sessionID":"ses_1","type":"step-start"}})";
}

inline std::string text_line(const std::string& text, const std::string& message = "msg_1") {
  return R"({"type":"text","timestamp":1795363821660,"sessionID":"ses_1","part":{"id":"prt_2","messageID":")" +
         message + R"(","sessionID":"ses_1","type":"text","text":")" + text +
         R"(","time":{"start":1,"end":2}}})";
}

inline std::string synthetic_line() {
  return R"({"type":"text","timestamp":1795363821730,"sessionID":"ses_1","part":{"id":"prt_3","messageID":"msg_user","sessionID":"ses_1","type":"text","metadata":{"compaction_continue":true},"synthetic":true,"text":"Continue if you have next steps.","time":{"start":1,"end":1}}})";
}

inline std::string reasoning_line() {
  return R"({"type":"reasoning","timestamp":1795363583487,"sessionID":"ses_1","part":{"id":"prt_4","messageID":"msg_1","sessionID":"ses_1","type":"reasoning","text":"hm","time":{"start":1,"end":2}}})";
}

inline std::string step_finish(
    const std::string& reason, const std::string& message = "msg_1",
    const std::string& tokens =
        R"({"total":1290,"input":1234,"output":56,"reasoning":0,"cache":{"write":0,"read":0}})",
    const std::string& cost = "0.004542") {
  return R"({"type":"step_finish","timestamp":1795363821694,"sessionID":"ses_1","part":{"id":"prt_5","reason":")" +
         reason + R"(","messageID":")" + message +
         R"(","sessionID":"ses_1","type":"step-finish","tokens":)" + tokens + R"(,"cost":)" + cost +
         "}}";
}

inline std::string tool_line(const std::string& tool, const std::string& state) {
  return R"({"type":"tool_use","timestamp":1795363821562,"sessionID":"ses_1","part":{"type":"tool","tool":")" +
         tool + R"(","callID":"call_1","state":)" + state +
         R"(,"id":"prt_6","sessionID":"ses_1","messageID":"msg_1"}})";
}

inline std::string error_line(const std::string& name, const std::string& data) {
  return R"({"type":"error","timestamp":1795363589903,"sessionID":"ses_1","error":{"name":")" +
         name + R"(","data":)" + data + "}}";
}

inline std::string http_error(int status, const std::string& message,
                              const std::string& headers = "{}") {
  return error_line("APIError", R"({"message":")" + message + R"(","statusCode":)" +
                                    std::to_string(status) +
                                    R"(,"isRetryable":false,"responseHeaders":)" + headers +
                                    R"(,"responseBody":"{}","metadata":{"url":"http://e/v1"}})");
}

}  // namespace runner_opencode
