/// How many are at something.
#pragma once

#include <atomic>

namespace director::plugin {

/// Adds to a counter while it lives.
class Counted {
 public:
  Counted(std::atomic<int>& counter, int by) : counter_(counter), by_(by) { counter_ += by_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { counter_ -= by_; }

 private:
  std::atomic<int>& counter_;
  int by_;
};

}  // namespace director::plugin
