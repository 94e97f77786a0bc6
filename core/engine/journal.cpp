#include "core/engine/journal.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "core/base/json.hpp"

namespace director::engine {
namespace {

std::string place(const std::filesystem::path& path, std::size_t line) {
  return path.string() + ":" + std::to_string(line);
}

}  // namespace

Result<std::uint64_t> read_journal(ports::FileStore& files, const std::filesystem::path& path,
                                   const EntryHandler& on_entry) {
  Result<std::string> text = files.read(path);
  if (!text) {
    if (text.error().code() == Errc::NotFound) {
      return std::uint64_t{0};
    }
    return std::move(text).error();
  }
  std::size_t start = 0;
  std::uint64_t expected = 1;
  for (std::size_t end = text->find('\n'); end != std::string::npos;
       start = end + 1, end = text->find('\n', start)) {
    Result<Entry> entry = decode(std::string_view(*text).substr(start, end - start));
    const bool last = end + 1 == text->size();
    if (!entry && last && !parse_json(std::string_view(*text).substr(start, end - start))) {
      break;  // torn, although its line feed made it to the disk
    }
    if (!entry) {
      return std::move(entry).error().context(place(path, expected));
    }
    if (entry->at.sequence != expected) {
      return Error(Errc::Invalid, place(path, expected) + ": expected event " +
                                      std::to_string(expected) + ", found " +
                                      std::to_string(entry->at.sequence));
    }
    DIRECTOR_CHECK(on_entry(*entry).context(place(path, expected)));
    ++expected;
  }
  return static_cast<std::uint64_t>(start);
}

Result<std::unique_ptr<Journal>> Journal::open(ports::FileStore& files, const ports::Clock& clock,
                                               const std::filesystem::path& path,
                                               const EntryHandler& on_entry) {
  std::uint64_t next = 1;
  DIRECTOR_TRY(const std::uint64_t whole, read_journal(files, path, [&](const Entry& entry) {
                 next = entry.at.sequence + 1;
                 return on_entry(entry);
               }));
  DIRECTOR_TRY(std::unique_ptr<ports::AppendFile> file, files.open_append(path, whole));
  return std::unique_ptr<Journal>(new Journal(std::move(file), clock, next));
}

Status Journal::broken() const {
  return broken_ ? Status(broken_->context("an earlier write failed")) : ok();
}

Result<run::At> Journal::append(const run::Event& event) {
  const std::lock_guard lock(mutex_);
  DIRECTOR_CHECK(broken());
  const auto since_epoch = clock_.wall().time_since_epoch();
  const run::At at{next_sequence_,
                   std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
  DIRECTOR_CHECK(note(file_->append(encode(event, at) + "\n"), "cannot write the journal"));
  ++next_sequence_;
  return at;
}

Status Journal::sync() {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = next_sequence_ - 1;
  for (;;) {
    DIRECTOR_CHECK(broken());
    if (durable_ >= wanted) {
      return ok();
    }
    if (flushing_) {  // perhaps since before the last of ours was written: once more, if so
      flushed_.wait(lock);
      continue;
    }
    const std::uint64_t written = next_sequence_ - 1;
    flushing_ = true;
    lock.unlock();
    const Status status = file_->sync();
    lock.lock();
    flushing_ = false;
    flushed_.notify_all();
    DIRECTOR_CHECK(note(status, "cannot flush the journal"));
    durable_ = written;
  }
}

// After a partial write the next line would be glued to it; after a failed flush the system may
// have dropped the bytes, and a later flush would not say so.
Status Journal::note(const Status& status, std::string_view what) {
  if (!status) {
    broken_ = status.error().context(what);
    return *broken_;
  }
  return ok();
}

}  // namespace director::engine
