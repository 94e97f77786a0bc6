// What a plugin written in C++ says reaches the host as text, whatever bytes its author handed on.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "director/plugin.hpp"
#include "director/text.hpp"

namespace {

constexpr const char* kBytes = "\xff\xfe odd \x80";
constexpr const char* kText = "\xEF\xBF\xBD\xEF\xBF\xBD odd \xEF\xBF\xBD";

const void* no_service(const director_host*, const char*) { return nullptr; }
constexpr director_host kHost{sizeof(director_host), 1, 0, 0, "test", nullptr, &no_service};

std::string own(director_string text) { return std::string(director::view(text)); }

struct careless_gate final : director::gate {
  director::verdict check(const director::gate_request& request, director::host&) override {
    return director::verdict::fail(std::string(request.command), std::string(request.command));
  }
};

TEST(SdkText, AVerdictIsUtf8AndItsSummaryOneLine) {
  using table = director::detail::gate_table<careless_gate>;
  careless_gate gate;
  std::vector<std::string> said;
  const director_gate_sink sink{sizeof(director_gate_sink), 0, &said,
                                [](void* context, const director_gate_verdict* verdict) {
                                  auto& all = *static_cast<std::vector<std::string>*>(context);
                                  all = {own(verdict->summary), own(verdict->detail)};
                                }};
  const std::string bytes = std::string(kBytes) + "\nand\r\nmore";
  director_gate_request request{};
  request.struct_size = sizeof request;
  request.scope = DIRECTOR_SCOPE_NODE;
  request.command = director::borrow(bytes);
  ASSERT_EQ(table::check(static_cast<director::gate*>(&gate), &kHost, &request, &sink, nullptr),
            DIRECTOR_OK);
  const std::vector<std::string> expected{std::string(kText) + " and  more",
                                          std::string(kText) + "\nand\r\nmore"};
  EXPECT_EQ(said, expected);
}

struct careless_reviewer final : director::reviewer {
  director::Result<director::review> examine(const director::review_request&,
                                             director::host&) override {
    return director::review{kBytes, {{director::severity::minor, kBytes, kBytes}}};
  }
};

TEST(SdkText, AReviewIsUtf8) {
  using table = director::detail::reviewer_table<careless_reviewer>;
  careless_reviewer reviewer;
  std::vector<std::string> said;
  const director_review_sink sink{
      sizeof(director_review_sink), 0, &said,
      [](void* context, const director_finding* finding) {
        auto& all = *static_cast<std::vector<std::string>*>(context);
        all.push_back(own(finding->file));
        all.push_back(own(finding->summary));
      },
      [](void* context, director_string text) {
        static_cast<std::vector<std::string>*>(context)->push_back(own(text));
      }};
  director_review_request request{};
  request.struct_size = sizeof request;
  ASSERT_EQ(
      table::examine(static_cast<director::reviewer*>(&reviewer), &kHost, &request, &sink, nullptr),
      DIRECTOR_OK);
  EXPECT_EQ(said, (std::vector<std::string>{kText, kText, kText}));
}

TEST(SdkText, EveryEventOfARunnerIsUtf8) {
  std::vector<std::string> said;
  const director_agent_sink sink{
      sizeof(director_agent_sink), 0, &said, [](void* context, const director_agent_event* event) {
        for (const director_string text :
             {event->text, event->tool_name, event->tool_input, event->tool_output}) {
          if (text.size != 0) {
            static_cast<std::vector<std::string>*>(context)->push_back(own(text));
          }
        }
      }};
  const director::agent_events events(&sink);
  events.text(kBytes);
  events.tool({kBytes, kBytes, kBytes, -1, 0});
  events.retry(kBytes, 1);
  events.finish(kBytes);
  events.fail(director::agent_failure::model, kBytes);
  EXPECT_EQ(said, std::vector<std::string>(7, kText));
}

TEST(SdkText, Utf8IsToldFromWhatIsNot) {
  for (const char* good : {"", "plain", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
    EXPECT_TRUE(director::is_utf8(good));
    EXPECT_EQ(director::to_utf8(good), good);
  }
  // Overlong forms, half a surrogate pair, beyond the last code point, cut off.
  for (const char* bad :
       {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    EXPECT_FALSE(director::is_utf8(bad));
    EXPECT_TRUE(director::is_utf8(director::to_utf8(bad)));
  }
}

}  // namespace
