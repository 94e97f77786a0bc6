#include <utility>
#include <vector>

#include "core/plugin/adapters/adapters.hpp"
#include "core/plugin/instance.hpp"

namespace director::plugin {
namespace {

struct Answer {
  Collector collector;
  launch made;
};

void take_arg(void* context, director_string arg) noexcept {
  auto& answer = *static_cast<Answer*>(context);
  answer.collector.collect([&] {
    if (answer.collector.check(arg)) {
      answer.made.argv.emplace_back(view(arg));
    }
  });
}

void take_variable(void* context, director_string variable) noexcept {
  auto& answer = *static_cast<Answer*>(context);
  answer.collector.collect([&] {
    if (!answer.collector.check(variable)) {
      return;
    }
    const std::size_t equals = view(variable).find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      answer.collector.fault("sent a variable that is not NAME=value");
      return;
    }
    answer.made.env.emplace_back(view(variable));
  });
}

class PluginLauncher final : public director::launcher {
 public:
  explicit PluginLauncher(Instance instance) : instance_(std::move(instance)) {}

  [[nodiscard]] Result<launch> prepare(const launch_request& request,
                                       director::host& services) override {
    const std::vector<director_string> argv = borrow_all(request.argv);
    const std::vector<director_string> env = borrow_all(request.env);
    const director_launch_request raw{sizeof(director_launch_request),
                                      static_cast<director_launch_purpose>(request.purpose),
                                      argv.data(),
                                      argv.size(),
                                      borrow(request.cwd),
                                      env.data(),
                                      env.size()};
    Answer answer;
    const director_launch_sink sink{sizeof(director_launch_sink), 0, &answer, &take_arg,
                                    &take_variable};
    DIRECTOR_CHECK(
        instance_.call(instance_.table<director_launcher>().prepare, services.raw(), &raw, &sink));
    DIRECTOR_CHECK(answer.collector.finish(instance_.id()));
    if (answer.made.argv.empty() || answer.made.argv.front().empty()) {
      return plugin_bug(instance_.id(), "prepared a command without a program");
    }
    return std::move(answer.made);
  }

 private:
  Instance instance_;
};

}  // namespace

Result<std::unique_ptr<director::launcher>> make_launcher(const Making& making) {
  const auto host = making.hosts.open(making.scope);
  DIRECTOR_TRY(Instance made,
               Instance::create(making.library, Kind::Launcher, making.info, host->services()));
  return std::unique_ptr<director::launcher>(std::make_unique<PluginLauncher>(std::move(made)));
}

}  // namespace director::plugin
