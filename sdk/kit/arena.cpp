#include "sdk/kit/arena.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "director/result.hpp"

namespace director::kit {
namespace {

std::size_t page_size() {
  static const auto kSize = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return kSize;
}

}  // namespace

Arena::~Arena() {
  for (const Block& block : blocks_) {
    ::munmap(block.start, block.size + page_size());
  }
}

void* Arena::copy(const void* bytes, std::size_t size) {
  const std::size_t page = page_size();
  const std::size_t whole = (size + page - 1) / page * page;
  void* start =
      ::mmap(nullptr, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  DIRECTOR_ASSERT(start != MAP_FAILED, "no memory for what a plugin is handed");
  auto* end = static_cast<char*>(start) + whole;
  ::mprotect(end, page, PROT_NONE);
  blocks_.push_back({start, whole});
  if (size != 0) {
    std::memcpy(end - size, bytes, size);
  }
  return end - size;
}

director_string Arena::text(std::string_view bytes) {
  if (bytes.empty()) {
    return {nullptr, 0};
  }
  return {static_cast<const char*>(copy(bytes.data(), bytes.size())), bytes.size()};
}

void Arena::revoke() {
  for (const Block& block : blocks_) {
    if (block.size != 0) {
      ::mprotect(block.start, block.size, PROT_NONE);
    }
  }
}

}  // namespace director::kit
