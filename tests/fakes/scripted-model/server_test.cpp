// Runs the real program and talks HTTP to it over loopback.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace director::scripted_model {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using testing::HasSubstr;

constexpr std::string_view kScenario = R"({"models": ["m"], "rules": [
  {"match": {"contains": ["hello"]}, "turns": [{"text": "hi there"}]},
  {"match": {"contains": ["drop"]}, "turns": [{"text": "par", "error": {"drop": "mid_stream"}}]},
  {"match": {"contains": ["hang up"]}, "turns": [{"error": {"drop": "before_response"}}]},
  {"match": {"contains": ["quiet"]}, "turns": [{"error": {"stall": "before_response"}}]},
  {"match": {"contains": ["limit"]}, "turns": [{"error": {"status": 429,
    "headers": {"retry-after": "2"}, "body": "slow down"}}]}]})";

/// A started program whose output, both streams together, can be read.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    arguments.insert(arguments.begin(), SCRIPTED_MODEL);
    std::vector<char*> argv;
    for (std::string& argument : arguments) {
      argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    EXPECT_EQ(posix_spawn(&pid_, SCRIPTED_MODEL, &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    output_ = fdopen(ends[0], "r");
  }
  ~Program() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    std::fclose(output_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  std::string read_line() {
    std::string line;
    for (int c = std::fgetc(output_); c != EOF && c != '\n'; c = std::fgetc(output_)) {
      line += static_cast<char>(c);
    }
    return line;
  }

  /// The exit status, or minus the signal that ended it.
  int wait(int signal = 0) {
    if (signal != 0) {
      kill(pid_, signal);
    }
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  std::FILE* output_ = nullptr;
};

/// One connection to the server.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(context_) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
  }

  void send(const std::string& bytes) {
    error_code ignored;
    asio::write(socket_, asio::buffer(bytes), ignored);
  }

  void ask(const std::string& said, bool stream = true) {
    http::request<http::string_body> request(http::verb::post, "/v1/chat/completions", 11);
    request.set(http::field::host, "127.0.0.1");
    request.body() = std::string(R"({"model":"m","stream":)") + (stream ? "true" : "false") +
                     R"(,"messages":[{"role":"user","content":")" + said + "\"}]}";
    request.prepare_payload();
    http::write(socket_, request);
  }

  http::response<http::string_body> receive(error_code& error) {
    http::response_parser<http::string_body> parser;
    parser.body_limit(64ULL << 20U);
    http::read(socket_, buffer_, parser, error);
    return parser.release();
  }

  http::response<http::string_body> receive() {
    error_code error;
    auto response = receive(error);
    EXPECT_FALSE(error) << error.message();
    return response;
  }

 private:
  asio::io_context context_;
  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
};

class Server : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "scripted-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    std::ofstream(folder_ / "s.json") << kScenario;
    program_ = std::make_unique<Program>(std::vector<std::string>{
        "--scenario", path("s.json"), "--log", path("log"), "--port-file", path("port")});
    ready_ = program_->read_line();
    std::ifstream(folder_ / "port") >> port_;
  }
  void TearDown() override {
    program_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  void expect_still_serving() {
    Client client(port_);
    client.ask("hello");
    EXPECT_THAT(client.receive().body(), HasSubstr("[DONE]"));
  }

  std::filesystem::path folder_;
  std::unique_ptr<Program> program_;
  std::string ready_;
  std::uint16_t port_ = 0;
};

TEST_F(Server, SaysWhereItListensOnceItDoes) {
  EXPECT_EQ(ready_, "listening on http://127.0.0.1:" + std::to_string(port_) + "/v1");
  expect_still_serving();
}

TEST_F(Server, AnswersSeveralRequestsOnOneConnection) {
  Client client(port_);
  client.ask("hello");
  const auto streamed = client.receive();
  EXPECT_EQ(streamed[http::field::content_type], "text/event-stream");
  EXPECT_THAT(streamed.body(), HasSubstr(R"({"content":"hi there"})"));
  client.ask("hello", false);
  EXPECT_THAT(client.receive().body(), HasSubstr(R"("object":"chat.completion")"));
  client.send("GET /v1/models HTTP/1.1\r\n\r\n");
  EXPECT_THAT(client.receive().body(), HasSubstr(R"("id":"m")"));
  client.ask("limit");
  const auto limited = client.receive();
  EXPECT_EQ(limited.result_int(), 429U);
  EXPECT_EQ(limited["retry-after"], "2");
  EXPECT_EQ(limited.body(), "slow down");
  client.ask("unheard of");
  EXPECT_EQ(client.receive().result_int(), 400U);
}

TEST_F(Server, DropsTheConnectionWhereToldTo) {
  error_code error;
  Client mid(port_);
  mid.ask("drop");
  const auto partial = mid.receive(error);
  EXPECT_EQ(error, http::error::partial_message);
  EXPECT_THAT(partial.body(), HasSubstr(R"({"content":"par"})"));

  Client before(port_);
  before.ask("hang up");
  before.receive(error);
  EXPECT_EQ(error, http::error::end_of_stream);
}

TEST_F(Server, TakesAMessageOfAMegabyte) {
  Client client(port_);
  client.ask("hello" + std::string(1U << 20U, 'x'));
  EXPECT_EQ(client.receive().result_int(), 200U);
}

TEST_F(Server, SurvivesWhatIsNoHttp) {
  const std::vector<std::string> attacks = {
      "\r\n\r\n",
      "garbage\r\n\r\n",
      std::string("\0\xff\x80\r\n\r\n", 7),
      "POST /v1/chat/completions HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
      "POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n",
      "POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "GET / HTTP/1.1\r\nA: " + std::string(100'000, 'x') + "\r\n\r\n",
  };
  for (const std::string& attack : attacks) {
    Client client(port_);
    client.send(attack);
    error_code error;
    const auto response = client.receive(error);
    EXPECT_TRUE(error || response.result_int() >= 400U) << attack.substr(0, 60);
  }
  expect_still_serving();
}

TEST_F(Server, SurvivesClientsThatLeaveEarly) {
  for (const char* said : {"hello", "quiet", "drop"}) {
    Client(port_).ask(said);
  }
  Client(port_).send("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 50\r\n\r\n{");
  expect_still_serving();
}

TEST_F(Server, ServesOthersWhileManyWaitAndStopsOnSignal) {
  std::vector<std::unique_ptr<Client>> waiting;
  for (int i = 0; i < 100; ++i) {
    waiting.push_back(std::make_unique<Client>(port_));
    waiting.back()->ask("quiet");
  }
  expect_still_serving();
  EXPECT_EQ(program_->wait(SIGTERM), 0);
}

TEST_F(Server, StopsOnInterrupt) { EXPECT_EQ(program_->wait(SIGINT), 0); }

TEST_F(Server, RefusesAnAddressThatOthersCanReach) {
  for (const std::string host : {"0.0.0.0", "::", "localhost", "192.0.2.1", ""}) {
    Program refused({"--scenario", path("s.json"), "--host", host});
    EXPECT_THAT(refused.read_line(), HasSubstr("not a loopback address")) << host;
    EXPECT_EQ(refused.wait(), 2);
  }
}

TEST_F(Server, RefusesATakenPortAndABrokenScenario) {
  Program second({"--scenario", path("s.json"), "--port", std::to_string(port_)});
  EXPECT_THAT(second.read_line(), HasSubstr("cannot listen on '127.0.0.1 port"));
  EXPECT_EQ(second.wait(), 2);

  std::ofstream(folder_ / "bad.json") << R"({"rules": 1})";
  Program third({"--scenario", path("bad.json")});
  EXPECT_THAT(third.read_line(), HasSubstr("bad.json': rules: expected an array"));
  EXPECT_EQ(third.wait(), 2);
}

}  // namespace
}  // namespace director::scripted_model
