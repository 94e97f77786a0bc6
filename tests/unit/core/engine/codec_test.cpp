#include "core/engine/codec.hpp"

#include <gmock/gmock.h>

#include "tests/unit/matchers.hpp"

namespace director::engine {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::IsOk;
using ::testing::HasSubstr;
using ::testing::Not;

/// Line breaks, quotes, controls, text that looks like JSON, and every plane of Unicode.
const std::string kOdd = std::string(
                             "a\"b\\c\n\r\t\x01\x7f</script>{\"seq\":9} \xc3\xa9 \xe2\x80\xa8 "
                             "\xf0\x9f\x98\x80") +
                         '\0' + "end";

/// Fills every field of an event with a value that is not its default.
struct Filler {
  template <typename Tag>
  void operator()(std::string_view, Id<Tag>& id) {
    id.value = kOdd;
  }
  void operator()(std::string_view, std::string& text) { text = kOdd; }
  void operator()(std::string_view, bool& flag) { flag = !flag; }
  void operator()(std::string_view, int& number) { number = -2147483647; }
  void operator()(std::string_view, std::int64_t& number) { number = 9007199254740993; }
  void operator()(std::string_view, double& number) { number = 0.1 + 0.2; }
  void operator()(std::string_view, std::vector<std::string>& texts) { texts = {kOdd, "", "x"}; }
  void operator()(std::string_view, std::map<std::string, std::string>& map) {
    map = {{kOdd, kOdd}, {"", ""}};
  }
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void operator()(std::string_view, Enum& value) { value = static_cast<Enum>(1); }
};

/// Calls `check` with a filled and with a plain event of each type.
template <typename Variant, typename Check, std::size_t I = 0>
void for_each_type(const Check& check) {
  if constexpr (I < std::variant_size_v<Variant>) {
    using Event = std::variant_alternative_t<I, Variant>;
    Event filled;
    Filler filler;
    filled.fields(filler);
    check(std::string(Event::kType), run::Event(Variant(filled)));
    check(std::string(Event::kType), run::Event(Variant(Event())));
    for_each_type<Variant, Check, I + 1>(check);
  }
}

template <typename Check>
void for_each_event(const Check& check) {
  for_each_type<run::PlanEvent>(check);
  for_each_type<run::RunEvent>(check);
  for_each_type<run::MoneyEvent>(check);
}

TEST(Codec, EveryEventComesBackByteForByte) {
  for_each_event([](const std::string& type, const run::Event& event) {
    SCOPED_TRACE(type);
    const std::string line = encode(event, run::At{7, 1767225600123});
    EXPECT_THAT(line, Not(HasSubstr("\n")));
    const Result<Entry> entry = decode(line);
    ASSERT_THAT(entry, IsOk()) << line;
    EXPECT_EQ(entry->at.sequence, 7U);
    EXPECT_EQ(entry->at.unix_ms, 1767225600123);
    EXPECT_EQ(entry->event.index(), event.index());
    EXPECT_EQ(type_of(entry->event), type);
    // Every field is written, so equal lines are equal events.
    EXPECT_EQ(encode(entry->event, entry->at), line);
  });
}

TEST(Codec, FilledAndPlainEventsDiffer) {
  std::string last;
  int fields = 0;
  for_each_event([&](const std::string& type, const run::Event& event) {
    const std::string line = encode(event, run::At{1, 1});
    fields += line != last && line.find(type) != std::string::npos ? 1 : 0;
    last = line;
  });
  EXPECT_GT(fields, 40) << "the filler does not reach the fields";
}

TEST(Codec, BytesThatAreNotTextBecomeReplacementCharacters) {
  const run::Event event(run::RunEvent(run::WorkFailed{NodeId("a"), "bad \xff\xfe bytes"}));
  const Result<Entry> entry = decode(encode(event, run::At{1, 1}));
  ASSERT_THAT(entry, IsOk());
  const auto& failed = std::get<run::WorkFailed>(std::get<run::RunEvent>(entry->event));
  EXPECT_EQ(failed.why, "bad \xef\xbf\xbd\xef\xbf\xbd bytes");
}

TEST(Codec, MissingFieldsGetTheirDefaults) {
  for_each_event([](const std::string& type, const run::Event&) {
    const Result<Entry> entry = decode(R"({"seq":1,"ts":2,"type":")" + type + "\"}");
    EXPECT_THAT(entry, IsOk()) << type;
  });
  const Result<Entry> entry = decode(R"({"seq":1,"ts":2,"type":"run_started"})");
  const auto& started = std::get<run::RunStarted>(std::get<run::RunEvent>(entry->event));
  EXPECT_EQ(started.parallel, 1);
  EXPECT_EQ(started.max_attempts, 3);
  EXPECT_TRUE(started.review_stage_two);
}

TEST(Codec, UnknownFieldsArePassedOver) {
  EXPECT_THAT(decode(R"({"seq":1,"ts":2,"type":"interrupt_seen","later":{"x":[1]}})"), IsOk());
}

TEST(Codec, RefusesWhatIsNoEvent) {
  struct Row {
    std::string line;
    std::string part;
  };
  for (const Row& row :
       {Row{"", "1:1"}, Row{"[]", "expected an object"}, Row{"{}", "seq"},
        Row{R"({"seq":1})", "ts"}, Row{R"({"seq":0,"ts":1,"type":"landed"})", "'seq' cannot be 0"},
        Row{R"({"seq":-1,"ts":1,"type":"landed"})", "'seq' cannot be -1"},
        Row{R"({"seq":1,"ts":1})", "type"}, Row{R"({"seq":"1","ts":1,"type":"landed"})", "seq"},
        Row{R"({"seq":1,"ts":1,"type":"teleported"})", "unknown event type 'teleported'"},
        Row{R"({"seq":1,"ts":1,"type":"landed","node":3})", "node"},
        Row{R"({"seq":1,"ts":1,"type":"gated","verdict":"maybe"})", "'verdict' cannot be 'maybe'"},
        Row{R"({"seq":1,"ts":1,"type":"gated","verdict":1})", "verdict"},
        Row{R"({"seq":1,"ts":1,"type":"attempt_started","attempt":4294967297})",
            "'attempt' cannot be 4294967297"},
        Row{R"({"seq":1,"ts":1,"type":"tests_authored","hashes":{"a":1}})", "hashes"},
        Row{R"({"seq":1,"ts":1,"type":"tests_authored","hashes":["a"]})", "hashes"},
        Row{R"({"seq":1,"ts":1,"type":"plan_proposed","order":[1]})", "order"}}) {
    EXPECT_THAT(decode(row.line), FailsWith(Errc::Invalid, row.part)) << row.line;
  }
}

TEST(Codec, NeverCrashesOnATornLine) {
  const std::string line =
      encode(run::Event(run::RunEvent(run::RunStarted{2, 3, 2, 5, true, true, true, 3, Oid(kOdd)})),
             run::At{1, 1});
  for (std::size_t size = 0; size < line.size(); ++size) {
    EXPECT_FALSE(decode(line.substr(0, size)).has_value()) << size;
  }
}

}  // namespace
}  // namespace director::engine
