#include "core/plan/reply.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/plan/reply_node.hpp"

namespace director::plan {
namespace {

/// A copy of the value at the start of `text` in which control characters inside of strings are
/// escaped; models break lines there.
struct Repaired {
  std::string text;
  std::size_t consumed = 0;  ///< how much of the original it stands for
};

Repaired escape_strings(std::string_view text) {
  Repaired repaired;
  bool in_string = false;
  std::size_t depth = 0;
  for (std::size_t& i = repaired.consumed; i < text.size();) {
    const char c = text[i++];
    if (in_string && static_cast<unsigned char>(c) < 0x20) {
      const std::string quoted = json_quote(std::string_view(&c, 1));
      repaired.text.append(quoted, 1, quoted.size() - 2);
      continue;
    }
    repaired.text += c;
    if (in_string && c == '\\' && i < text.size()) {
      repaired.text += text[i++];
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '{' || c == '[')) {
      ++depth;
    } else if (!in_string && (c == '}' || c == ']') && --depth == 0) {
      break;
    }
  }
  return repaired;
}

/// Goes through the text from value to value and keeps the last plan, or the most telling failure.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text), budget_(4 * text.size() + 1'000'000) {}

  Result<std::vector<Node>> scan() {
    std::size_t at = text_.find_first_of("{[");
    while (at != std::string_view::npos && budget_ > 0) {
      at = text_.find_first_of("{[", read_at(at));
    }
    if (plan_) {
      return *std::move(plan_);
    }
    if (broken_at_) {
      return Error(Errc::Invalid, "cannot read the plan: the JSON in the reply is broken at " +
                                      line_and_column(text_, *broken_at_) +
                                      " (line:column): " + failure_ +
                                      "; answer with one JSON object {\"nodes\": [...]}");
    }
    if (!failure_.empty()) {
      return Error(Errc::Invalid, "cannot read the plan: " + failure_);
    }
    return Error(Errc::Invalid,
                 "cannot read the plan: the reply holds no JSON plan; answer with one JSON object "
                 "{\"nodes\": [...]} and nothing else");
  }

 private:
  /// Tries a value there; says where to go on.
  std::size_t read_at(std::size_t at) {
    const std::string_view rest = text_.substr(at);
    JsonPrefix prefix = parse_json_prefix(rest, JsonDialect::Lenient);
    spend(prefix.end + 1);
    std::size_t end = prefix.end;
    const bool has_raw_control = !prefix.value && end < rest.size() &&
                                 static_cast<unsigned char>(rest[end]) < 0x20 &&
                                 prefix.problem.find("string") != std::string::npos;
    if (has_raw_control && repairs_++ < kMostRepairs) {
      const Repaired repaired = escape_strings(rest);
      spend(repaired.text.size());
      JsonPrefix again = parse_json_prefix(repaired.text, JsonDialect::Lenient);
      if (again.value) {
        prefix = std::move(again);
        end = repaired.consumed;
      }
    }
    if (!prefix.value) {
      failed(end, prefix.problem, at + end);
      return at + 1;
    }
    take(*prefix.value, end);
    return at + end;
  }

  void take(const Json& json, std::size_t extent) {
    const std::optional<Json> list = find_nodes(json);
    if (!list) {
      if (json.is_object() && json.size() > 0) {
        failed(extent,
               "the JSON object has no key \"nodes\"; answer with one JSON "
               "object {\"nodes\": [...]}");
      }
      return;
    }
    ReadNodes read = read_nodes(*list);
    if (read.problems.empty()) {
      plan_ = std::move(read.nodes);
      return;
    }
    constexpr std::size_t kMostProblems = 50;
    std::string message = "these fields are wrong";
    for (std::size_t i = 0; i < std::min(read.problems.size(), kMostProblems); ++i) {
      message += "\n" + read.problems[i];
    }
    if (read.problems.size() > kMostProblems) {
      message += "\nand " + std::to_string(read.problems.size() - kMostProblems) + " more";
    }
    failed(extent, std::move(message));
  }

  /// The failure that covers most of the text is the one to tell.
  void failed(std::size_t extent, std::string problem,
              std::optional<std::size_t> broken_at = std::nullopt) {
    if (extent >= failure_extent_) {
      failure_extent_ = extent;
      failure_ = std::move(problem);
      broken_at_ = broken_at;
    }
  }

  void spend(std::size_t bytes) { budget_ -= std::min(budget_, bytes); }

  static constexpr int kMostRepairs = 8;
  std::string_view text_;
  std::size_t budget_;  ///< bytes to parse, so that hostile text costs no quadratic time
  int repairs_ = 0;
  std::optional<std::vector<Node>> plan_;
  std::string failure_;
  std::optional<std::size_t> broken_at_;  ///< where the failed value is no JSON
  std::size_t failure_extent_ = 2;        ///< shorter failures are prose
};

}  // namespace

Result<std::vector<Node>> parse_planner_reply(std::string_view text) {
  const std::string valid = text::to_utf8(text);
  return Scanner(valid).scan();
}

}  // namespace director::plan
