/// What OpenCode's server sent (1.18.33), cut to what matters; "ses_1" is the session.
#pragma once

#include <string>
#include <string_view>

namespace runner_opencode {

inline std::string bus(std::string_view type, std::string_view properties) {
  return R"({"id":"evt_1","type":")" + std::string(type) + R"(","properties":)" +
         std::string(properties) + "}";
}

inline std::string bus_part(std::string_view part) {
  return bus("message.part.updated", R"({"sessionID":"ses_1","part":{"messageID":"msg_1",)" +
                                         std::string(part) + R"(},"time":1700000000123})");
}

inline std::string bus_status(std::string_view status) {
  return bus("session.status", R"({"sessionID":"ses_1","status":)" + std::string(status) + "}");
}

inline const std::string kBusUserText =
    bus_part(R"("id":"prt_0","type":"text","text":"please edit")");
inline const std::string kBusBusy = bus_status(R"({"type":"busy"})");
inline const std::string kBusRetry =
    bus_status(R"({"type":"retry","attempt":1,"message":"slow down","next":1700000005000})");
inline const std::string kBusIdle = bus_status(R"({"type":"idle"})");
inline const std::string kBusStepStart = bus_part(R"("id":"prt_1","type":"step-start")");
inline const std::string kBusTextBegun =
    bus_part(R"("id":"prt_2","type":"text","text":"","time":{"start":1})");
inline const std::string kBusText =
    bus_part(R"("id":"prt_2","type":"text","text":"All done.","time":{"start":1,"end":2})");
inline const std::string kBusToolPending =
    bus_part(R"("id":"prt_3","type":"tool","tool":"bash","state":{"status":"pending","input":{}})");
inline const std::string kBusToolRuns = bus_part(
    R"("id":"prt_3","type":"tool","tool":"bash","state":{"status":"running","input":{"command":"ls"}})");
inline const std::string kBusToolDone = bus_part(
    R"("id":"prt_3","type":"tool","tool":"bash","state":{"status":"completed","input":{"command":"ls"},"output":"a\n","metadata":{"exit":3}})");
inline const std::string kBusStepStop = bus_part(
    R"("id":"prt_4","type":"step-finish","reason":"stop","tokens":{"total":1300,"input":400,"output":180,"reasoning":120,"cache":{"read":600,"write":0}},"cost":0.00588)");
inline const std::string kBusRefusedKey = bus(
    "session.error",
    R"({"sessionID":"ses_1","error":{"name":"APIError","data":{"message":"Incorrect API key","statusCode":401,"isRetryable":false}}})");
inline const std::string kBusAsked =
    bus("permission.asked", R"({"sessionID":"ses_1","id":"per_7","permission":"bash"})");
inline const std::string kBusDisposed = bus("server.instance.disposed", R"({"directory":"/w"})");

}  // namespace runner_opencode
