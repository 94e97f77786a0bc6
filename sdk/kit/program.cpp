#include "sdk/kit/program.hpp"

#include <memory>
#include <utility>

#include "core/plugin/exec/backends.hpp"
#include "director/gate.hpp"
#include "director/reviewer.hpp"
#include "director/runner.hpp"
#include "director/sink.hpp"

namespace director::kit {
namespace {

plugin::exec::Executable& examined() {
  static plugin::exec::Executable program;
  return program;
}

/// What the SDK's own tables are made for: an implementation that is made from instance_info.
template <typename Backend, std::unique_ptr<Backend> (*Make)(const plugin::exec::Making&)>
class Bridged {
 public:
  explicit Bridged(const instance_info& info) : backend_(Make({examined(), info})) {}

 protected:
  [[nodiscard]] Backend& backend() { return *backend_; }

 private:
  std::unique_ptr<Backend> backend_;
};

class ProgramGate final : public director::gate,
                          private Bridged<director::gate, &plugin::exec::make_gate> {
 public:
  using Bridged::Bridged;
  [[nodiscard]] verdict check(const gate_request& request, director::host& services) override {
    return backend().check(request, services);
  }
};

class ProgramRunner final : public director::runner,
                            private Bridged<director::runner, &plugin::exec::make_runner> {
 public:
  using Bridged::Bridged;
  [[nodiscard]] Status run(const run_request& request, const agent_events& events,
                           director::host& services) override {
    return backend().run(request, events, services);
  }
  [[nodiscard]] Result<std::string> probe(director::host& services) override {
    return backend().probe(services);
  }
};

class ProgramReviewer final : public director::reviewer,
                              private Bridged<director::reviewer, &plugin::exec::make_reviewer> {
 public:
  using Bridged::Bridged;
  [[nodiscard]] Result<review> examine(const review_request& request,
                                       director::host& services) override {
    return backend().examine(request, services);
  }
};

class ProgramSink final : public director::sink,
                          private Bridged<director::sink, &plugin::exec::make_sink> {
 public:
  using Bridged::Bridged;
  [[nodiscard]] Status emit(const record& entry, director::host& services) override {
    return backend().emit(entry, services);
  }
  [[nodiscard]] Status flush(director::host& services) override {
    return backend().flush(services);
  }
};

}  // namespace

void examine_program(plugin::exec::Executable program) { examined() = std::move(program); }

const void* program_table(plugin::Kind kind) {
  switch (kind) {
    case plugin::Kind::Gate:
      return &detail::gate_table<ProgramGate>::table;
    case plugin::Kind::Runner:
      return &detail::runner_table<ProgramRunner>::table;
    case plugin::Kind::Reviewer:
      return &detail::reviewer_table<ProgramReviewer>::table;
    case plugin::Kind::Sink:
      return &detail::sink_table<ProgramSink>::table;
    case plugin::Kind::Vcs:
    case plugin::Kind::Launcher:
      break;
  }
  return nullptr;
}

}  // namespace director::kit
