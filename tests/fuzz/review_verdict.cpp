// What a reviewer model answers: a review that says what the answer says, or an error in words.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "verdict_parser.hpp"

namespace {

using namespace director;

std::string_view name_of(severity level) {
  switch (level) {
    case severity::critical:
      return "critical";
    case severity::major:
      return "major";
    case severity::minor:
      return "minor";
  }
  return "";
}

bool same(const review& a, const review& b) {
  if (a.summary != b.summary || a.findings.size() != b.findings.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.findings.size(); ++i) {
    if (a.findings[i].level != b.findings[i].level || a.findings[i].file != b.findings[i].file ||
        a.findings[i].summary != b.findings[i].summary) {
      return false;
    }
  }
  return true;
}

bool gave_up(const Result<review>& read) {
  return !read && read.error().message().find("so many braces") != std::string::npos;
}

std::string written(const review& read) {
  JsonWriter out;
  out.begin_object();
  out.member("verdict", "pass").member("summary", read.summary).key("findings").begin_array();
  for (const finding& one : read.findings) {
    out.begin_object();
    out.member("severity", name_of(one.level)).member("file", one.file);
    out.member("summary", one.summary).end_object();
  }
  out.end_array().end_object();
  return out.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Result<review> read = review_llm::parse_verdict(text, {});
  const Result<review> fenced =
      review_llm::parse_verdict("My review:\n```json\n" + text + "\n```\n", {});
  if (gave_up(read) || gave_up(fenced)) {
    return 0;  // how long it searches depends on the length of the text
  }
  DIRECTOR_ASSERT(read.has_value() == fenced.has_value(), "a fence decides what is read");
  if (!read) {
    DIRECTOR_ASSERT(read.error().code() == Errc::Invalid, "an error of another kind");
    DIRECTOR_ASSERT(!read.error().message().empty(), "an error without words");
    DIRECTOR_ASSERT(text::is_utf8(read.error().message()), "an error that is not UTF-8");
    return 0;
  }
  DIRECTOR_ASSERT(same(*read, *fenced), "a fence changes what is read");
  for (const finding& one : read->findings) {
    DIRECTOR_ASSERT(!text::trim(one.summary).empty(), "a finding without words");
    DIRECTOR_ASSERT(text::is_utf8(one.summary + one.file), "a finding that is not UTF-8");
  }
  const Result<review> again = review_llm::parse_verdict(written(*read), {});
  DIRECTOR_ASSERT(again.has_value() && same(*read, *again), "a review that changes on the way");
  const Result<review> two = review_llm::parse_verdict(
      text + "\n{\"verdict\": \"pass\", \"summary\": \"~ another ~\"}", {});
  DIRECTOR_ASSERT(!two || read->summary == "~ another ~", "one of two verdicts was chosen");
  return 0;
}
