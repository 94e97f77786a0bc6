/// Which slots are as version control left them.
#pragma once

#include <mutex>
#include <set>
#include <string>

namespace director::engine {

/// Whoever hands a slot's folder to something that could write there says so first. Safe from any
/// thread.
class UntouchedSlots {
 public:
  /// Version control has just brought the folder to something, or looked at all of it.
  void add(const std::string& dir) {
    const std::lock_guard lock(mutex_);
    dirs_.insert(dir);
  }
  /// Somebody may write there from now on. Whether nobody could before.
  bool remove(const std::string& dir) {
    const std::lock_guard lock(mutex_);
    return dirs_.erase(dir) != 0;
  }

 private:
  std::mutex mutex_;
  std::set<std::string> dirs_;
};

}  // namespace director::engine
