#include <optional>
#include <utility>
#include <vector>

#include "core/plugin/adapters/adapters.hpp"
#include "core/plugin/adapters/raw_change.hpp"
#include "core/plugin/instance.hpp"

namespace director::plugin {
namespace {

struct Answer {
  Collector collector;
  std::optional<verdict> said;
};

void take_verdict(void* context, const director_gate_verdict* raw) noexcept {
  auto& answer = *static_cast<Answer*>(context);
  answer.collector.collect([&] {
    if (answer.said) {
      answer.collector.fault("gave two verdicts");
    } else if (!is_whole(raw)) {
      answer.collector.fault("gave a verdict of a wrong size");
    } else if (raw->outcome < DIRECTOR_GATE_PASS || raw->outcome > DIRECTOR_GATE_ERROR) {
      answer.collector.fault("gave a verdict that the ABI does not have");
    } else if (answer.collector.check(raw->summary) && answer.collector.check(raw->detail)) {
      answer.said = verdict{raw->outcome, std::string(view(raw->summary)),
                            std::string(view(raw->detail)), raw->exit_code};
    }
  });
}

class PluginGate final : public director::gate {
 public:
  explicit PluginGate(Instance instance) : instance_(std::move(instance)) {}

  [[nodiscard]] verdict check(const gate_request& request, director::host& services) override {
    Result<verdict> said = ask(request, services);
    return said ? std::move(said).value() : verdict::error(said.error().message());
  }

 private:
  [[nodiscard]] Result<verdict> ask(const gate_request& request, director::host& services) const {
    std::vector<director_change> changes;
    changes.reserve(request.changes.size());
    std::vector<const director_change*> pointers;
    for (const change& one : request.changes) {
      pointers.push_back(&changes.emplace_back(to_raw(one)));
    }
    const director_gate_request raw{sizeof(director_gate_request),
                                    static_cast<director_gate_scope>(request.scope),
                                    borrow(request.name),
                                    borrow(request.command),
                                    borrow(request.workdir),
                                    borrow(request.node),
                                    pointers.data(),
                                    pointers.size()};
    Answer answer;
    const director_gate_sink sink{sizeof(director_gate_sink), 0, &answer, &take_verdict};
    DIRECTOR_CHECK(
        instance_.call(instance_.table<director_gate>().check, services.raw(), &raw, &sink));
    DIRECTOR_CHECK(answer.collector.finish(instance_.id()));
    if (!answer.said) {
      return plugin_bug(instance_.id(), "gave no verdict");
    }
    if (answer.said->outcome == DIRECTOR_GATE_ERROR) {
      answer.said->summary = said_by(instance_.id(), answer.said->summary);
    }
    return std::move(*answer.said);
  }

  Instance instance_;
};

}  // namespace

Result<std::unique_ptr<director::gate>> make_gate(const Making& making) {
  const auto host = making.hosts.open(making.scope);
  DIRECTOR_TRY(Instance made,
               Instance::create(making.library, Kind::Gate, making.info, host->services()));
  return std::unique_ptr<director::gate>(std::make_unique<PluginGate>(std::move(made)));
}

}  // namespace director::plugin
