#include "core/plugin/transcript.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/base/json.hpp"

namespace director::plugin {
namespace {

/// A line whose end is lost, as a whole one.
std::string cut_line(std::string_view line) {
  constexpr std::size_t kShown = std::size_t{64} << 10U;
  JsonWriter out;
  out.begin_object();
  out.member("director", "cut line").member("bytes", line.size());
  out.member("text", line.substr(0, kShown));
  out.end_object();
  return out.take();
}

}  // namespace

Transcript::~Transcript() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

void Transcript::add(std::string_view line, bool cut) {
  if (path_.empty()) {
    return;
  }
  if (cut) {
    add(cut_line(line));
    return;
  }
  open();
  const std::size_t whole = line.size() + 1;
  if (!in_tail_ && written_ + whole <= head_bytes_) {
    // Usually all of it at once, so that lines of two commands do not mix.
    write(std::string(line) + "\n");
    return;
  }
  in_tail_ = true;
  if (whole > tail_bytes_) {
    left_out_ += tail_.size() + whole;
    tail_.clear();
    return;
  }
  tail_.append(line).push_back('\n');
  if (tail_.size() > 2 * tail_bytes_) {
    trim();
  }
}

void Transcript::trim() {
  if (tail_.size() <= tail_bytes_) {
    return;
  }
  const std::size_t keep = tail_.find('\n', tail_.size() - tail_bytes_ - 1) + 1;
  left_out_ += keep;
  tail_.erase(0, keep);
}

void Transcript::open() {
  if (fd_ >= 0 || error_ != 0) {
    return;
  }
  std::error_code ignored;  // what opening says is what counts
  std::filesystem::create_directories(path_.parent_path(), ignored);
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
  error_ = fd_ < 0 ? errno : 0;
  struct stat info {};
  if (fd_ >= 0 && ::fstat(fd_, &info) == 0) {
    written_ = static_cast<std::size_t>(info.st_size);
  }
}

void Transcript::write(std::string_view bytes) {
  while (error_ == 0 && !bytes.empty()) {
    const ssize_t wrote = ::write(fd_, bytes.data(), bytes.size());
    if (wrote < 0 && errno != EINTR) {
      error_ = errno;
      return;
    }
    const auto done = static_cast<std::size_t>(std::max<ssize_t>(wrote, 0));
    bytes.remove_prefix(done);
    written_ += done;
  }
}

Status Transcript::finish() {
  trim();
  if (left_out_ != 0) {
    write("{\"director\":\"left out\",\"bytes\":" + std::to_string(left_out_) + "}\n");
  }
  write(tail_);
  tail_.clear();
  if (error_ == 0) {
    return ok();
  }
  return Error(Errc::Io,
               "cannot write '" + path_.string() + "': " + std::generic_category().message(error_));
}

}  // namespace director::plugin
