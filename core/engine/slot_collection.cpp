#include "core/engine/slot_collection.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/slots.hpp"

namespace director::engine {
namespace {

struct IdleSlot {
  std::string name;
  ports::WallTime last_used;
};

std::string sort_of(const std::string& name) { return name.substr(0, name.rfind('-')); }

/// Removes until the quota is met; `idle` in the order in which they go.
Status meet_quota(ports::SlotFolders& folders, const std::vector<std::string>& busy,
                  const std::vector<IdleSlot>& idle, std::uint64_t quota) {
  std::uint64_t total = 0;
  for (const std::string& name : busy) {
    DIRECTOR_TRY(const std::uint64_t size, folders.size(name));
    total += size;
  }
  std::vector<std::uint64_t> sizes;
  for (const IdleSlot& slot : idle) {
    DIRECTOR_TRY(const std::uint64_t size, folders.size(slot.name));
    sizes.push_back(size);
    total += size;
  }
  Status done = ok();
  for (std::size_t i = 0; i < idle.size() && total > quota; ++i) {
    total -= sizes[i];
    if (Status removed = folders.remove(idle[i].name); !removed) {
      done = std::move(removed);
    }
  }
  return done;
}

}  // namespace

Status collect_slots(const Services& services, int parallel) {
  if (services.slot_folders == nullptr) {
    return ok();
  }
  ports::SlotFolders& folders = *services.slot_folders;
  DIRECTOR_TRY(const std::vector<std::string> names, folders.list());
  std::vector<IdleSlot> idle;
  std::vector<std::string> busy;
  for (const std::string& name : names) {
    if (slot_note(services.files, slot_named(services.folders, name))) {
      busy.push_back(name);
      continue;
    }
    DIRECTOR_TRY(const ports::WallTime last_used, folders.last_used(name));
    idle.push_back({name, last_used});
  }
  std::sort(idle.begin(), idle.end(), [](const IdleSlot& a, const IdleSlot& b) {
    return std::tie(b.last_used, a.name) < std::tie(a.last_used, b.name);
  });
  const int configured = services.settings.workspace.pool_size;
  const int most = configured > 0 ? configured : parallel;
  std::map<std::string, int> counts;
  std::vector<IdleSlot> stay;
  Status done = ok();
  for (IdleSlot& slot : idle) {
    if (++counts[sort_of(slot.name)] <= most) {
      stay.push_back(std::move(slot));
    } else if (Status removed = folders.remove(slot.name); !removed) {
      done = std::move(removed);
    }
  }
  constexpr std::uint64_t kMegabyte = 1'000'000;
  const auto quota =
      static_cast<std::uint64_t>(services.settings.workspace.disk_quota_mb) * kMegabyte;
  if (quota == 0) {
    return done;
  }
  std::reverse(stay.begin(), stay.end());
  Status met = meet_quota(folders, busy, stay, quota);
  return met ? done : met;
}

}  // namespace director::engine
