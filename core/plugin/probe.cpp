#include "core/plugin/probe.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/plugin/exec/executable.hpp"
#include "core/plugin/library.hpp"
#include "director/fence.hpp"

namespace director::plugin {
namespace {

namespace fs = std::filesystem;

/// Marks the answer among whatever the library's initialisers print.
constexpr std::string_view kAnswer = "director-probe: ";
constexpr std::size_t kKeptStderr = 2000;

std::string identity(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return "";
  }
  const auto nanoseconds = [](const struct timespec& time) {
    return std::to_string(time.tv_sec) + "." + std::to_string(time.tv_nsec);
  };
  return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) + ":" +
         std::to_string(info.st_size) + ":" + nanoseconds(info.st_mtim) + ":" +
         nanoseconds(info.st_ctim);
}

/// What was negotiated depends on this host's version as well.
std::string cache_version() {
  return "1/" + std::to_string(DIRECTOR_ABI_MAJOR) + "." + std::to_string(DIRECTOR_ABI_MINOR) +
         "/" + std::to_string(exec::kProtocol);
}

Result<Descriptor> parse_answer(std::string_view answer) {
  DIRECTOR_TRY(const Json root, parse_json(answer));
  if (const auto code = root.find("code")) {
    DIRECTOR_TRY(const std::int64_t number, code->as_int());
    DIRECTOR_TRY(std::string message, root.get_string("error"));
    return Error(to_errc(static_cast<director_status>(number)), std::move(message));
  }
  return parse_descriptor(answer);
}

std::string how_it_ended(const ports::Exit& exit) {
  switch (exit.kind) {
    case ports::ExitKind::Exited:
      return "ended the program with status " + std::to_string(exit.exit_code) + " while loading";
    case ports::ExitKind::Signaled:
      return "crashed while loading (signal " + std::to_string(exit.signal) + ")";
    case ports::ExitKind::TimedOut:
    case ports::ExitKind::Stalled:
      return "did not finish loading in time";
    case ports::ExitKind::Cancelled:
    case ports::ExitKind::Stopped:
      break;
  }
  return "could not be probed";
}

}  // namespace

int answer_probe(const fs::path& library) {
  const Result<const Library*> opened = open_library(library);
  std::string answer;
  if (opened) {
    answer = to_json((*opened)->descriptor());
  } else {
    JsonWriter writer;
    writer.begin_object()
        .member("code", static_cast<int>(opened.error().code()))
        .member("error", opened.error().message())
        .end_object();
    answer = writer.take();
  }
  std::printf("\n%.*s%s\n", static_cast<int>(kAnswer.size()), kAnswer.data(), answer.c_str());
  std::fflush(stdout);
  // Without the library's own destructors: what it does on exit is not what is asked.
  ::_exit(0);
}

Probe::Probe(ports::ProcessLauncher& launcher, const ports::Clock& clock, ports::FileStore& files,
             ProbeSettings settings)
    : launcher_(launcher), clock_(clock), files_(files), settings_(std::move(settings)) {
  read_cache();
}

Result<Descriptor> Probe::recall(const Known& known) {
  return known.refusal.empty() ? parse_descriptor(known.descriptor)
                               : Result<Descriptor>(Error(known.code, known.refusal));
}

Result<Descriptor> Probe::look(const fs::path& path, Form form) {
  std::string now = identity(path);
  const auto found = known_.find(path.string());
  if (found != known_.end() && found->second.identity == now) {
    if (Result<Descriptor> known = recall(found->second);
        known || known.error().code() == found->second.code) {
      return known;
    }
  }
  Result<Descriptor> answer =
      form == Form::Library ? ask(path) : exec::ask_hello(launcher_, clock_, path);
  if (answer) {
    known_[path.string()] = {std::move(now), Errc::Internal, "", to_json(*answer)};
  } else if (form == Form::Library && answer.error().code() == Errc::External) {
    known_[path.string()] = {std::move(now), Errc::External, answer.error().message(), ""};
  } else {
    return answer;
  }
  changed_ = true;
  return answer;
}

Result<Descriptor> Probe::ask(const fs::path& path) {
  ports::Command command;
  command.argv = settings_.command;
  command.argv.push_back(path.string());
  command.cwd = "/";
  command.deadline = clock_.now() + settings_.timeout;
  std::string answer;
  std::string complaint;
  DIRECTOR_TRY(const ports::Exit exit,
               launcher_.run(command,
                             [&](const ports::OutputLine& line) {
                               if (!line.is_stderr && line.text.starts_with(kAnswer)) {
                                 answer = line.text.substr(kAnswer.size());
                               } else if (line.is_stderr && complaint.size() < kKeptStderr) {
                                 complaint +=
                                     (complaint.empty() ? "" : " | ") + std::string(line.text);
                               }
                               return true;
                             },
                             {}));
  if (exit.kind == ports::ExitKind::Exited && !answer.empty()) {
    return parse_answer(answer);
  }
  std::string message = "plugin '" + path.filename().string() + "' " + how_it_ended(exit);
  if (!complaint.empty()) {
    message += ": " + text::printable(complaint.substr(0, kKeptStderr));
  }
  return Error(Errc::External, std::move(message));
}

void Probe::read_cache() {
  const Result<std::string> text = files_.read(settings_.cache_file);
  if (!text) {
    return;
  }
  // Whatever is wrong with the cache, the libraries themselves know better.
  const Result<Json> root = parse_json(*text);
  if (!root || root->get_string("version").value_or("") != cache_version()) {
    return;
  }
  for (const Json& entry : root->get_array("libraries").value_or({})) {
    Known known{entry.get_string("identity").value_or(""),
                to_errc(static_cast<director_status>(entry.get_int("code").value_or(0))),
                entry.get_string("refusal").value_or(""),
                entry.get_string("descriptor").value_or("")};
    known_[entry.get_string("path").value_or("")] = std::move(known);
  }
}

Status Probe::save() {
  if (!changed_) {
    return ok();
  }
  JsonWriter writer(JsonWriter::Style::Pretty);
  writer.begin_object().member("version", cache_version()).key("libraries").begin_array();
  std::error_code error;
  for (const auto& [path, known] : known_) {
    if (!fs::exists(path, error)) {
      continue;
    }
    writer.begin_object()
        .member("path", path)
        .member("identity", known.identity)
        .member("code", static_cast<int>(known.code))
        .member("refusal", known.refusal)
        .member("descriptor", known.descriptor)
        .end_object();
  }
  writer.end_array().end_object();
  DIRECTOR_CHECK(files_.write(settings_.cache_file, writer.take()));
  changed_ = false;
  return ok();
}

}  // namespace director::plugin
