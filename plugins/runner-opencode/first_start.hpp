/// The first start on a fresh data folder creates its database, and two of them at once break each
/// other.
#pragma once

#include <string>
#include <utility>

#include "director/host.hpp"
#include "environment.hpp"

namespace runner_opencode {

/// A start of one version of the program on one state folder. Whoever has the first one there is
/// alone with it until it is seen to work, or until this is gone.
class FirstStart {
 public:
  /// Waits while another one starts there for the first time, in this process or another one; after
  /// that for nobody. Errors: Io; Cancelled, if the call is while it waits.
  [[nodiscard]] static director::Result<FirstStart> wait_for(const Home& home,
                                                             const std::string& state_dir,
                                                             const std::string& command,
                                                             const director::host& services);
  ~FirstStart() { unlock(); }
  FirstStart(FirstStart&& other) noexcept;
  FirstStart(const FirstStart&) = delete;
  FirstStart& operator=(const FirstStart&) = delete;
  FirstStart& operator=(FirstStart&&) = delete;

  /// The program runs, so the database is there: others need not wait. Where that cannot be noted
  /// down the next one is alone, too. May be said again.
  void worked();

 private:
  FirstStart(std::string stamp_file, std::string stamp)
      : stamp_file_(std::move(stamp_file)), stamp_(std::move(stamp)) {}

  /// Whether this version was seen to work on what the folder holds.
  [[nodiscard]] bool was_made(const std::string& state_dir) const;
  void unlock();

  int lock_ = -1;  ///< a descriptor whose lock dies with the process; -1: it is not the first
  std::string stamp_file_;
  std::string stamp_;
};

}  // namespace runner_opencode
