/// The journal: the only source of truth about a job.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "core/engine/codec.hpp"
#include "core/ports/clock.hpp"
#include "core/ports/file_store.hpp"
#include "core/run/events.hpp"
#include "director/result.hpp"

namespace director::engine {

using EntryHandler = std::function<Status(const Entry&)>;

/// Reads a journal without changing it; a torn last line is passed over. No file: no entries.
/// Returns how many bytes hold whole entries. Errors: Invalid as `<path>:<line>: ..` for a line
/// that is no event; what `on_entry` returns.
[[nodiscard]] Result<std::uint64_t> read_journal(ports::FileStore& files,
                                                 const std::filesystem::path& path,
                                                 const EntryHandler& on_entry);

/// Appends events. Safe from any thread: those who flush at the same time share a flush, and
/// nobody waits for one to append.
class Journal {
 public:
  /// Replays what is there through `on_entry`, cuts off a torn tail and opens for appending.
  [[nodiscard]] static Result<std::unique_ptr<Journal>> open(ports::FileStore& files,
                                                             const ports::Clock& clock,
                                                             const std::filesystem::path& path,
                                                             const EntryHandler& on_entry);

  /// Writes one event and says where it stands. It is durable after the next sync(). Once writing
  /// or flushing has failed, every later call fails and says why that did: what is in the file is
  /// not known any more.
  [[nodiscard]] Result<run::At> append(const run::Event& event);
  /// Everything appended before survives a power loss. Blocks.
  [[nodiscard]] Status sync();

 private:
  Journal(std::unique_ptr<ports::AppendFile> file, const ports::Clock& clock,
          std::uint64_t next_sequence)
      : file_(std::move(file)),
        clock_(clock),
        next_sequence_(next_sequence),
        durable_(next_sequence - 1) {}

  [[nodiscard]] Status broken() const;
  [[nodiscard]] Status note(const Status& status, std::string_view what);

  const std::unique_ptr<ports::AppendFile> file_;
  const ports::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable flushed_;
  bool flushing_ = false;  ///< somebody does, without the lock
  std::uint64_t next_sequence_;
  std::uint64_t durable_;        ///< the last event that is
  std::optional<Error> broken_;  ///< why nothing can be written any more
};

}  // namespace director::engine
