#include "record_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "json_view.hpp"
#include "json_write.hpp"
#include "shared_by_path.hpp"
#include "text.hpp"

namespace metrics_jsonl {

using director::Errc;
using director::Error;
using director::Result;
using director::Status;
using plugin_support::as_integer;
using plugin_support::as_string;
using plugin_support::member;
using plugin_support::set_member;

namespace {

// What is read of a file to learn what it has. Records come in the order of their sequence but for
// the few that are under way at once, so anything older than the tail is there.
constexpr off_t kTailBytes = off_t{4} * 1024 * 1024;

Result<std::string> read_range(int descriptor, off_t from, off_t to) {
  std::string bytes(static_cast<std::size_t>(to - from), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(descriptor, bytes.data() + done, bytes.size() - done,
                                from + static_cast<off_t>(done));
    if (got < 0 && errno != EINTR) {
      return Error(Errc::Io, std::strerror(errno));
    }
    if (got == 0) {
      bytes.resize(done);
    }
    done += got < 0 ? 0 : static_cast<std::size_t>(got);
  }
  return bytes;
}

std::string kind_of(const rapidjson::Value& line) {
  return std::string(as_string(member(line, "kind")).value_or("cost"));
}

// One event may end several nodes; a cost has one record however.
std::string node_of(const rapidjson::Value& line) {
  return member(line, "kind") == nullptr
             ? std::string()
             : std::string(as_string(member(line, "node")).value_or(""));
}

double time_of(const rapidjson::Value& line) {
  return plugin_support::as_number(member(line, "ts")).value_or(0);
}

}  // namespace

std::shared_ptr<RecordFile> RecordFile::open(const std::string& path) {
  return plugin_support::shared_by_path<RecordFile>(
             path,
             [&] {
               return director::Result<std::shared_ptr<RecordFile>>(
                   std::shared_ptr<RecordFile>(new RecordFile(path)));
             })
      .value();
}

RecordFile::~RecordFile() { close(); }

void RecordFile::close() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    descriptor_ = -1;
  }
  there_.clear();
  oldest_known_.clear();
}

Error RecordFile::io_error(const char* verb) const {
  return Error(Errc::Io,
               std::string("cannot ") + verb + " '" + path_ + "': " + std::strerror(errno));
}

Status RecordFile::ensure_open() {
  if (descriptor_ >= 0) {
    struct stat ours {};
    struct stat named {};
    if (::fstat(descriptor_, &ours) == 0 && ::stat(path_.c_str(), &named) == 0 &&
        ours.st_dev == named.st_dev && ours.st_ino == named.st_ino) {
      return director::ok();
    }
    close();
  }
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    return io_error("open");
  }
  Status adopted = adopt();
  if (!adopted) {
    close();
  }
  return adopted;
}

/// Cuts off a torn last line and remembers the records that are there.
Status RecordFile::adopt() {
  struct stat info {};
  if (::fstat(descriptor_, &info) != 0) {
    return io_error("read");
  }
  const off_t from = info.st_size > kTailBytes ? info.st_size - kTailBytes : 0;
  DIRECTOR_TRY(std::string tail,
               read_range(descriptor_, from, info.st_size).context("cannot read '" + path_ + "'"));
  const std::size_t end = tail.find_last_of('\n') + 1;  // npos + 1 is 0
  if (end != tail.size() && ::ftruncate(descriptor_, from + static_cast<off_t>(end)) != 0) {
    return io_error("cut the torn last line off");
  }
  std::string_view rest(tail.data(), end);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    remember(line);
    rest.remove_prefix(line.size() + 1);
  }
  if (from != 0) {
    for (const auto& [job, kind, sequence, node, time] : there_) {
      const auto [known, first] = oldest_known_.try_emplace(job, sequence);
      known->second = first ? sequence : std::min(known->second, sequence);
    }
  }
  return director::ok();
}

bool RecordFile::has(const Key& key) const {
  const auto oldest = oldest_known_.find(std::get<0>(key));
  return there_.contains(key) ||
         (oldest != oldest_known_.end() && std::get<2>(key) <= oldest->second);
}

void RecordFile::remember(std::string_view line) {
  const auto record = plugin_support::parse_json(line);
  if (!record) {
    return;
  }
  const auto sequence = as_integer(member(*record, "seq"));
  const auto job = as_string(member(*record, "job_id"));
  if (sequence && *sequence >= 0 && job) {
    there_.emplace(std::string(*job), kind_of(*record), static_cast<std::uint64_t>(*sequence),
                   node_of(*record), time_of(*record));
  }
}

Status RecordFile::append(std::string_view job, std::string_view kind, std::uint64_t sequence,
                          std::string_view json) {
  auto record = plugin_support::parse_json(json);
  if (!record || !record->IsObject()) {
    return Error(Errc::Invalid, "cannot record '" + std::string(kind) + "' " +
                                    std::to_string(sequence) + ": " +
                                    (record ? "not a JSON object" : record.error().message()));
  }
  auto& allocator = record->GetAllocator();
  if (member(*record, "job_id") == nullptr) {
    set_member(*record, "job_id", plugin_support::make_string(job, allocator), allocator);
  }
  record->RemoveMember("seq");
  set_member(*record, "seq", rapidjson::Value(sequence), allocator);
  const std::string line = plugin_support::to_ascii_json(*record) + "\n";

  const std::lock_guard guard(mutex_);
  DIRECTOR_CHECK(ensure_open());
  Key key{std::string(as_string(member(*record, "job_id")).value_or("")), kind_of(*record),
          sequence, node_of(*record), time_of(*record)};
  if (has(key)) {
    return director::ok();
  }
  struct stat before {};
  const bool sized = ::fstat(descriptor_, &before) == 0;
  std::size_t done = 0;
  while (done < line.size()) {
    // Usually all of it at once.
    const ssize_t written = ::write(descriptor_, line.data() + done, line.size() - done);
    if (written < 0 && errno != EINTR) {
      Error failure = io_error("write");
      // A full disk may take a part of the line; what is no line must not stay.
      if (done > 0 && (!sized || ::ftruncate(descriptor_, before.st_size) != 0)) {
        close();
      }
      return failure;
    }
    done += written < 0 ? 0 : static_cast<std::size_t>(written);
  }
  there_.insert(std::move(key));
  return director::ok();
}

Status RecordFile::flush() {
  const std::lock_guard guard(mutex_);
  if (descriptor_ >= 0 && ::fdatasync(descriptor_) != 0) {
    return io_error("flush");
  }
  return director::ok();
}

}  // namespace metrics_jsonl
