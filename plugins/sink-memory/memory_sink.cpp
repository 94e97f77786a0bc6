#include "memory_sink.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>

#include "json_view.hpp"
#include "json_write.hpp"
#include "shared_by_path.hpp"

namespace sink_memory {

using director::Errc;
using director::Error;
using director::Result;
using director::Status;
using plugin_support::as_string;
using plugin_support::member;

namespace {

namespace fs = std::filesystem;

Error io_error(const char* verb, const std::string& path) {
  return Error(Errc::Io,
               std::string("cannot ") + verb + " '" + path + "': " + std::strerror(errno));
}

/// All of `bytes` on the disk, in a new file.
Status write_durably(const std::string& path, std::string_view bytes) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    return io_error("open", path);
  }
  Status status = director::ok();
  while (!bytes.empty() && status) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      status = io_error("write", path);
    }
    bytes.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  if (status && ::fsync(descriptor) != 0) {
    status = io_error("flush", path);
  }
  ::close(descriptor);
  return status;
}

/// So that the new name outlives a power cut, too.
void flush_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0) {
    (void)::fsync(descriptor);
    ::close(descriptor);
  }
}

}  // namespace

Result<std::shared_ptr<Records>> Records::open(const std::string& path) {
  if (path.empty()) {
    return std::shared_ptr<Records>(new Records(path));
  }
  return plugin_support::shared_by_path<Records>(path, [&]() -> Result<std::shared_ptr<Records>> {
    std::shared_ptr<Records> records(new Records(path));
    DIRECTOR_CHECK(records->load());
    return records;
  });
}

Status Records::load() {
  std::ifstream file(path_, std::ios::binary);
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const auto parsed = plugin_support::parse_json(line);
    const auto job = parsed ? as_string(member(*parsed, "job")) : std::nullopt;
    const auto kind = parsed ? as_string(member(*parsed, "kind")) : std::nullopt;
    const rapidjson::Value* sequence = parsed ? member(*parsed, "seq") : nullptr;
    const rapidjson::Value* record = parsed ? member(*parsed, "record") : nullptr;
    if (!job || !kind || sequence == nullptr || !sequence->IsUint64() || record == nullptr) {
      return Error(Errc::Invalid, "cannot go on with '" + path_ + "': line " +
                                      std::to_string(number) + " is no record of sink-memory");
    }
    const auto node = as_string(member(*record, "node")).value_or("");
    lines_.emplace(
        Key(std::string(*job), sequence->GetUint64(), std::string(*kind), std::string(node)),
        line + "\n");
  }
  return director::ok();
}

Status Records::add(const director::record& entry) {
  auto record = plugin_support::parse_json(entry.json);
  if (!record || !record->IsObject()) {
    return Error(Errc::Invalid, "cannot keep '" + std::string(entry.kind) + "' " +
                                    std::to_string(entry.sequence) + ": " +
                                    (record ? "not a JSON object" : record.error().message()));
  }
  const std::string node(as_string(member(*record, "node")).value_or(""));
  rapidjson::Document line(rapidjson::kObjectType);
  auto& allocator = line.GetAllocator();
  const auto set = [&](std::string_view name, rapidjson::Value value) {
    plugin_support::set_member(line, name, std::move(value), allocator);
  };
  set("job", plugin_support::make_string(entry.job, allocator));
  set("kind", plugin_support::make_string(entry.kind, allocator));
  set("seq", rapidjson::Value(entry.sequence));
  set("record", rapidjson::Value(*record, allocator));
  const std::lock_guard guard(mutex_);
  const bool is_new =
      lines_
          .emplace(Key(std::string(entry.job), entry.sequence, std::string(entry.kind), node),
                   plugin_support::to_json(line) + "\n")
          .second;
  is_dirty_ = is_dirty_ || is_new;
  return director::ok();
}

Status Records::flush() {
  const std::lock_guard guard(mutex_);
  if (path_.empty() || !is_dirty_) {
    return director::ok();
  }
  std::string bytes;
  for (const auto& [key, line] : lines_) {
    bytes += line;
  }
  const std::string beside = path_ + ".new";
  if (Status written = write_durably(beside, bytes); !written) {
    (void)::unlink(beside.c_str());
    return written;
  }
  if (::rename(beside.c_str(), path_.c_str()) != 0) {
    return io_error("write", path_);
  }
  flush_folder(fs::path(path_).parent_path());
  is_dirty_ = false;
  return director::ok();
}

Result<std::unique_ptr<MemorySink>> MemorySink::create(const director::instance_info& info,
                                                       director::host& /*services*/) {
  auto config = plugin_support::parse_json(info.config_json.empty() ? "{}" : info.config_json);
  if (!config) {
    return Error(Errc::Invalid,
                 "cannot read the configuration of sink-memory: " + config.error().message());
  }
  const auto named = as_string(member(*config, "file")).value_or("records.jsonl");
  const std::string path =
      named.empty() ? std::string() : (fs::path(info.state_dir) / named).string();
  DIRECTOR_TRY(std::shared_ptr<Records> records, Records::open(path));
  return std::make_unique<MemorySink>(std::move(records));
}

MemorySink::~MemorySink() {
  // Whoever wants to know whether that worked has asked flush().
  (void)records_->flush();
}

Status MemorySink::emit(const director::record& entry, director::host& /*services*/) {
  return records_->add(entry);
}

Status MemorySink::flush(director::host& /*services*/) { return records_->flush(); }

}  // namespace sink_memory
