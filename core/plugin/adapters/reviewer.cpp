#include <optional>
#include <utility>

#include "core/plugin/adapters/adapters.hpp"
#include "core/plugin/instance.hpp"

namespace director::plugin {
namespace {

struct Answer {
  Collector collector;
  review said;
  bool summarised = false;
};

void take_finding(void* context, const director_finding* raw) noexcept {
  auto& answer = *static_cast<Answer*>(context);
  answer.collector.collect([&] {
    if (answer.summarised) {
      answer.collector.fault("sent a finding after its summary");
    } else if (!is_whole(raw)) {
      answer.collector.fault("sent a finding of a wrong size");
    } else if (raw->severity < DIRECTOR_CRITICAL || raw->severity > DIRECTOR_MINOR) {
      answer.collector.fault("sent a finding of a severity that the ABI does not have");
    } else if (answer.collector.check(raw->file) && answer.collector.check(raw->summary)) {
      answer.said.findings.push_back({static_cast<severity>(raw->severity),
                                      std::string(view(raw->file)),
                                      std::string(view(raw->summary))});
    }
  });
}

void take_summary(void* context, director_string text) noexcept {
  auto& answer = *static_cast<Answer*>(context);
  answer.collector.collect([&] {
    if (answer.summarised) {
      answer.collector.fault("sent two summaries");
    } else if (answer.collector.check(text)) {
      answer.said.summary = view(text);
      answer.summarised = true;
    }
  });
}

class PluginReviewer final : public director::reviewer {
 public:
  explicit PluginReviewer(Instance instance) : instance_(std::move(instance)) {}

  [[nodiscard]] Result<review> examine(const review_request& request,
                                       director::host& services) override {
    const director_review_request raw{
        sizeof(director_review_request), request.stage,        borrow(request.node),
        borrow(request.title),           borrow(request.spec), borrow(request.diff),
        borrow(request.workdir),         borrow(request.role)};
    Answer answer;
    const director_review_sink sink{sizeof(director_review_sink), 0, &answer, &take_finding,
                                    &take_summary};
    DIRECTOR_CHECK(
        instance_.call(instance_.table<director_reviewer>().review, services.raw(), &raw, &sink));
    DIRECTOR_CHECK(answer.collector.finish(instance_.id()));
    if (!answer.summarised) {
      return plugin_bug(instance_.id(), "sent no summary");
    }
    return std::move(answer.said);
  }

 private:
  Instance instance_;
};

}  // namespace

Result<std::unique_ptr<director::reviewer>> make_reviewer(const Making& making) {
  const auto host = making.hosts.open(making.scope);
  DIRECTOR_TRY(Instance made,
               Instance::create(making.library, Kind::Reviewer, making.info, host->services()));
  return std::unique_ptr<director::reviewer>(std::make_unique<PluginReviewer>(std::move(made)));
}

}  // namespace director::plugin
