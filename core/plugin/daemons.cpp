#include "core/plugin/daemons.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/nesting.hpp"

namespace director::plugin {
namespace {

void add(std::string& identity, const std::string& text) {
  identity += std::to_string(text.size()) + ":" + text;
}

void add(std::string& identity, const std::vector<std::string>& texts) {
  identity += std::to_string(texts.size()) + "*";
  for (const std::string& text : texts) {
    add(identity, text);
  }
}

/// Tells two requests apart, but for what has become of their folders.
std::string identity_of(const DaemonRequest& request) {
  const ports::Command& command = request.command;
  std::string identity = std::to_string(static_cast<int>(command.purpose)) +
                         (command.network ? "network" : "") + (command.reads_only ? "reads" : "");
  add(identity, command.argv);
  add(identity, command.cwd);
  add(identity, command.env_set);
  add(identity, command.env_unset);
  add(identity, command.writable);
  add(identity, command.readable);
  add(identity, request.secret_variable);
  add(identity, request.ready_prefix);
  return identity;
}

/// The folders of a request, each told from the one that stood in its place before: a command that
/// is confined keeps to those that it was started with.
std::set<std::string> places_of(const DaemonRequest& request) {
  std::vector<std::string> folders = request.command.writable;
  folders.push_back(request.command.cwd);
  folders.insert(folders.end(), request.workspaces.begin(), request.workspaces.end());
  std::set<std::string> places;
  for (const std::string& folder : folders) {
    struct stat info {};
    const bool exists = ::stat(folder.c_str(), &info) == 0;
    places.insert(
        folder +
        (exists ? " " + std::to_string(info.st_dev) + "." + std::to_string(info.st_ino) : ""));
  }
  return places;
}

std::string real_path(const std::string& path) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  return error ? path : real.string();
}

}  // namespace

/// Another one is started in their place.
void Daemons::retire_outdated(const std::string& identity, Entries& ended) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->identity == identity) {
      entry->retired = true;
      if (entry->leases == 0 && !entry->weeding) {
        ended.splice(ended.end(), entries_, entry);
      }
    }
    entry = next;
  }
}

bool Daemons::has_served(const std::string& folder) const {
  const std::string asked = real_path(folder);
  const std::lock_guard lock(mutex_);
  return std::any_of(served_.begin(), served_.end(), [&asked](const std::string& one) {
    return lies_within(asked, one) || lies_within(one, asked);
  });
}

std::shared_ptr<Daemon> Daemons::lease(DaemonRequest request, const Redactor& redactor,
                                       bool& fresh) {
  // One that was removed meanwhile is nobody's.
  std::erase_if(request.workspaces,
                [](const std::string& folder) { return ::access(folder.c_str(), F_OK) != 0; });
  const std::string identity = identity_of(request);
  const Places places = places_of(request);
  Entries ended;  // destroyed, which waits for their end, without the lock
  std::unique_lock lock(mutex_);
  const auto usable = [&](const Entry& entry) {
    return entry.identity == identity && !entry.retired &&
           std::includes(entry.places.begin(), entry.places.end(), places.begin(), places.end());
  };
  weeded_.wait(lock, [&] {
    return std::none_of(entries_.begin(), entries_.end(),
                        [&](const Entry& entry) { return usable(entry) && entry.weeding; });
  });
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->leases == 0 && !entry->weeding && !entry->daemon->alive()) {
      ended.splice(ended.end(), entries_, entry);
    }
    entry = next;
  }
  auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return usable(entry) && entry.daemon->alive();
  });
  fresh = found == entries_.end();
  if (fresh) {
    retire_outdated(identity, ended);
    std::vector<std::string>& writable = request.command.writable;
    writable.insert(writable.end(), request.workspaces.begin(), request.workspaces.end());
    if (!request.command.reads_only) {
      served_.insert(real_path(request.command.cwd));
    }
    for (const std::string& folder : writable) {
      served_.insert(real_path(folder));
    }
    entries_.push_front(
        {identity, places, std::make_shared<Daemon>(std::move(request), launcher_, redactor)});
    found = entries_.begin();
  }
  ++found->leases;
  return found->daemon;
}

Result<Daemons::Leased> Daemons::acquire(DaemonRequest request, const Redactor& redactor,
                                         const DaemonPatience& patience) {
  if (!launcher_.is_reachable(request.command)) {
    return Error(Errc::Conflict, "cannot start '" + request.command.argv.front() +
                                     "' for further calls: such commands have no network here, "
                                     "so nothing could talk with it");
  }
  Leased leased;
  leased.daemon = lease(std::move(request), redactor, leased.fresh);
  leased.use = leased.daemon->begin_use(leased.fresh);
  Result<std::string> line = leased.daemon->ready(clock_, patience.until, patience.cancel);
  if (!line) {
    (void)leased.daemon->end_use(leased.use);
    release(leased.daemon, true);
    return line.error();
  }
  leased.ready_line = *std::move(line);
  return leased;
}

Daemons::Entries::iterator Daemons::find(const std::shared_ptr<Daemon>& daemon) {
  return std::find_if(entries_.begin(), entries_.end(),
                      [&daemon](const Entry& entry) { return entry.daemon == daemon; });
}

void Daemons::release(const std::shared_ptr<Daemon>& daemon, bool stop) {
  Entries over;
  {
    std::unique_lock lock(mutex_);
    auto entry = find(daemon);
    if (entry == entries_.end()) {
      return;  // stop_all() came first
    }
    entry->retired = entry->retired || stop;
    if (--entry->leases > 0) {
      return;
    }
    if (!entry->retired) {
      entry->weeding = true;
      lock.unlock();
      const bool clean = daemon->weed();
      lock.lock();
      entry = find(daemon);
      weeded_.notify_all();
      if (entry == entries_.end()) {
        return;
      }
      entry->weeding = false;
      entry->retired = entry->retired || !clean;
    }
    if (entry->retired) {
      over.splice(over.end(), entries_, entry);
    }
  }
  for (Entry& entry : over) {
    entry.daemon->stop();
    entry.daemon->wait();
  }
}

void Daemons::stop_all() {
  Entries all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(entries_);
    weeded_.notify_all();
  }
  for (const Entry& entry : all) {
    entry.daemon->stop();
  }
  for (const Entry& entry : all) {
    entry.daemon->wait();
  }
}

}  // namespace director::plugin
