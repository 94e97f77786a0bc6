// A line of the journal as anything may have left it: what can be read is written back the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/text.hpp"
#include "core/engine/codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace director;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::string_view line : text::split_lines(text)) {
    const Result<engine::Entry> entry = engine::decode(line);
    if (!entry) {
      DIRECTOR_ASSERT(entry.error().code() == Errc::Invalid, "an error of another kind");
      DIRECTOR_ASSERT(!entry.error().message().empty(), "an error without words");
      DIRECTOR_ASSERT(text::is_utf8(entry.error().message()), "an error that is not UTF-8");
      continue;
    }
    const std::string written = engine::encode(entry->event, entry->at);
    DIRECTOR_ASSERT(written.find('\n') == std::string::npos, "an event of more than a line");
    const Result<engine::Entry> again = engine::decode(written);
    DIRECTOR_ASSERT(again.has_value(), "an event that cannot be read back");
    DIRECTOR_ASSERT(again->at.sequence == entry->at.sequence &&
                        again->at.unix_ms == entry->at.unix_ms &&
                        engine::type_of(again->event) == engine::type_of(entry->event),
                    "an event that becomes another");
    DIRECTOR_ASSERT(engine::encode(again->event, again->at) == written, "an event that changes");
  }
  return 0;
}
