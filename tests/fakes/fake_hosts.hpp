/// Host services whose commands are answered from data and whose questions go to the call's desk.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ports/host_services.hpp"
#include "director/host.hpp"
#include "tests/fakes/fault.hpp"

namespace director::testing {

/// Safe from any thread.
class FakeHostServices final : public ports::HostServices {
 public:
  /// The exit code of a command whose time is over.
  static constexpr int kTimesOut = -1;
  Fault* fault = nullptr;                                        ///< of running a command
  int setup_exit_code = 0;                                       ///< what every command ends with
  std::function<int(const std::string& folder)> exit_code_in{};  ///< in its place
  ports::Usage usage{};                                          ///< of every call's commands
  /// Whether commands leave their folders as they were, and what daemons can write.
  bool spares = true;
  std::string served{};
  /// Which limit of resources those of a purpose run into.
  std::map<ports::Purpose, std::string> limits{};

  [[nodiscard]] std::unique_ptr<ports::CallHost> open(ports::CallScope scope) override {
    return std::make_unique<Call>(*this, std::move(scope));
  }

  [[nodiscard]] bool has_served(const std::string& folder) const override {
    return !served.empty() && folder.starts_with(served);
  }

  /// The commands that were run, "cwd$ argv".
  [[nodiscard]] std::vector<std::string> commands() const {
    const std::lock_guard lock(mutex_);
    return commands_;
  }

 private:
  class Call final : public ports::CallHost {
   public:
    Call(FakeHostServices& hosts, ports::CallScope scope)
        : hosts_(hosts),
          scope_(std::move(scope)),
          raw_{sizeof(director_host), 1, 0, 0, "0.0.0-fake", this, &Call::find},
          services_(&raw_) {}

    [[nodiscard]] director::host& services() override { return services_; }
    [[nodiscard]] ports::Usage usage() const override { return hosts_.usage; }
    [[nodiscard]] std::string limit() const override {
      const auto found = hosts_.limits.find(scope_.purpose);
      return found == hosts_.limits.end() ? std::string() : found->second;
    }

    [[nodiscard]] bool spared_folders() const override { return hosts_.spares; }

   private:
    static Call& of(const director_host* raw) { return *static_cast<Call*>(raw->impl); }

    static const void* find(const director_host*, const char* id) {
      static constexpr director_cancel_service cancel{sizeof(director_cancel_service), 0,
                                                      &Call::cancelled, &Call::remaining};
      static constexpr director_exec_service exec{sizeof(director_exec_service), 0, &Call::exec};
      static constexpr director_agent_service agent{sizeof(director_agent_service), 0, &Call::ask};
      const std::string_view wanted(id);
      return wanted == DIRECTOR_SERVICE_CANCEL  ? static_cast<const void*>(&cancel)
             : wanted == DIRECTOR_SERVICE_EXEC  ? static_cast<const void*>(&exec)
             : wanted == DIRECTOR_SERVICE_AGENT ? static_cast<const void*>(&agent)
                                                : nullptr;
    }

    static std::int32_t cancelled(const director_host* raw) {
      return of(raw).scope_.cancel.cancelled() ? 1 : 0;
    }
    static std::int64_t remaining(const director_host*) { return -1; }

    static director_status exec(const director_host* raw, const director_exec_request* request,
                                const director_exec_sink*, director_exec_result* result,
                                director_error* error) {
      FakeHostServices& hosts = of(raw).hosts_;
      if (hosts.fault != nullptr && hosts.fault->strikes("host.exec")) {
        write_error(error, Fault::error("host.exec").message());
        return DIRECTOR_IO;
      }
      std::string line = std::string(view(request->cwd)) + "$";
      for (std::size_t i = 0; i < request->argv_count; ++i) {
        line += " " + std::string(view(request->argv[i]));
      }
      const std::lock_guard lock(hosts.mutex_);
      hosts.commands_.push_back(std::move(line));
      const int code = hosts.exit_code_in ? hosts.exit_code_in(std::string(view(request->cwd)))
                                          : hosts.setup_exit_code;
      result->outcome = static_cast<director_exec_outcome>(
          code == kTimesOut ? exec_outcome::timed_out : exec_outcome::exited);
      result->exit_code = code;
      return DIRECTOR_OK;
    }

    static director_status ask(const director_host* raw, const director_agent_request* request,
                               const director_text_sink* answer, director_error* error) {
      const ports::CallScope& scope = of(raw).scope_;
      if (scope.desk == nullptr) {
        write_error(error, "this call may not ask agents");
        return DIRECTOR_INVALID;
      }
      const Result<std::string> said =
          scope.desk->ask(std::string(view(request->role)), std::string(view(request->message)),
                          std::string(view(request->workdir)), scope.node, scope.cancel);
      if (!said) {
        write_error(error, said.error().message());
        return static_cast<director_status>(said.error().code());
      }
      answer->write(answer->context, borrow(*said));
      return DIRECTOR_OK;
    }

    FakeHostServices& hosts_;
    ports::CallScope scope_;
    director_host raw_;
    director::host services_;
  };

  mutable std::mutex mutex_;
  std::vector<std::string> commands_;
};

}  // namespace director::testing
