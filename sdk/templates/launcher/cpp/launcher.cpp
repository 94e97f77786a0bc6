// @NAME@: a launcher for director.
//
// A launcher says how commands are started: in a container, on another machine, with other limits.
// It starts nothing itself. It is handed each command and gives back the one that director starts
// in its place. This one lowers the priority of what agents and gates do.
#include <director/plugin.hpp>
#include <director/settings.hpp>
#include <string>

namespace {

class nice_launcher final : public director::launcher {
 public:
  static constexpr const char* summary = "lowers the priority of agents and gates";
  static constexpr const char* config_schema = R"({
    "type": "object",
    "properties": {"niceness": {"type": "integer", "minimum": 0, "maximum": 19, "default": 10}}
  })";

  explicit nice_launcher(const director::instance_info& info)
      : niceness_(director::settings(info.config_json).integer("niceness")) {}

  // Whatever is put around a command has to pass on its arguments byte for byte, its standard
  // streams, its environment, its folder and its exit status: a gate is judged by that status.
  director::Result<director::launch> prepare(const director::launch_request& request,
                                             director::host& /*host*/) override {
    director::launch made;
    // What plugins run for themselves, such as a tool's --version, is left alone.
    if (request.purpose != director::launch_purpose::tool) {
      made.argv = {"nice", "-n", std::to_string(niceness_)};
    }
    // Arguments are words: never join them to one text for a shell.
    made.argv.insert(made.argv.end(), request.argv.begin(), request.argv.end());
    // Variables to add. Values of the environment do not belong into arguments, which everybody on
    // the machine can read.
    made.env = {"LAUNCHED_BY=@NAME@"};
    return made;
  }

 private:
  std::int64_t niceness_;
};

}  // namespace

DIRECTOR_PLUGIN(nice_launcher, "@NAME@", "0.1.0")
