/// Files in memory that can fail and that know what a power loss would take.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ports/file_store.hpp"
#include "tests/fakes/fault.hpp"

namespace director::testing {

/// Outlives the files that were opened in it. Safe from any thread.
class MemoryFileStore final : public ports::FileStore {
 public:
  Fault* fault = nullptr;
  bool fail_syncs = false;
  std::function<void()> before_sync;

  [[nodiscard]] Result<std::string> read(const std::filesystem::path& path) override {
    return with_fault(fault, "read " + path.filename().string(), [&] { return bytes_of(path); });
  }

  [[nodiscard]] Status write(const std::filesystem::path& path, std::string_view bytes) override {
    return with_fault(fault, "write " + path.filename().string(), [&] {
      const std::lock_guard lock(mutex_);
      files_[path.string()] = {std::string(bytes), bytes.size()};
      return ok();
    });
  }

  [[nodiscard]] Result<std::unique_ptr<ports::AppendFile>> open_append(
      const std::filesystem::path& path, std::uint64_t keep_bytes) override {
    using Opened = Result<std::unique_ptr<ports::AppendFile>>;
    return with_fault(fault, "open_append", [&]() -> Opened {
      const std::lock_guard lock(mutex_);
      File& file = files_[path.string()];
      if (file.bytes.size() < keep_bytes) {
        return Error(Errc::Io, "'" + path.string() + "' is shorter than what is to be kept");
      }
      file.bytes.resize(keep_bytes);
      file.synced = std::min<std::size_t>(file.synced, keep_bytes);
      return std::unique_ptr<ports::AppendFile>(new Appender(*this, path.string()));
    });
  }

  [[nodiscard]] Status move(const std::filesystem::path& from,
                            const std::filesystem::path& to) override {
    return with_fault(fault, "move " + from.filename().string(), [&]() -> Status {
      const std::lock_guard lock(mutex_);
      auto node = files_.extract(from.string());
      if (node.empty()) {
        return Error(Errc::NotFound, "there is no file '" + from.string() + "'");
      }
      files_[to.string()] = std::move(node.mapped());
      return ok();
    });
  }

  [[nodiscard]] Status remove(const std::filesystem::path& path) override {
    return with_fault(fault, "remove " + path.filename().string(), [&] {
      const std::lock_guard lock(mutex_);
      files_.erase(path.string());
      return ok();
    });
  }

  /// The power goes: appended bytes that were not flushed are gone.
  void lose_power() {
    const std::lock_guard lock(mutex_);
    for (auto& [path, file] : files_) {
      file.bytes.resize(file.synced);
    }
  }
  /// A file as a test wants it, durable.
  void put(const std::filesystem::path& path, std::string bytes) {
    const std::lock_guard lock(mutex_);
    const std::size_t size = bytes.size();
    files_[path.string()] = {std::move(bytes), size};
  }
  [[nodiscard]] std::string text(const std::filesystem::path& path) {
    return bytes_of(path).value_or("");
  }
  [[nodiscard]] std::vector<std::string> paths() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> all;
    for (const auto& [path, file] : files_) {
      all.push_back(path);
    }
    return all;
  }

 private:
  Result<std::string> bytes_of(const std::filesystem::path& path) {
    const std::lock_guard lock(mutex_);
    const auto found = files_.find(path.string());
    if (found == files_.end()) {
      return Error(Errc::NotFound, "there is no file '" + path.string() + "'");
    }
    return found->second.bytes;
  }

  struct File {
    std::string bytes;
    std::size_t synced = 0;
  };

  class Appender final : public ports::AppendFile {
   public:
    Appender(MemoryFileStore& store, std::string path) : store_(store), path_(std::move(path)) {}

    [[nodiscard]] Status append(std::string_view bytes) override {
      if (store_.fault != nullptr && store_.fault->strikes("append")) {
        // Half of a write stays behind, or all of it.
        add(store_.fault->side() == FaultSide::After ? bytes : bytes.substr(0, bytes.size() / 2));
        return Fault::error("append");
      }
      add(bytes);
      return ok();
    }

    [[nodiscard]] Status sync() override {
      if (store_.before_sync) {
        store_.before_sync();
      }
      if (store_.fail_syncs) {
        return Fault::error("sync");
      }
      return with_fault(store_.fault, "sync", [&] {
        const std::lock_guard lock(store_.mutex_);
        File& file = store_.files_[path_];
        file.synced = file.bytes.size();
        return ok();
      });
    }

   private:
    void add(std::string_view bytes) {
      const std::lock_guard lock(store_.mutex_);
      store_.files_[path_].bytes += bytes;
    }

    MemoryFileStore& store_;
    std::string path_;
  };

  std::mutex mutex_;
  std::map<std::string, File> files_;
};

}  // namespace director::testing
