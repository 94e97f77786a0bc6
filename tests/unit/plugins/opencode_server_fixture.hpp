/// A call over a server that does what the test says.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "agent_record.hpp"
#include "fake_opencode.hpp"
#include "fakes/fake_host.hpp"
#include "opencode_server_lines.hpp"
#include "server_call.hpp"
#include "unit/matchers.hpp"

namespace runner_opencode {

using director::testing::AgentRecord;
using director::testing::FakeHost;
using director::testing::IsOk;
using testing::FakeOpencode;

class ServerCallTest : public ::testing::Test {
 protected:
  ServerCallTest() {
    question_.title = "a title";
    question_.agent = "director-x";
    question_.model = {"scripted", "cheap"};
    question_.message = "please \"edit\"";
    question_.workdir = "/some/work dir";
    question_.call = {"scripted/cheap", true, 0, 0};
    server_.set_script({kBusUserText, kBusBusy, kBusStepStart, kBusToolRuns, kBusToolDone, kBusText,
                        kBusStepStop, kBusIdle});
  }

  director::Result<Outcome> call(bool is_private = true) {
    return call_for(host_, record_, is_private);
  }
  director::Result<Outcome> call_for(FakeHost& host, AgentRecord& record, bool is_private) {
    host.daemons.push_back(
        {server_.ready_line(), FakeOpencode::kPassword, true, daemon_, DIRECTOR_OK, {}});
    director::host services = host.services();
    auto leased =
        lease_server({{"opencode", "serve"}, "/w", {}, {}, {}, false, {}, {}, 0}, 0, services);
    EXPECT_THAT(leased, IsOk());
    leased->is_private = is_private;
    return ServerCall(*leased, question_, record.events(), services).run();
  }

  /// Among the requests; behind them all if there is none.
  [[nodiscard]] std::size_t place_of(const std::string& begin) const {
    const std::vector<std::string> asked = server_.requests();
    const auto found = std::find_if(asked.begin(), asked.end(), [&](const std::string& request) {
      return request.starts_with(begin);
    });
    return static_cast<std::size_t>(found - asked.begin());
  }
  [[nodiscard]] bool was_asked(const std::string& begin) const {
    return place_of(begin) < server_.requests().size();
  }

  FakeOpencode server_;
  FakeHost host_;
  director::daemon_state daemon_{true, 1, {}};  ///< as the host sees it
  ServerQuestion question_;
  AgentRecord record_;
};

}  // namespace runner_opencode
