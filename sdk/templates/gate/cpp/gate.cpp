// @NAME@: a gate for director.
//
// A gate looks at a checkout and says pass or fail, and nothing lands that it did not pass. So what
// keeps it from an answer must never look like one: that is an `error`, which is reported and ends
// the node. This gate works as it stands: it says no if a file that the candidate changed holds a
// word, and then runs the command that the job asks for. Put your own check in the place of it.
#include <director/plugin.hpp>
#include <director/settings.hpp>
#include <director/text.hpp>
#include <fstream>
#include <string>

namespace {

using director::verdict;

// What a command prints becomes part of a prompt, so only its beginning and its end are kept.
class excerpt {
 public:
  void add(std::string_view line) {
    std::string& part = head_.size() < kHalf ? head_ : tail_;
    part.append(line.substr(0, kHalf)).append("\n");
    if (tail_.size() > 2 * kHalf) {
      tail_.erase(0, tail_.size() - kHalf);
      cut_ = true;
    }
  }
  // Commands print any bytes; a verdict is UTF-8.
  [[nodiscard]] std::string text() const {
    return director::to_utf8(head_ + (cut_ ? "[...]\n" : "") + tail_);
  }

 private:
  static constexpr std::size_t kHalf = 32 * 1024;
  std::string head_;
  std::string tail_;
  bool cut_ = false;
};

// director makes one instance per worker and never enters it twice at a time: members need no lock,
// but globals would.
class word_gate final : public director::gate {
 public:
  // One line; people read it in `director plugins`.
  static constexpr const char* summary = "no changed file holds a word, and the command passes";
  // What may stand in [plugin.@NAME@]. director checks the user's table against it, with line and
  // column, and fills in the defaults. Leave this out if there is nothing to configure.
  static constexpr const char* config_schema = R"({
    "type": "object",
    "properties": {"word": {"type": "string", "default": "TODO"}}
  })";

  explicit word_gate(const director::instance_info& info)
      : word_(director::settings(info.config_json).text("word")) {}

  verdict check(const director::gate_request& request, director::host& host) override {
    for (const director::change& change : request.changes) {
      if (host.cancelled()) {
        return verdict::error("cancelled");
      }
      if (change.new_type == director::file_type::regular ||
          change.new_type == director::file_type::executable) {
        std::ifstream file(std::string(request.workdir) + "/" + change.path);
        if (!file) {
          return verdict::error("cannot read '" + director::to_utf8(change.path) + "'");
        }
        std::string line;
        for (int number = 1; std::getline(file, line); ++number) {
          if (!word_.empty() && line.find(word_) != std::string::npos) {
            const std::string place = change.path + ":" + std::to_string(number);
            // The detail is what the agent sees at its next attempt: say where, and what.
            return verdict::fail("a changed file says " + word_,
                                 director::to_utf8(place + ": " + line.substr(0, 500) + "\n"));
          }
        }
      }
    }
    return run(request, host);
  }

 private:
  // A plugin starts no process itself. It asks the host, which owns deadlines, cancelling, the
  // sandbox, and whatever the command leaves running.
  static verdict run(const director::gate_request& request, director::host& host) {
    director::exec_request command;
    command.argv = {"/bin/sh", "-c", std::string(request.command)};
    command.cwd = std::string(request.workdir);
    excerpt output;
    const auto ended = host.exec(command, [&output](const director::exec_line& line) {
      output.add(line.text);
      return true;  // false would end the command
    });
    if (!ended) {
      return verdict::error("cannot run the command: " + ended.error().message());
    }
    // Killed, stalled, out of time, cancelled: it has said nothing about the candidate.
    if (ended->outcome != director::exec_outcome::exited) {
      return verdict::error("the command was ended before it could answer", output.text());
    }
    const int status = ended->exit_code;
    if (status == 126 || status == 127) {  // the shell could not start it
      return verdict::error("the command cannot be run", output.text());
    }
    verdict said = status == 0 ? verdict::pass("the command passes", output.text())
                               : verdict::fail("the command fails", output.text());
    said.exit_code = status;
    return said;
  }

  std::string word_;
};

}  // namespace

DIRECTOR_PLUGIN(word_gate, "@NAME@", "0.1.0")
