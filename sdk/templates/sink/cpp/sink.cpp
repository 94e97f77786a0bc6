// @NAME@: a sink for director.
//
// A sink keeps records of a job: its events, what calls cost, how nodes and runs ended. This one
// writes each as a line of JSON to a file in .director. Three things are asked of every sink: what
// was flushed stays when the program is killed the next moment, a record that is offered again is
// kept once, and a disk that is full is told and survived.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <director/plugin.hpp>
#include <director/settings.hpp>
#include <director/text.hpp>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace {

using director::Errc;
using director::Error;
using director::Status;

// What stands in a line before the record itself: tells one record from another.
constexpr std::string_view kRecord = ",\"record\":";
constexpr std::size_t kMostWaiting = 1024 * 1024;

// Open, and locked against other workers and other directors for as long as it lives.
class locked_file {
 public:
  explicit locked_file(const std::string& path)
      : fd_(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) {
    if (fd_ >= 0) {
      ::flock(fd_, LOCK_EX);
    }
  }
  locked_file(const locked_file&) = delete;
  locked_file& operator=(const locked_file&) = delete;
  ~locked_file() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] off_t size() const {
    struct stat seen {};
    return ::fstat(fd_, &seen) == 0 ? seen.st_size : 0;
  }
  [[nodiscard]] std::string read_from(off_t start) const {
    std::string text(static_cast<std::size_t>(std::max<off_t>(size() - start, 0)), '\0');
    const ssize_t got = ::pread(fd_, text.data(), text.size(), start);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
  }
  // All of it or nothing: half a line would spoil the next one.
  [[nodiscard]] bool append(const std::string& text) const {
    const off_t before = size();
    const ssize_t written = ::write(fd_, text.data(), text.size());
    if (written == static_cast<ssize_t>(text.size()) && ::fsync(fd_) == 0) {
      return true;
    }
    const int problem = errno;
    (void)!::ftruncate(fd_, before);
    errno = problem;
    return false;
  }

 private:
  int fd_;
};

class lines_sink final : public director::sink {
 public:
  static constexpr const char* summary = "writes each record as a line of JSON";
  static constexpr const char* config_schema = R"({
    "type": "object",
    "properties": {"file": {"type": "string", "default": "@NAME@.jsonl"}}
  })";

  explicit lines_sink(const director::instance_info& info)
      : path_(info.state_dir + "/" + director::settings(info.config_json).text("file")) {}

  // Every kind is taken, also those that later versions of director will have.
  Status emit(const director::record& entry, director::host& host) override {
    const std::string node = director::settings(entry.json).text("node");
    std::string line = "{\"job\":" + director::json_string(entry.job) +
                       ",\"kind\":" + director::json_string(entry.kind) +
                       ",\"sequence\":" + std::to_string(entry.sequence) +
                       ",\"node\":" + director::json_string(node);
    const std::size_t key = line.size();
    line.append(kRecord).append(entry.json).append("}\n");
    for (char& c : line) {
      c = c == '\n' ? ' ' : c;  // in JSON a line break is blank space
    }
    line.back() = '\n';
    waiting_bytes_ += line.size();
    waiting_.emplace_back(line.substr(0, key), std::move(line));
    return waiting_bytes_ > kMostWaiting ? flush(host) : director::ok();
  }

  Status flush(director::host& /*host*/) override {
    if (waiting_.empty()) {
      return director::ok();
    }
    const locked_file file(path_);
    if (!file.is_open()) {
      return failed("open");
    }
    learn(file);
    std::string text;
    std::vector<std::string> keys;
    for (const auto& [key, line] : waiting_) {
      if (!kept_.contains(key)) {
        kept_.insert(key);
        keys.push_back(key);
        text += line;
      }
    }
    if (!text.empty() && !file.append(text)) {
      const Status status = failed("write");
      for (const std::string& key : keys) {
        kept_.erase(key);  // they still wait, for the next flush
      }
      return status;
    }
    learned_ += static_cast<off_t>(text.size());
    waiting_.clear();
    waiting_bytes_ = 0;
    return director::ok();
  }

 private:
  // What others have kept since we last looked.
  void learn(const locked_file& file) {
    if (file.size() < learned_) {
      learned_ = 0;  // somebody deleted it
      kept_.clear();
    }
    const std::string text = file.read_from(learned_);
    for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos;
         at = end + 1) {
      const std::string line = text.substr(at, end - at);
      kept_.insert(line.substr(0, line.find(kRecord)));
    }
    learned_ += static_cast<off_t>(text.size());
  }

  [[nodiscard]] Status failed(const char* what) const {
    return Error(Errc::Io,
                 std::string("cannot ") + what + " '" + path_ + "': " + std::strerror(errno));
  }

  std::string path_;
  std::vector<std::pair<std::string, std::string>> waiting_;  // keys and lines
  std::size_t waiting_bytes_ = 0;
  std::unordered_set<std::string> kept_;
  off_t learned_ = 0;
};

}  // namespace

DIRECTOR_PLUGIN(lines_sink, "@NAME@", "0.1.0")
