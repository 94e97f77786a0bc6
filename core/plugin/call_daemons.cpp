#include "core/plugin/call_daemons.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/nesting.hpp"
#include "core/plugin/instance.hpp"
#include "director/fence.hpp"

namespace director::plugin {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

/// The folders asked for, as they really are: an agent may have put a link in the place of one.
Result<std::vector<std::string>> narrowed(const director_daemon_request& request,
                                          const std::vector<std::string>& allowed) {
  std::vector<std::string> narrow;
  for (std::size_t i = 0; i < request.writable_count; ++i) {
    const std::string path(view(request.writable[i]));
    std::error_code error;
    const fs::path real = fs::canonical(path, error);
    if (error) {
      return Error(Errc::NotFound, "cannot let a daemon write '" + path + "': " + error.message());
    }
    const bool is_allowed =
        std::any_of(allowed.begin(), allowed.end(), [&real](const std::string& folder) {
          std::error_code missing;
          const fs::path real_folder = fs::canonical(folder, missing);
          return !missing && lies_within(real.native(), real_folder.native());
        });
    if (!is_allowed) {
      return Error(Errc::Invalid, "cannot let a daemon write '" + path +
                                      "': commands of this call may not write there");
    }
    narrow.push_back(real.string());
  }
  return narrow;
}

void put(const director_text_sink* sink, const std::string& text) {
  if (sink != nullptr) {
    sink->write(sink->context, borrow(text));
  }
}

Error no_lease(std::uint64_t lease) {
  return Error(Errc::Invalid, "there is no lease " + std::to_string(lease) + " in this call");
}

}  // namespace

CallDaemons::~CallDaemons() {
  for (const auto& [id, lease] : leases_) {
    (void)lease.daemon->end_use(lease.use);
    daemons_.release(lease.daemon, true);
  }
}

Result<std::string> CallDaemons::acquire(ports::Command command,
                                         const director_daemon_request& request,
                                         const Redactor& redactor, director_daemon_lease& lease,
                                         const director_text_sink* ready_line,
                                         const director_text_sink* secret) {
  const std::string_view prefix = view(request.ready_prefix);
  if (prefix.empty() || command.argv.empty()) {
    return Error(Errc::Invalid, "cannot start a daemon: it has no program or no ready_prefix");
  }
  if (request.writable_count != 0) {
    DIRECTOR_TRY(command.writable, narrowed(request, scope_.writable));
  }
  std::vector<std::string> workspaces;
  const bool asks_to_write = (request.flags & DIRECTOR_DAEMON_EVERY_WORKSPACE) != 0;
  const bool asks_to_read = (request.flags & DIRECTOR_DAEMON_EVERY_WORKSPACE_READ) != 0;
  if (asks_to_write && !scope_.reads_only && scope_.agent_workspaces) {
    workspaces = scope_.agent_workspaces();
  } else if ((asks_to_write || asks_to_read) && !scope_.all_workspaces.empty()) {
    command.readable.push_back(scope_.all_workspaces);
  }
  DaemonPatience patience{scope_.deadline, scope_.cancel};
  if (request.start_timeout_ms > 0) {
    constexpr std::int64_t kDay = 24LL * 3600 * 1000;
    const ports::SteadyTime at =
        clock_.now() + milliseconds(std::min(request.start_timeout_ms, kDay));
    patience.until = patience.until ? std::min(*patience.until, at) : at;
  }
  DIRECTOR_TRY(Daemons::Leased leased,
               daemons_.acquire({std::move(command), std::string(view(request.secret_variable)),
                                 std::string(prefix), std::move(workspaces)},
                                redactor, patience));
  {
    const std::lock_guard lock(mutex_);
    lease.id = ++last_;
    leases_.emplace(lease.id, Lease{leased.daemon, leased.use});
  }
  lease.flags = leased.fresh ? unsigned{DIRECTOR_DAEMON_FRESH} : 0U;
  put(ready_line, leased.ready_line);
  put(secret, leased.daemon->secret());
  return leased.daemon->secret();
}

CallDaemons::Lease CallDaemons::find(std::uint64_t lease) const {
  const std::lock_guard lock(mutex_);
  const auto found = leases_.find(lease);
  return found == leases_.end() ? Lease{} : found->second;
}

void CallDaemons::note_limit(const Daemon& daemon) {
  const std::string limit = daemon.limit();
  const std::lock_guard lock(mutex_);
  limit_ = limit_.empty() ? limit : limit_;
}

Status CallDaemons::inspect(std::uint64_t lease, director_daemon_state& state,
                            const director_text_sink* last_words) {
  const auto [daemon, use] = find(lease);
  if (daemon == nullptr) {
    return no_lease(lease);
  }
  state.alive = daemon->alive() ? 1 : 0;
  state.memory_bytes = daemon->memory_bytes();
  if (state.alive == 0) {
    if (daemon->is_accountable(use)) {
      note_limit(*daemon);
    }
    put(last_words, daemon->last_words());
  }
  return ok();
}

Status CallDaemons::release(std::uint64_t lease, director_daemon_end end) {
  Lease ended;
  {
    const std::lock_guard lock(mutex_);
    const auto found = leases_.find(lease);
    if (found == leases_.end()) {
      return no_lease(lease);
    }
    ended = std::move(found->second);
    leases_.erase(found);
  }
  const bool is_accountable = ended.daemon->is_accountable(ended.use);
  const ports::Usage used = ended.daemon->end_use(ended.use);
  {
    const std::lock_guard lock(mutex_);
    usage_.add(used);
  }
  daemons_.release(ended.daemon, end != DIRECTOR_DAEMON_KEEP || !ended.daemon->alive());
  if (is_accountable) {
    note_limit(*ended.daemon);
  }
  return ok();
}

ports::Usage CallDaemons::usage() const {
  const std::lock_guard lock(mutex_);
  ports::Usage usage = usage_;
  for (const auto& [id, lease] : leases_) {
    usage.add(lease.daemon->usage_of(lease.use));
  }
  return usage;
}

std::string CallDaemons::limit() const {
  const std::lock_guard lock(mutex_);
  return limit_;
}

}  // namespace director::plugin
