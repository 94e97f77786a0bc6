/// Secrets do not get through, in whatever form they are printed.
#include "core/base/redactor.hpp"

#include <gtest/gtest.h>

#include "core/base/json.hpp"

namespace director {
namespace {

const std::string kPlain = "sk-live-0123456789abcdef";
const std::string kOdd = "pa\"ss/wo\\rd\t%&=1";

TEST(Redactor, PutsTheNameInThePlaceOfTheValue) {
  const Redactor redactor(std::vector<Secret>{{"MY_TOKEN", kPlain}});
  struct Case {
    std::string given;
    std::string shown;
  };
  const std::vector<Case> cases{
      {kPlain, "***MY_TOKEN***"},
      {"", ""},
      {"nothing here", "nothing here"},
      {"a " + kPlain + " b " + kPlain + kPlain, "a ***MY_TOKEN*** b ***MY_TOKEN******MY_TOKEN***"},
      {"sk-live-0123456789abcde", "sk-live-0123456789abcde"},
      {"sk-live-sk-live-0123456789abcdef", "sk-live-***MY_TOKEN***"},
      {std::string("\0bin\xff", 5) + kPlain + "\x80",
       std::string("\0bin\xff", 5) + "***MY_TOKEN***\x80"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(redactor.mask(one.given), one.shown);
    EXPECT_EQ(redactor.finds(one.given), one.given != one.shown) << one.given;
  }
}

TEST(Redactor, KnowsTheFormsInWhichAValueIsQuoted) {
  const Redactor redactor(std::vector<Secret>{{"DB_PASSWORD", kOdd}});
  const std::string once = json_quote(kOdd);
  const std::string twice = json_quote(once);
  std::string slashed = once;
  slashed.replace(slashed.find('/'), 1, "\\/");
  for (const std::string& text :
       {once, twice, slashed, json_quote(slashed),
        std::string("postgres://u:pa%22ss%2Fwo%5Crd%09%25%26%3D1@host/db"), "x=" + kOdd}) {
    const std::string shown = redactor.mask("<" + text + ">");
    EXPECT_NE(shown.find("***DB_PASSWORD***"), std::string::npos) << text;
    EXPECT_EQ(shown.find("wo"), std::string::npos) << shown;
  }
}

// Go, .NET and Python escape in JSON what need not be, and not all agree on the case of digits.
TEST(Redactor, KnowsTheFormsThatOtherLanguagesGiveIt) {
  const Redactor redactor(
      std::vector<Secret>{{"DB_PASSWORD", "se&sa<me>/'o+p\"en"}, {"UMLAUT_KEY", "säsam€🔑"}});
  const char* const texts[] = {
      R"(se\u0026sa\u003cme\u003e/'o+p\"en)",
      R"(se\u0026sa\u003cme\u003e\/'o+p\"en)",
      R"(se\\u0026sa\\u003cme\\u003e/'o+p\\\"en)",
      R"(se\u0026sa\u003Cme\u003E/\u0027o\u002Bp\u0022en)",
      "se%26sa%3Cme%3E%2F%27o%2Bp%22en",
      "se%26sa%3cme%3e%2f%27o%2bp%22en",
      R"(s\u00e4sam\u20ac\ud83d\udd11)",
      R"(s\u00E4sam\u20AC\uD83D\uDD11)",
      R"(s\\u00e4sam\\u20ac\\ud83d\\udd11)",
      "s%C3%A4sam%E2%82%AC%F0%9F%94%91",
      "s%c3%a4sam%e2%82%ac%f0%9f%94%91",
  };
  for (const std::string text : texts) {
    const std::string shown = redactor.mask("<" + text + ">");
    EXPECT_EQ(shown, text.find("se") == 0 ? "<***DB_PASSWORD***>" : "<***UMLAUT_KEY***>") << text;
  }
}

TEST(Redactor, ValuesThatAreNoTextAreMaskedAsTheyAre) {
  const std::string bytes = "\xff\xfe<\x80 secret \xc3";
  const Redactor redactor(std::vector<Secret>{{"RAW_KEY", bytes}});
  EXPECT_EQ(redactor.mask("<" + bytes + ">"), "<***RAW_KEY***>");
}

TEST(Redactor, WhatItPutsIntoJsonIsJson) {
  const Redactor redactor(std::vector<Secret>{{"A\"B\n\\KEY", kOdd}});
  const std::string line = "{\"text\":" + json_quote("key: " + kOdd + " end") + "}";
  const Result<Json> json = parse_json(redactor.mask(line));
  ASSERT_TRUE(json) << json.error().message();
  EXPECT_EQ(*json->get_string("text"), "key: ***A_B__KEY*** end");
}

TEST(Redactor, WhatIsBegunAtACutIsMaskedToo) {
  const Redactor redactor(std::vector<Secret>{{"K_TOKEN", kPlain}});
  for (std::size_t size = 1; size < kPlain.size(); ++size) {
    const std::string text = "before " + kPlain.substr(0, size);
    EXPECT_EQ(redactor.mask(text, true), "before ***K_TOKEN***") << size;
    EXPECT_TRUE(redactor.finds(text, true));
    EXPECT_EQ(redactor.mask(text, false), text);
  }
  EXPECT_EQ(redactor.mask("no end of it", true), "no end of it");
}

TEST(Redactor, ShortValuesAreLeftAlone) {
  const Redactor redactor(std::vector<Secret>{{"A_TOKEN", "1234567"}, {"EMPTY_TOKEN", ""}});
  EXPECT_TRUE(redactor.empty());
  EXPECT_EQ(redactor.mask("1234567"), "1234567");
}

TEST(Redactor, OfTwoThatOverlapTheLongerCounts) {
  const Redactor redactor(
      std::vector<Secret>{{"SHORT_KEY", "abcdefgh"}, {"LONG_KEY", "abcdefghijkl"}});
  EXPECT_EQ(redactor.mask("abcdefghijkl abcdefgh"), "***LONG_KEY*** ***SHORT_KEY***");
}

TEST(Redactor, NamesThatTellASecret) {
  for (const char* name :
       {"OPENAI_API_KEY", "ANTHROPIC_AUTH_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN", "GITHUB_TOKEN", "GH_PAT", "PGPASSWORD", "MYSQL_PWD", "DB_PASS",
        "CLIENT_SECRET", "OPENCODE_AUTH_CONTENT", "apiKey", "refresh", "access", "DOCKER_AUTH",
        "STRIPE_KEY", "SESSION_COOKIE"}) {
    EXPECT_TRUE(names_a_secret(name)) << name;
  }
  for (const char* name : {"PATH", "HOME", "ANTHROPIC_MODEL", "ANTHROPIC_BASE_URL", "LANG",
                           "OPENCODE_CONFIG_DIR", "SSH_AUTH_SOCK", "XAUTHORITY", "TERM", "USER"}) {
    EXPECT_FALSE(names_a_secret(name)) << name;
  }
}

TEST(Redactor, LooksIntoJsonAndValuesOfSeveralLines) {
  const std::string auth =
      R"({"anthropic":{"type":"api","key":"sk-ant-0001-zzzz"},)"
      R"("copilot":{"type":"oauth","refresh":"gho_refresh_01","access":"tid=access_0001","expires":0}})";
  const Redactor redactor(secrets_in("OPENCODE_AUTH_CONTENT", auth, true));
  EXPECT_EQ(redactor.mask("sk-ant-0001-zzzz"), "***OPENCODE_AUTH_CONTENT.anthropic.key***");
  EXPECT_EQ(redactor.mask("gho_refresh_01"), "***OPENCODE_AUTH_CONTENT.copilot.refresh***");
  EXPECT_EQ(redactor.mask("tid=access_0001"), "***OPENCODE_AUTH_CONTENT.copilot.access***");
  EXPECT_EQ(redactor.mask("anthropic oauth"), "anthropic oauth");

  const std::string pem =
      "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n"
      "-----END PRIVATE KEY-----\n";
  const Redactor lines(secrets_in("DEPLOY_KEY", pem, true));
  EXPECT_EQ(lines.mask("AQEFAASCBKcwggSjAgEAAoIB"), "***DEPLOY_KEY***");
  EXPECT_EQ(lines.mask("-----BEGIN PRIVATE KEY-----"), "-----BEGIN PRIVATE KEY-----");

  // Of what is no secret itself, only what a member's name tells.
  const Redactor config(secrets_in("OPENCODE_CONFIG_CONTENT",
                                   R"({"provider":{"p":{"options":{"apiKey":"pk-00000001"}}}})",
                                   false));
  EXPECT_EQ(config.mask("provider pk-00000001"),
            "provider ***OPENCODE_CONFIG_CONTENT.provider.p.options.apiKey***");
}

TEST(Redactor, AnswersQuicklyToTextMadeToSlowItDown) {
  const Redactor redactor(std::vector<Secret>{{"A_KEY", std::string(4000, 'a') + "b"}});
  const std::string text(std::size_t{16} << 20U, 'a');
  EXPECT_EQ(redactor.mask(text, true).size(),
            text.size() - 4000 + std::string("***A_KEY***").size());
}

}  // namespace
}  // namespace director
