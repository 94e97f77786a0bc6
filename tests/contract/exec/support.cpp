#include "tests/contract/exec/support.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/processes.hpp"

namespace director::exec_test {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> environment(const std::string& mark) {
  const char* path = std::getenv("PATH");
  return {"MARK=" + mark, "SOME_API_KEY=hunter2",
          std::string("PATH=") + (path == nullptr ? "/usr/bin:/bin" : path)};
}

std::string new_mark() {
  static std::atomic<int> count = 0;
  return "exec-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

constexpr platform::Grace kGrace{std::chrono::milliseconds(100), std::chrono::milliseconds(100)};

}  // namespace

void ActingLog::write(ports::LogLevel level, std::string_view text) {
  lines.emplace_back(level, text);
  if (text.ends_with(": leap")) {
    clock_.leap();
  } else if (text.ends_with(": cancel")) {
    cancel_.cancel();
  }
}

Result<std::string> EchoDesk::ask(const std::string& role, const std::string& message,
                                  const std::string& workdir, const std::string& node,
                                  const ports::CancelToken&) {
  if (message == "fail") {
    return Error(Errc::External, "the endpoint is \"down\"");
  }
  return role + "|" + message + "|" + fs::path(workdir).filename().string() + "|" + node;
}

std::string hello(plugin::Kind kind, const std::string& id, const std::string& version) {
  return R"({"type":"hello","protocol":1,"kind":")" + std::string(plugin::to_string(kind)) +
         R"(","id":")" + id + R"(","version":")" + version + R"("})";
}

ExecTest::ExecTest()
    : mark(new_mark()),
      log(clock, cancel),
      launcher(clock, platform::Environment(environment(mark), {"MARK"}), kGrace),
      hosts(launcher, clock, log, "0.1-test") {
  std::string name = (fs::temp_directory_path() / "director-exec-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    std::abort();
  }
  folder = fs::canonical(name);
  workdir = folder / "work";
  fs::create_directories(workdir);
  fs::create_directories(folder / "cache/agent");
  limits.hello = std::chrono::minutes(1);
  limits.goodbye = std::chrono::minutes(1);
}

ExecTest::~ExecTest() {
  EXPECT_TRUE(test_support::marked(mark).empty()) << "a process outlives its call";
  std::error_code error;
  fs::remove_all(folder, error);
}

fs::path ExecTest::write(const std::string& name, const std::string& script) const {
  const fs::path file = folder / name;
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary)
      << (script.starts_with("#!") ? "" : "#!/bin/sh\n") << script;
  fs::permissions(file, fs::perms::owner_all);
  return file;
}

plugin::exec::Making ExecTest::making(plugin::Kind kind, const std::string& script) {
  const bool is_whole = script.starts_with("#!");
  const fs::path file =
      write("probed.plugin", is_whole ? script : "echo '" + hello(kind) + "'\n" + script);
  plugin::Descriptor descriptor;
  descriptor.id = "probed";
  descriptor.version = "1.0";
  descriptor.kinds = {kind};
  return {{file, descriptor},
          {config, "/repo", "/repo/.director", (folder / "cache").string()},
          limits};
}

director::host& ExecTest::host(ports::Purpose purpose, ports::AgentDesk* desk) {
  ports::CallScope scope;
  scope.node = "n1";
  scope.purpose = purpose;
  scope.cancel = cancel;
  scope.deadline = clock.now() + std::chrono::minutes(1);
  scope.desk = desk;
  return calls_.emplace_back(hosts.open(std::move(scope)))->services();
}

verdict ExecTest::check(const std::string& script, const std::string& command) {
  const auto gate = plugin::exec::make_gate(making(plugin::Kind::Gate, script));
  gate_request request;
  const std::string where = workdir.string();
  request.name = "tests";
  request.command = command;
  request.workdir = where;
  request.node = "n1";
  request.changes = {{change_kind::added, "a \"b\".txt", file_type::none, file_type::regular}};
  return gate->check(request, host());
}

}  // namespace director::exec_test
