/// What commands print is kept within its size, without the user's secrets, and never as a whole in
/// memory.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/plugin/transcript.hpp"
#include "tests/abi/support.hpp"

namespace director::abi_test {
namespace {

constexpr const char* kToken = "tok-0123456789-abcdef";

class Output : public PluginTest {
 protected:
  [[nodiscard]] exec_request shell(const std::string& script) const {
    exec_request request;
    request.argv = {"sh", "-c", script};
    request.cwd = folder.string();
    return request;
  }

  /// Runs a command with a transcript of `bytes` and returns the first lines that its sink saw.
  std::vector<std::string> run(const exec_request& request, std::size_t bytes = 1 << 20U,
                               ports::Purpose purpose = ports::Purpose::Agent) {
    ports::CallScope scope;
    scope.purpose = purpose;
    scope.transcript = folder / "call.jsonl";
    scope.transcript_bytes = bytes;
    const auto call = masking_.open(std::move(scope));
    std::vector<std::string> seen;
    const auto ended = call->services().exec(request, [&](const exec_line& line) {
      if (seen.size() < 10) {
        seen.emplace_back(line.text.substr(0, 1000));
      }
      return true;
    });
    EXPECT_TRUE(ended) << ended.error().message();
    return seen;
  }

  [[nodiscard]] std::string out() { return files.read(folder / "call.jsonl").value_or(""); }
  [[nodiscard]] std::string err() { return files.read(folder / "call.jsonl.stderr").value_or(""); }

  /// Holds that the file is within its size, that each line is JSON, and returns what is left out.
  std::int64_t left_out(std::size_t most) {
    const std::string bytes = out();
    EXPECT_LE(bytes.size(), most);
    std::int64_t missing = 0;
    for (const std::string_view line : text::split_lines(bytes)) {
      const Result<Json> json = parse_json(line);
      EXPECT_TRUE(json) << line.substr(0, 200);
      if (json && json->find("director")) {
        EXPECT_EQ(*json->get_string("director"), "left out");
        missing += *json->get_int("bytes");
      }
    }
    return missing;
  }

  static long memory_kb() {
    struct rusage usage {};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  }

 private:
  plugin::PluginHost masking_{launcher, clock, log, "0.0.0",
                              Redactor(std::vector<Secret>{{"MY_TOKEN", kToken}})};
};

TEST_F(Output, SecretsReachNeitherPluginNorTranscript) {
  const exec_request request = shell("echo out " + std::string(kToken) + " end; echo '{\"k\":\"" +
                                     kToken + "\"}'; echo err " + kToken + " >&2");
  std::vector<std::string> seen = run(request);
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, (std::vector<std::string>{"err ***MY_TOKEN***", "out ***MY_TOKEN*** end",
                                            "{\"k\":\"***MY_TOKEN***\"}"}));
  EXPECT_EQ(out(), "out ***MY_TOKEN*** end\n{\"k\":\"***MY_TOKEN***\"}\n");
  EXPECT_EQ(err(), "err ***MY_TOKEN***\n");
}

TEST_F(Output, APluginsOwnToolTellsItWhatIsSoToTheByte) {
  EXPECT_EQ(run(shell("echo " + std::string(kToken)), 1 << 20U, ports::Purpose::Tool),
            std::vector<std::string>{kToken});
  EXPECT_EQ(out(), "***MY_TOKEN***\n") << "what is kept is masked all the same";
}

TEST_F(Output, WhatAPluginHandsToItsToolIsASecretToo) {
  exec_request request = shell("echo \"$TOOL_AUTH_CONTENT\"; echo got key-abcdef-01; echo api");
  request.env_set = {R"(TOOL_AUTH_CONTENT={"p":{"type":"api","key":"key-abcdef-01"}})"};
  EXPECT_EQ(run(request), (std::vector<std::string>{"***TOOL_AUTH_CONTENT***",
                                                    "got ***TOOL_AUTH_CONTENT.p.key***", "api"}));
}

TEST_F(Output, ASecretAcrossTheCutOfALineIsNotHalfShown) {
  // The line is cut at 16 MiB, five bytes into the secret.
  const std::string before = std::to_string((16 << 20) - 5);
  const std::vector<std::string> seen =
      run(shell("head -c " + before + " /dev/zero | tr '\\0' x; printf %s " + kToken +
                "; head -c 100 /dev/zero | tr '\\0' y; echo; echo after"));
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1], "after");
  EXPECT_EQ(out().find("tok-0"), std::string::npos);
  const std::vector<std::string_view> lines = text::split_lines(out());
  ASSERT_EQ(lines.size(), 2U);
}

TEST_F(Output, ALineThatIsCutStandsInTheTranscriptAsOneThatIsWhole) {
  (void)run(shell("head -c 1073741824 /dev/zero | tr '\\0' x; printf '\\n{}\\n'"));
  const std::string bytes = out();
  const std::vector<std::string_view> lines = text::split_lines(bytes);
  ASSERT_EQ(lines.size(), 2U);
  const Result<Json> cut = parse_json(lines[0]);
  ASSERT_TRUE(cut) << cut.error().message();
  EXPECT_EQ(*cut->get_string("director"), "cut line");
  EXPECT_EQ(*cut->get_int("bytes"), 16 << 20);
  EXPECT_EQ(*cut->get_string("text"), std::string(64 << 10U, 'x'));
  EXPECT_EQ(lines[1], "{}");
}

TEST_F(Output, AGigabyteOfLinesIsCappedWithItsMiddleLeftOut) {
  const long before = memory_kb();
  constexpr std::size_t kMost = 1 << 20U;
  const std::string line = "{\"n\":\"" + std::string(4000, 'x') + "\"}";
  const std::int64_t lines = (std::int64_t{1} << 30U) / static_cast<std::int64_t>(line.size() + 1);
  (void)run(shell("printf '{\"first\":1}\\n'; yes '" + line + "' | head -n " +
                  std::to_string(lines) + "; printf '{\"last\":1}\\n'"),
            kMost);
  const std::int64_t missing = left_out(kMost + 200);
  const std::string bytes = out();
  EXPECT_TRUE(bytes.starts_with("{\"first\":1}\n"));
  EXPECT_TRUE(bytes.ends_with("{\"last\":1}\n"));
  const std::string marker =
      "{\"director\":\"left out\",\"bytes\":" + std::to_string(missing) + "}\n";
  EXPECT_NE(bytes.find(marker), std::string::npos);
  EXPECT_EQ(static_cast<std::int64_t>(bytes.size() - marker.size()) + missing,
            lines * static_cast<std::int64_t>(line.size() + 1) + 23);
  EXPECT_LT(memory_kb() - before, 100 << 10);
}

TEST_F(Output, EmptyLinesAndStderrAreBoundedToo) {
  const long before = memory_kb();
  (void)run(shell("head -c 4000000 /dev/zero | tr '\\0' '\\n'; "
                  "head -c 40000000 /dev/urandom >&2; echo end >&2"),
            1 << 20U);
  EXPECT_LE(out().size(), (1U << 20U) + 200);
  EXPECT_LE(err().size(), (1U << 20U) + 200);
  EXPECT_TRUE(err().ends_with("end\n"));
  EXPECT_NE(err().find("{\"director\":\"left out\",\"bytes\":"), std::string::npos);
  EXPECT_LT(memory_kb() - before, 150 << 10);
}

TEST_F(Output, LaterCommandsOfACallDoNotStartTheTranscriptOver) {
  (void)run(shell("head -c 3000 /dev/zero | tr '\\0' '\\n'"), 4096);
  (void)run(shell("head -c 40000 /dev/zero | tr '\\0' '\\n'; echo last"), 4096);
  EXPECT_LE(out().size(), 4096U + 1024 + 200);
  EXPECT_TRUE(out().ends_with("last\n"));
}

TEST_F(Output, UsageOfItsCommandsIsSummedUp) {
  const auto call = hosts.open({});
  EXPECT_EQ(call->usage().cpu.count(), 0);
  for (int i = 0; i < 2; ++i) {
    const ports::Usage last = call->usage();
    ASSERT_TRUE(
        call->services().exec(shell("i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done"), {}));
    EXPECT_GT(call->usage().cpu, last.cpu);
    EXPECT_GT(call->usage().peak_memory_bytes, 100'000U);
  }
  EXPECT_EQ(call->limit(), "");
}

}  // namespace
}  // namespace director::abi_test
