#include <utility>

#include "core/plugin/adapters/adapters.hpp"
#include "core/plugin/instance.hpp"

namespace director::plugin {
namespace {

class PluginSink final : public director::sink {
 public:
  explicit PluginSink(Instance instance) : instance_(std::move(instance)) {}

  [[nodiscard]] Status emit(const record& entry, director::host& services) override {
    const director_record raw{sizeof(director_record), 0,
                              entry.sequence,          borrow(entry.job),
                              borrow(entry.kind),      borrow(entry.json)};
    return instance_.call(instance_.table<director_sink>().emit, services.raw(), &raw);
  }

  [[nodiscard]] Status flush(director::host& services) override {
    return instance_.call(instance_.table<director_sink>().flush, services.raw());
  }

 private:
  Instance instance_;
};

}  // namespace

Result<std::unique_ptr<director::sink>> make_sink(const Making& making) {
  const auto host = making.hosts.open(making.scope);
  DIRECTOR_TRY(Instance made,
               Instance::create(making.library, Kind::Sink, making.info, host->services()));
  return std::unique_ptr<director::sink>(std::make_unique<PluginSink>(std::move(made)));
}

}  // namespace director::plugin
