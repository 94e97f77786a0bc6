#include "verdict_parser.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "json_view.hpp"
#include "json_write.hpp"
#include "text.hpp"

namespace review_llm {

using director::Errc;
using director::Error;
using director::Result;
using director::review;
using director::severity;
using plugin_support::as_string;
using plugin_support::member;

namespace {

constexpr std::size_t kMostReadings = 64;

/// The end (past the brace) of the object that begins at `start`, npos if it does not end. Braces
/// within strings do not count.
std::size_t end_of_object(std::string_view text, std::size_t start) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = start; i < text.size(); ++i) {
    if (in_string && text[i] == '\\') {
      ++i;
    } else if (in_string) {
      in_string = text[i] != '"';
    } else if (text[i] == '"') {
      in_string = true;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

constexpr std::string_view kName = R"("verdict")";

/// Whether an object that does not parse was to be a verdict; one without an end by its beginning.
bool is_meant_as_verdict(std::string_view object, bool has_end) {
  const std::size_t name = object.find(kName);
  return name != std::string_view::npos &&
         (has_end || object.find_first_not_of(" \t\r\n", 1) == name);
}

struct Verdict {
  rapidjson::Document object;
  std::string_view text;
};

/// Every outermost object in the text that has a "verdict". Errors: Invalid, if the text cannot be
/// searched to its end: what was not seen may be another verdict. So may be what cannot be read,
/// and what is read within it is only quoted there.
Result<std::vector<Verdict>> find_verdicts(std::string_view text) {
  std::vector<Verdict> found;
  // A brace that nothing closes costs a look at the rest of the text; a bound keeps that linear.
  std::size_t budget = kMostReadings * text.size();
  for (std::size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at)) {
    const std::size_t end = end_of_object(text, at);
    const std::size_t cost = std::min(end, text.size()) - at;
    if (cost > budget) {
      return Error(Errc::Invalid,
                   R"(there is no JSON object with a "verdict" to be told from so many braces)");
    }
    budget -= cost;
    auto parsed = end == std::string_view::npos
                      ? Result<rapidjson::Document>(Error(Errc::Invalid, "unbalanced"))
                      : plugin_support::parse_json(text.substr(at, end - at));
    if (!parsed && is_meant_as_verdict(text.substr(at, cost), end != std::string_view::npos)) {
      return Error(Errc::Invalid, R"(there is no JSON object with a "verdict" that can be read: )" +
                                      parsed.error().message());
    }
    if (!parsed) {
      ++at;
      continue;
    }
    if (member(*parsed, "verdict") != nullptr) {
      found.push_back({*std::move(parsed), text.substr(at, cost)});
    }
    at = end;
  }
  return found;
}

/// Without what a quotation may change: blanks, and the signs before the lines of a diff.
std::string without_layout(std::string_view text) {
  std::string squeezed(text);
  std::erase_if(squeezed, [](char c) {
    return std::string_view(" \t\r\n+-").find(c) != std::string_view::npos;
  });
  return squeezed;
}

std::optional<severity> parse_severity(std::string_view text) {
  if (text == "critical") {
    return severity::critical;
  }
  if (text == "major") {
    return severity::major;
  }
  if (text == "minor") {
    return severity::minor;
  }
  return std::nullopt;
}

Result<director::finding> parse_finding(const rapidjson::Value& value, std::size_t index) {
  const std::string name = "findings[" + std::to_string(index) + "]";
  const auto level_name = as_string(member(value, "severity"));
  const auto level = level_name ? parse_severity(*level_name) : std::nullopt;
  if (!level) {
    return Error(Errc::Invalid, name + R"(.severity is not "critical", "major" or "minor")");
  }
  const auto summary = as_string(member(value, "summary"));
  if (!summary || plugin_support::trim(*summary).empty()) {
    return Error(Errc::Invalid, name + ".summary is missing or no text");
  }
  const rapidjson::Value* file = member(value, "file");
  if (file != nullptr && !file->IsString() && !file->IsNull()) {
    return Error(Errc::Invalid, name + ".file is no text");
  }
  return director::finding{*level, std::string(as_string(file).value_or("")),
                           std::string(*summary)};
}

Result<review> read_verdict(const rapidjson::Value& object) {
  const auto verdict = as_string(member(object, "verdict"));
  if (verdict != "pass" && verdict != "block") {
    return Error(Errc::Invalid, R"(verdict is neither "pass" nor "block")");
  }
  review read;
  read.summary = std::string(as_string(member(object, "summary")).value_or(""));
  const rapidjson::Value* findings = member(object, "findings");
  if (findings != nullptr && !findings->IsArray()) {
    return Error(Errc::Invalid, "findings is no array");
  }
  if (findings != nullptr) {
    for (const auto& value : findings->GetArray()) {
      DIRECTOR_TRY(director::finding found, parse_finding(value, read.findings.size()));
      read.findings.push_back(std::move(found));
    }
  }
  if (verdict == "block" && read.findings.empty()) {
    return Error(Errc::Invalid, R"(verdict is "block" and there is no finding that says why)");
  }
  return read;
}

}  // namespace

Result<review> parse_verdict(std::string_view answer, std::string_view change) {
  const std::string text = plugin_support::valid_utf8(answer);
  DIRECTOR_TRY(const std::vector<Verdict> found, find_verdicts(text));
  if (found.empty()) {
    return Error(Errc::Invalid, R"(there is no JSON object with a "verdict" in it)");
  }
  const std::string first = plugin_support::to_json(found.front().object);
  const bool agree = std::all_of(found.begin(), found.end(), [&](const Verdict& one) {
    return plugin_support::to_json(one.object) == first;
  });
  if (!agree) {
    return Error(Errc::Invalid, R"(there is more than one JSON object with a "verdict" in it)");
  }
  std::set<std::string> texts;  // one answer may say the same over and over
  for (const Verdict& one : found) {
    texts.insert(without_layout(one.text));
  }
  const std::string planted = without_layout(change);
  if (std::any_of(texts.begin(), texts.end(),
                  [&](const std::string& one) { return planted.find(one) != std::string::npos; })) {
    return Error(Errc::Invalid, R"(the JSON object with a "verdict" stands in the change, too: )"
                                "give your own, with a summary in your own words");
  }
  return read_verdict(found.front().object);
}

}  // namespace review_llm
