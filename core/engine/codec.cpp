#include "core/engine/codec.hpp"

#include <array>
#include <map>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/json.hpp"

namespace director::engine {
namespace {

using run::AgentOutcome;
using run::Red;
using run::TierKind;
using run::Verdict;

template <typename Enum>
struct Names;

template <>
struct Names<TierKind> {
  static constexpr std::array<std::string_view, 2> kAll{"executor", "escalation"};
};
template <>
struct Names<Red> {
  static constexpr std::array<std::string_view, 3> kAll{"yes", "no", "error"};
};
template <>
struct Names<AgentOutcome> {
  static constexpr std::array<std::string_view, 6> kAll{"ok",     "infra",  "failed",
                                                        "config", "budget", "cancelled"};
};
template <>
struct Names<Verdict> {
  static constexpr std::array<std::string_view, 3> kAll{"pass", "fail", "error"};
};

class Writer {
 public:
  explicit Writer(JsonWriter& out) : out_(out) {}

  template <typename Tag>
  void operator()(std::string_view name, const Id<Tag>& id) {
    out_.member(name, id.value);
  }
  void operator()(std::string_view name, const std::map<std::string, std::string>& map) {
    out_.key(name).begin_object();
    for (const auto& [key, text] : map) {
      out_.member(key, text);
    }
    out_.end_object();
  }
  template <typename T>
  void operator()(std::string_view name, const T& value) {
    if constexpr (std::is_enum_v<T>) {
      out_.member(name, Names<T>::kAll[static_cast<std::size_t>(value)]);
    } else {
      out_.member(name, value);
    }
  }

 private:
  JsonWriter& out_;
};

/// Missing fields keep their default: they were added after the line was written. The first problem
/// is kept.
class Reader {
 public:
  explicit Reader(const Json& object) : object_(object) {}

  template <typename Tag>
  void operator()(std::string_view name, Id<Tag>& id) {
    (*this)(name, id.value);
  }
  void operator()(std::string_view name, std::string& text) {
    keep(object_.find_string(name), text);
  }
  void operator()(std::string_view name, bool& flag) { keep(object_.find_bool(name), flag); }
  void operator()(std::string_view name, double& number) {
    keep(object_.find_number(name), number);
  }
  void operator()(std::string_view name, std::int64_t& number) {
    keep(object_.find_int(name), number);
  }
  void operator()(std::string_view name, int& number) {
    std::int64_t wide = number;
    keep(object_.find_int(name), wide);
    number = static_cast<int>(wide);
    if (number != wide) {
      fail(object_.error("'" + std::string(name) + "' cannot be " + std::to_string(wide)));
    }
  }
  void operator()(std::string_view name, std::vector<std::string>& texts) {
    keep(object_.find_strings(name), texts);
  }
  void operator()(std::string_view name, std::map<std::string, std::string>& map) {
    const std::optional<Json> member = object_.find(name);
    if (!member) {
      return;
    }
    if (!member->is_object() && !member->is_null()) {
      fail(member->error("expected an object"));
    }
    for (const auto& [key, value] : member->members()) {
      Result<std::string> text = value.as_string();
      if (!text) {
        fail(text.error());
        return;
      }
      map[key] = std::move(text).value();
    }
  }
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void operator()(std::string_view name, Enum& value) {
    const Result<std::optional<std::string>> found = object_.find_string(name);
    if (!found) {
      fail(found.error());
      return;
    }
    if (!found->has_value()) {
      return;
    }
    for (std::size_t i = 0; i < Names<Enum>::kAll.size(); ++i) {
      if (Names<Enum>::kAll[i] == **found) {
        value = static_cast<Enum>(i);
        return;
      }
    }
    fail(object_.error("'" + std::string(name) + "' cannot be '" + **found + "'"));
  }

  [[nodiscard]] Status result() const { return problem_ ? Status(*problem_) : ok(); }

 private:
  template <typename T>
  void keep(Result<std::optional<T>> found, T& into) {
    if (!found) {
      fail(found.error());
    } else if (found->has_value()) {
      into = std::move(**found);
    }
  }
  void fail(const Error& error) {
    if (!problem_) {
      problem_ = error;
    }
  }

  const Json& object_;
  std::optional<Error> problem_;
};

/// Tries the alternatives of one of the three variants; true if one has this type.
template <typename Variant, std::size_t I = 0>
bool decode_as(std::string_view type, const Json& object, Result<run::Event>& into) {
  if constexpr (I == std::variant_size_v<Variant>) {
    return false;
  } else {
    using Alternative = std::variant_alternative_t<I, Variant>;
    if (Alternative::kType != type) {
      return decode_as<Variant, I + 1>(type, object, into);
    }
    Alternative event;
    Reader reader(object);
    event.fields(reader);
    const Status status = reader.result();
    into = status ? Result<run::Event>(run::Event(Variant(std::move(event))))
                  : Result<run::Event>(status.error());
    return true;
  }
}

}  // namespace

std::string_view type_of(const run::Event& event) {
  return std::visit(
      [](const auto& group) {
        return std::visit([](const auto& one) { return std::decay_t<decltype(one)>::kType; },
                          group);
      },
      event);
}

std::string encode(const run::Event& event, run::At at) {
  JsonWriter out;
  out.begin_object();
  out.member("seq", at.sequence);
  out.member("ts", at.unix_ms);
  out.member("type", type_of(event));
  Writer writer(out);
  std::visit(
      [&](const auto& group) {
        std::visit(
            [&](const auto& one) {
              // fields() serves reading too and so is not const; the writer changes nothing.
              const_cast<std::decay_t<decltype(one)>&>(one).fields(writer);
            },
            group);
      },
      event);
  out.end_object();
  return out.take();
}

Result<Entry> decode(std::string_view line) {
  DIRECTOR_TRY(const Json object, parse_json(line));
  DIRECTOR_TRY(const std::int64_t sequence, object.get_int("seq"));
  if (sequence < 1) {
    return object.error("'seq' cannot be " + std::to_string(sequence));
  }
  DIRECTOR_TRY(const std::int64_t unix_ms, object.get_int("ts"));
  DIRECTOR_TRY(const std::string type, object.get_string("type"));
  Result<run::Event> event =
      Error(Errc::Invalid, "unknown event type '" + type + "': was it written by a later version?");
  if (!decode_as<run::PlanEvent>(type, object, event) &&
      !decode_as<run::RunEvent>(type, object, event)) {
    decode_as<run::MoneyEvent>(type, object, event);
  }
  if (!event) {
    return std::move(event).error();
  }
  return Entry{run::At{static_cast<std::uint64_t>(sequence), unix_ms}, std::move(event).value()};
}

}  // namespace director::engine
