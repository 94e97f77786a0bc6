#include "core/plugin/transcript.hpp"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace director::plugin {

Transcript::~Transcript() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

void Transcript::add(std::string_view line) {
  if (path_.empty()) {
    return;
  }
  if (tail_.empty() && written_ + line.size() < head_bytes_) {
    write(line);
    return;
  }
  tail_.emplace_back(line);
  tail_size_ += line.size() + 1;
  while (tail_size_ > tail_bytes_ && tail_.size() > 1) {
    left_out_ += tail_.front().size() + 1;
    tail_size_ -= tail_.front().size() + 1;
    tail_.pop_front();
  }
}

void Transcript::write(std::string_view line) {
  if (fd_ < 0 && error_ == 0) {
    std::error_code ignored;  // what opening says is what counts
    std::filesystem::create_directories(path_.parent_path(), ignored);
    fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    error_ = fd_ < 0 ? errno : 0;
  }
  if (error_ != 0) {
    return;
  }
  char feed = '\n';
  std::array<struct iovec, 2> parts{{{const_cast<char*>(line.data()), line.size()}, {&feed, 1}}};
  const std::size_t whole = line.size() + 1;
  std::size_t done = 0;
  while (done < whole) {
    const ssize_t wrote = ::writev(fd_, parts.data(), static_cast<int>(parts.size()));
    if (wrote < 0 && errno != EINTR) {
      error_ = errno;
      return;
    }
    // Usually all of it at once, so that lines of two commands do not mix.
    auto step = static_cast<std::size_t>(wrote < 0 ? 0 : wrote);
    done += step;
    for (struct iovec& part : parts) {
      const std::size_t taken = std::min(step, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + taken;
      part.iov_len -= taken;
      step -= taken;
    }
  }
  written_ += whole;
}

Status Transcript::finish() {
  if (left_out_ != 0) {
    write("{\"director\":\"left out\",\"bytes\":" + std::to_string(left_out_) + "}");
  }
  for (const std::string& line : tail_) {
    write(line);
  }
  tail_.clear();
  if (error_ == 0) {
    return ok();
  }
  return Error(Errc::Io,
               "cannot write '" + path_.string() + "': " + std::generic_category().message(error_));
}

}  // namespace director::plugin
