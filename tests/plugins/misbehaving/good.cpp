/// One plugin of each kind, written with the C++ SDK, that tells back what reached it. KIND picks.
#include "director/plugin.hpp"

namespace {

using director::Errc;
using director::Error;
using director::host;
using director::Result;
using director::Status;

struct good_gate final : director::gate {
  static constexpr const char* summary = "Tells back its request";
  static constexpr const char* config_schema =
      R"({"type": "object", "properties": {"word": {"type": "string"}}})";
  explicit good_gate(const director::instance_info& info) : info_(info) {}
  director::verdict check(const director::gate_request& request, host& services) override {
    if (request.command == "throw") {
      throw 3;
    }
    services.log(director::log_level::info, "checking");
    std::string detail(request.name);
    detail += "|" + std::string(request.command) + "|" + std::string(request.workdir) + "|" +
              std::string(request.node) + "|" + info_.config_json + "|" + info_.repo_dir;
    for (const director::change& change : request.changes) {
      detail += "|" + change.path + ":" + std::to_string(static_cast<int>(change.kind)) +
                std::to_string(static_cast<int>(change.old_type)) +
                std::to_string(static_cast<int>(change.new_type));
    }
    director::verdict said = request.scope == director::gate_scope::node
                                 ? director::verdict::fail("no", detail)
                                 : director::verdict::pass("yes", detail);
    said.exit_code = 3;
    return said;
  }

 private:
  director::instance_info info_;
};

struct good_runner final : director::runner {
  Status run(const director::run_request& request, const director::agent_events& events,
             host& services) override {
    if (request.message == "exec") {
      director::exec_request command;
      command.argv = {"sh", "-c", "cat; echo err >&2; exit 5"};
      command.cwd = std::string(request.workdir);
      command.stdin_text = "a\nb\n";
      DIRECTOR_TRY(
          const director::exec_result result,
          services.exec(command, [&](const director::exec_line& line) {
            events.text(std::string(line.is_stderr ? "2:" : "1:") + std::string(line.text));
            return true;
          }));
      events.finish("exit " + std::to_string(result.exit_code));
      return director::ok();
    }
    if (request.message == "missing") {
      director::exec_request command;
      command.argv = {"no-such-program-anywhere"};
      command.cwd = "/";
      const auto result = services.exec(command, {});
      return result ? director::ok() : Status(result.error());
    }
    if (request.message == "cancelled") {
      events.finish(services.cancelled() ? "cancelled" : "on");
      return director::ok();
    }
    events.text("said", 5);
    events.tool({"bash", "{}", "out", 2, 6});
    events.spent({1, 2, 3, 4, 5, 0.5});
    events.retry("later", 7);
    if (!request.may_edit) {
      events.fail(director::agent_failure::rate_limit, "slow down", 8);
      return director::ok();
    }
    events.finish(std::string(request.role) + "|" + std::string(request.title) + "|" +
                  std::string(request.system_prompt) + "|" + std::string(request.model) + "|" +
                  std::string(request.workdir) + "|" +
                  (request.temperature ? std::to_string(*request.temperature) : "-") + "|" +
                  (request.top_p ? "p" : "-") + "|" +
                  (request.top_k ? std::to_string(*request.top_k) : "-") + "|" +
                  std::to_string(request.stall_ms));
    return director::ok();
  }
  Result<std::string> probe(host&) override { return std::string("{\"tool\":\"x\"}"); }
};

struct good_reviewer final : director::reviewer {
  Result<director::review> examine(const director::review_request& request,
                                   host& services) override {
    DIRECTOR_TRY(const std::string answer,
                 services.ask(request.role, request.diff, request.workdir));
    return director::review{answer,
                            {{director::severity::major, "f.c", std::string(request.node)}}};
  }
};

struct good_sink final : director::sink {
  Status emit(const director::record& entry, host&) override {
    return Error(Errc::Conflict, std::to_string(entry.sequence) + std::string(entry.job) +
                                     std::string(entry.kind) + std::string(entry.json));
  }
  Status flush(host&) override { return director::ok(); }
};

struct good_launcher final : director::launcher {
  Result<director::launch> prepare(const director::launch_request& request, host&) override {
    director::launch made{{"env"}, {"WRAPPED=" + std::to_string(request.env.size())}};
    for (const std::string_view arg : request.argv) {
      made.argv.emplace_back(arg);
    }
    return made;
  }
};

struct good_vcs final : director::vcs {
  Result<director::commit_info> resolve(std::string_view revision) override {
    if (revision == "gone") {
      return Error(Errc::NotFound, "no such revision 'gone'");
    }
    return director::commit_info{"c1", "t1", std::string(revision)};
  }
  Result<std::vector<director::ref>> list_refs(std::string_view prefix) override {
    return std::vector<director::ref>{{std::string(prefix) + "a", "1"}, {"b", "2"}};
  }
  Status update_ref(std::string_view name, std::string_view expected,
                    std::string_view desired) override {
    return Error(Errc::Conflict, std::string(name) + std::string(expected) + std::string(desired));
  }
  Result<std::vector<director::commit_info>> history(std::string_view tip,
                                                     std::string_view base) override {
    return std::vector<director::commit_info>{{std::string(tip), "t", ""},
                                              {std::string(base), "u", ""}};
  }
  Result<director::checkout_state> user_checkout() override {
    return director::checkout_state{false, true, true};
  }
  Result<std::string> commit(std::string_view tree, std::string_view parent,
                             std::string_view message) override {
    return std::string(tree) + std::string(parent) + std::string(message);
  }
  Result<std::string> read_file(std::string_view, std::string_view path) override {
    return path == "empty" ? std::string() : std::string("a\0b", 3);
  }
  Result<director::merge_result> merge(std::string_view base_tree, std::string_view,
                                       std::string_view) override {
    return base_tree == "clean" ? director::merge_result{true, "m", {}}
                                : director::merge_result{false, "", {"x", "y"}};
  }
  Result<std::vector<director::change>> changes(std::string_view, std::string_view) override {
    return std::vector<director::change>{{director::change_kind::deleted, "gone",
                                          director::file_type::symlink, director::file_type::none}};
  }
  Result<std::string> diff(std::string_view, std::string_view) override { return std::string(); }
  Status checkout(const director::slot& where, std::string_view commit, std::string_view tree,
                  const std::vector<std::string>& keep) override {
    return Error(Errc::Io,
                 where.dir + where.meta_dir + std::string(commit) + std::string(tree) + keep.at(0));
  }
  Status checkout_untouched(const director::slot& where, std::string_view commit,
                            std::string_view tree, const std::vector<std::string>& keep) override {
    const Status failed = checkout(where, commit, tree, keep);
    return Error(failed.error().code(), "untouched " + failed.error().message());
  }
  Result<director::snapshot_result> snapshot(const director::slot&, std::string_view base_tree,
                                             const std::vector<std::string>& ignore) override {
    return director::snapshot_result{std::string(base_tree) + ignore.at(1),
                                     {{director::change_kind::added, "new",
                                       director::file_type::none, director::file_type::other}}};
  }
};

}  // namespace

DIRECTOR_PLUGIN(KIND, KIND_ID, "1.2.3")
