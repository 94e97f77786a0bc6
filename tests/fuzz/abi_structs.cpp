// A plugin whose descriptor, tables and answers are made of the input: sizes that lie, strings
// without bytes, values that the ABI does not have, functions that throw. Each struct stands in
// just the memory that its size claims, so that a look beyond it is found by AddressSanitizer.
// However it behaves, what it gets through is only what it was entitled to.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.hpp"
#include "core/plugin/adapters/adapters.hpp"
#include "core/plugin/call_host.hpp"
#include "tests/fakes/fake_clock.hpp"
#include "tests/fakes/recording_log.hpp"

namespace {

using namespace director;

/// The input as a source of choices; zeros once it is used up.
class Feed {
 public:
  Feed(const std::uint8_t* data, std::size_t size) : left_(data, data + size) {}

  [[nodiscard]] bool empty() const { return at_ >= left_.size(); }
  std::uint8_t byte() { return empty() ? std::uint8_t{0} : left_[at_++]; }
  std::uint32_t word() {
    const std::uint32_t high = byte();
    return high << 24U | byte();
  }
  /// Small, or one of the values where arithmetic goes wrong.
  std::int64_t number() {
    constexpr std::array<std::int64_t, 4> kEdges{-1, INT64_MIN, INT64_MAX, INT64_MAX / 2};
    const std::uint8_t choice = byte();
    return choice < kEdges.size() ? kEdges.at(choice) : choice;
  }
  double real() {
    const std::array<double, 5> edges{NAN, INFINITY, -INFINITY, -1, 1e308};
    const std::uint8_t choice = byte();
    return choice < edges.size() ? edges.at(choice) : choice / 16.0;
  }
  /// Borrowed until the input's end. Sometimes no string at all: null with a size, or a size that
  /// nothing has.
  director_string text() {
    const std::uint8_t choice = byte();
    if (choice < 2) {
      return {nullptr, choice};
    }
    const std::size_t length = std::min<std::size_t>(choice % 32, left_.size() - at_);
    // A copy of its own, so that a read beyond its end is one beyond the memory.
    texts_.emplace_back(left_.begin() + static_cast<std::ptrdiff_t>(at_),
                        left_.begin() + static_cast<std::ptrdiff_t>(at_ + length));
    at_ += length;
    texts_.back().shrink_to_fit();
    constexpr std::size_t kAbsurd = std::size_t{1} << 40U;
    return {texts_.back().data(), choice == 2 ? kAbsurd : length};
  }
  /// The same, with its terminating NUL, or null.
  const char* c_string() {
    const director_string said = text();
    texts_.emplace_back();
    for (std::size_t i = 0; said.data != nullptr && i < std::min<std::size_t>(said.size, 32); ++i) {
      if (i < texts_[texts_.size() - 2].size()) {
        texts_.back().push_back(said.data[i]);
      }
    }
    texts_.back().push_back('\0');
    return said.data == nullptr ? nullptr : texts_.back().data();
  }

 private:
  std::vector<std::uint8_t> left_;
  std::size_t at_ = 0;
  std::deque<std::vector<char>> texts_;
};

/// What the plugin did in the call under test, against which its outcome is held.
struct Deeds {
  bool returned_ok = false;
  int verdicts = 0;
  int passes = 0;
  int endings = 0;
  int summaries = 0;
};

/// One input at a time: the plugin's functions are plain functions.
Feed* feed = nullptr;
Deeds deeds;

/// A copy of `whole` in as many bytes as its struct_size will claim; mostly the right size.
template <typename Raw>
class Claimed {
 public:
  explicit Claimed(Raw whole) {
    std::uint32_t size = sizeof(Raw);
    switch (feed->byte() % 8) {
      case 0:
        size = feed->byte();
        break;
      case 1:
        size += feed->byte();
        break;
      case 2:
        size = 0xffff0000U | feed->word();
        break;
      default:
        break;
    }
    whole.struct_size = size;
    constexpr std::uint32_t kRoom = 4096;
    const std::size_t room =
        size > kRoom ? sizeof(size) : std::max<std::size_t>(size, sizeof(size));
    memory_ = std::make_unique<char[]>(room);
    std::memcpy(memory_.get(), &whole, std::min(room, sizeof(Raw)));
  }
  [[nodiscard]] const Raw* get() const { return reinterpret_cast<const Raw*>(memory_.get()); }
  [[nodiscard]] Raw* get() { return reinterpret_cast<Raw*>(memory_.get()); }

 private:
  std::unique_ptr<char[]> memory_;
};

/// Asks services of the host as carelessly as it answers.
void use_host(const director_host* host) {
  constexpr std::array kIds{DIRECTOR_SERVICE_LOG, DIRECTOR_SERVICE_EXEC, DIRECTOR_SERVICE_AGENT,
                            "director.host.none/1"};
  const char* id = kIds.at(feed->byte() % kIds.size());
  const void* table = host->get_service(host, id);
  DIRECTOR_ASSERT((table == nullptr) == (std::string_view(id) == kIds.back()), "another's service");
  char words[64];
  director_error error{sizeof(director_error), 0, words, feed->byte() % sizeof(words), 0};
  director_status status = DIRECTOR_OK;
  if (id == kIds[0]) {
    const std::string said(view({"a line\x1b[2J", 5U + feed->byte() % 5U}));
    static_cast<const director_log_service*>(table)->log(host, feed->byte() - 8, borrow(said));
  } else if (id == kIds[1]) {
    const std::array<director_string, 2> argv{borrow("/bin/true"), borrow("x")};
    const Claimed<director_exec_request> request(
        {0, 0, feed->byte() % 4 == 0 ? nullptr : argv.data(), feed->byte() % 3U, borrow("/"),
         nullptr, feed->byte() % 2U, nullptr, 0, borrow(""), feed->number(), feed->number(),
         feed->number()});
    Claimed<director_exec_result> result(director_exec_result{});
    status = static_cast<const director_exec_service*>(table)->exec(host, request.get(), nullptr,
                                                                    result.get(), &error);
  } else if (id == kIds[2]) {
    const Claimed<director_agent_request> request(
        {0, 0, borrow("planner"), borrow("?"), borrow("/")});
    status = static_cast<const director_agent_service*>(table)->ask(host, request.get(), nullptr,
                                                                    &error);
    DIRECTOR_ASSERT(status != DIRECTOR_OK, "an answer without a sink for it");
  }
  DIRECTOR_ASSERT(error.size <= error.capacity, "more words than there was room for");
  DIRECTOR_ASSERT(status >= DIRECTOR_OK && status <= DIRECTOR_INTERNAL, "an unknown status");
}

/// How every function of the plugin ends.
director_status leave(director_error* error) {
  const std::uint8_t choice = feed->byte();
  if (choice == 255) {
    throw 1;
  }
  if (choice < 200) {
    deeds.returned_ok = true;
    return DIRECTOR_OK;
  }
  if (choice % 2 == 0) {
    write_error(error, "it went\xff wrong");
    error->size = choice == 202 ? SIZE_MAX : error->size;
  }
  return choice == 205 ? DIRECTOR_INTERNAL : choice - 205;
}

director_status create(const director_host* host, const director_instance_request*, void** instance,
                       director_error* error) {
  use_host(host);
  *instance = nullptr;
  return leave(error);
}
void destroy(void*) {}

director_status check(void*, const director_host* host, const director_gate_request*,
                      const director_gate_sink* sink, director_error* error) {
  use_host(host);
  for (int left = feed->byte() % 3; left > 0; --left) {
    const Claimed<director_gate_verdict> verdict(
        {0, feed->byte() % 5, feed->byte(), 0, feed->text(), feed->text()});
    ++deeds.verdicts;
    deeds.passes += verdict.get()->struct_size >= 8 && verdict.get()->struct_size <= 4096 &&
                            verdict.get()->outcome == DIRECTOR_GATE_PASS
                        ? 1
                        : 0;
    sink->verdict(sink->context, verdict.get());
  }
  return leave(error);
}

director_status run(void*, const director_host* host, const director_run_request*,
                    const director_agent_sink* sink, director_error* error) {
  use_host(host);
  for (int left = feed->byte() % 6; left > 0; --left) {
    director_agent_event event{};
    event.kind = feed->byte() % 8;
    event.text = feed->text();
    event.tool_name = event.kind == DIRECTOR_AGENT_TOOL ? feed->text() : director_string{};
    event.failure = feed->byte() % 10;
    event.retry_after_ms = feed->number();
    event.input_tokens = feed->number();
    event.cache_write_tokens = feed->number();
    event.cost_usd = feed->real();
    deeds.endings +=
        event.kind == DIRECTOR_AGENT_FINISH || event.kind == DIRECTOR_AGENT_ERROR ? 1 : 0;
    const Claimed<director_agent_event> sent(event);
    sink->event(sink->context, feed->byte() == 0 ? nullptr : sent.get());
  }
  return leave(error);
}

director_status probe(void*, const director_host*, const director_text_sink* json,
                      director_error* error) {
  json->write(json->context, feed->text());
  return leave(error);
}

director_status review_it(void*, const director_host* host, const director_review_request*,
                          const director_review_sink* sink, director_error* error) {
  use_host(host);
  for (int left = feed->byte() % 3; left > 0; --left) {
    const Claimed<director_finding> finding({0, feed->byte() % 5, feed->text(), feed->text()});
    sink->finding(sink->context, finding.get());
  }
  for (int left = feed->byte() % 3; left > 0; --left) {
    ++deeds.summaries;
    sink->summary(sink->context, feed->text());
  }
  return leave(error);
}

director_status prepare(void*, const director_host* host, const director_launch_request*,
                        const director_launch_sink* sink, director_error* error) {
  use_host(host);
  for (int left = feed->byte() % 3; left > 0; --left) {
    sink->arg(sink->context, feed->text());
    sink->env(sink->context, feed->text());
  }
  return leave(error);
}

director_status resolve(void*, const director_host*, director_string,
                        const director_commit_sink* sink, director_error* error) {
  for (int left = feed->byte() % 3; left > 0; --left) {
    const Claimed<director_commit_info> commit({0, 0, feed->text(), feed->text(), feed->text()});
    sink->commit(sink->context, commit.get());
  }
  return leave(error);
}

director_status commit(void*, const director_host*, const director_commit_request*,
                       const director_text_sink* oid, director_error* error) {
  oid->write(oid->context, feed->text());
  return leave(error);
}

director_status merge(void*, const director_host*, director_string, director_string,
                      director_string, int32_t* merged, const director_text_sink* tree,
                      const director_change_sink* conflicts, director_error* error) {
  *merged = feed->byte() % 3 - 1;
  if (feed->byte() % 2 == 0) {
    tree->write(tree->context, feed->text());
  }
  const Claimed<director_change> conflict(
      {0, feed->byte() % 5, feed->text(), feed->byte() % 7, feed->byte() % 7});
  conflicts->change(conflicts->context, conflict.get());
  return leave(error);
}

director_status emit(void*, const director_host* host, const director_record*,
                     director_error* error) {
  use_host(host);
  return leave(error);
}
director_status flush(void*, const director_host*, director_error* error) { return leave(error); }

/// The structs of one plugin, each as long as it says.
struct Plugin {
  Claimed<director_instances> instances{{0, 0, &create, &destroy}};
  Claimed<director_runner> runner{{0, 0, instances.get(), &run, &probe}};
  Claimed<director_gate> gate{{0, 0, instances.get(), &check}};
  Claimed<director_reviewer> reviewer{{0, 0, instances.get(), &review_it}};
  Claimed<director_launcher> launcher{{0, 0, instances.get(), &prepare}};
  Claimed<director_sink> sink{{0, 0, instances.get(), &emit, &flush}};
  Claimed<director_vcs> vcs{{0, 0, instances.get(), &resolve, nullptr, nullptr, nullptr, nullptr,
                             &commit, nullptr, &merge, nullptr, nullptr, nullptr, nullptr}};
  std::uint8_t hidden = feed->byte();
};
Plugin* plugin_now = nullptr;

const void* get_interface(const char* id) {
  const std::array<std::pair<std::string_view, const void*>, 6> tables{
      {{DIRECTOR_RUNNER, plugin_now->runner.get()},
       {DIRECTOR_GATE, plugin_now->gate.get()},
       {DIRECTOR_REVIEWER, plugin_now->reviewer.get()},
       {DIRECTOR_LAUNCHER, plugin_now->launcher.get()},
       {DIRECTOR_SINK, plugin_now->sink.get()},
       {DIRECTOR_VCS, plugin_now->vcs.get()}}};
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (tables.at(i).first == id) {
      return (plugin_now->hidden >> i & 1U) != 0 ? nullptr : tables.at(i).second;
    }
  }
  return nullptr;
}

/// Runs nothing: a command says a line and ends well.
class NoLauncher final : public ports::ProcessLauncher {
 public:
  [[nodiscard]] Result<ports::Exit> run(const ports::Command& command,
                                        const ports::LineHandler& on_line,
                                        const ports::CancelToken&) override {
    if (command.argv.empty()) {
      return Error(Errc::Invalid, "cannot start a command without a program");
    }
    (void)on_line({false, false, "a line"});
    return ports::Exit{};
  }
};

struct Heard {
  int endings = 0;
  bool is_sane =
      true;  ///< what cannot be counts as far as it can, but not as a call that went well
  director_agent_sink raw{sizeof(director_agent_sink), 0, this, &Heard::take};

  static void take(void* context, const director_agent_event* event) {
    auto& self = *static_cast<Heard*>(context);
    const bool ends = event->kind == DIRECTOR_AGENT_FINISH || event->kind == DIRECTOR_AGENT_ERROR;
    self.endings += ends ? 1 : 0;
    const bool is_sane = event->input_tokens >= 0 && event->cache_write_tokens >= 0 &&
                         std::isfinite(event->cost_usd);
    self.is_sane = self.is_sane && is_sane;
  }
};

void check_error(const Error& error) {
  DIRECTOR_ASSERT(!error.message().empty(), "an error without words");
  DIRECTOR_ASSERT(text::is_utf8(error.message()), "an error that is not UTF-8");
}

template <typename T>
void check_result(const Result<T>& result) {
  if (!result) {
    check_error(result.error());
  }
}

void try_gate(const plugin::Making& making, director::host& host) {
  const auto made = plugin::make_gate(making);
  if (!made) {
    return check_error(made.error());
  }
  deeds = {};
  const verdict said = (*made)->check({}, host);
  DIRECTOR_ASSERT(said.outcome >= DIRECTOR_GATE_PASS && said.outcome <= DIRECTOR_GATE_ERROR,
                  "a verdict that there is not");
  DIRECTOR_ASSERT(said.outcome != DIRECTOR_GATE_PASS ||
                      (deeds.returned_ok && deeds.verdicts == 1 && deeds.passes == 1),
                  "a pass that the gate did not give");
}

void try_runner(const plugin::Making& making, director::host& host) {
  const auto made = plugin::make_runner(making);
  if (!made) {
    return check_error(made.error());
  }
  deeds = {};
  Heard heard;
  const Status status = (*made)->run({}, agent_events(&heard.raw), host);
  check_result(status);
  DIRECTOR_ASSERT(heard.endings == (status ? 1 : 0), "not one ending of a call that went well");
  DIRECTOR_ASSERT(!status || heard.is_sane, "figures that cannot be in a call that went well");
  DIRECTOR_ASSERT(!status || (deeds.returned_ok && deeds.endings == 1), "an ending from nowhere");
  check_result((*made)->probe(host));
}

void try_others(const plugin::Making& making, director::host& host) {
  if (const auto reviewer = plugin::make_reviewer(making)) {
    deeds = {};
    const auto said = (*reviewer)->examine({}, host);
    check_result(said);
    DIRECTOR_ASSERT(!said || (deeds.returned_ok && deeds.summaries == 1), "a review from nowhere");
  }
  if (const auto launcher = plugin::make_launcher(making)) {
    const auto made = (*launcher)->prepare({}, host);
    check_result(made);
    DIRECTOR_ASSERT(!made || !made->argv.empty(), "a command without a program");
  }
  if (const auto sink = plugin::make_sink(making)) {
    check_result((*sink)->emit({}, host));
    check_result((*sink)->flush(host));
  }
  if (const auto vcs = plugin::make_vcs(making)) {
    const auto found = (*vcs)->resolve("HEAD");
    DIRECTOR_ASSERT(!found || (!found->oid.empty() && !found->tree.empty()), "half a commit");
    const auto made = (*vcs)->commit("t", "p", "m");
    DIRECTOR_ASSERT(!made || !made->empty(), "a commit without an oid");
    const auto merged = (*vcs)->merge("a", "b", "c");
    DIRECTOR_ASSERT(!merged || !merged->merged || !merged->tree.empty(), "a merge without a tree");
    check_result((*vcs)->diff("a", "b"));  // its table lacks the function
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Feed now(data, size);
  feed = &now;
  Plugin made;
  plugin_now = &made;
  const bool odd = now.byte() % 4 == 0;
  const Claimed<director_plugin> raw({0, odd ? now.byte() % 3U : DIRECTOR_ABI_MAJOR, 0,
                                      odd ? now.byte() % 3U : 0U, odd ? now.c_string() : "fuzz",
                                      odd ? now.c_string() : "1", odd ? now.c_string() : nullptr,
                                      odd ? now.c_string() : nullptr, &get_interface});
  const Result<plugin::Descriptor> known = plugin::negotiate(raw.get(), "fuzz.so");
  check_result(known);
  if (!known) {
    return 0;
  }
  const Result<plugin::Descriptor> again = plugin::parse_descriptor(plugin::to_json(*known));
  DIRECTOR_ASSERT(again && again->id == known->id && again->kinds == known->kinds,
                  "a descriptor that a probe would tell otherwise");
  const plugin::Library library(raw.get(), *known, "/fuzz.so");
  NoLauncher launcher;
  testing::FakeClock clock;
  testing::RecordingLog log;
  plugin::PluginHost hosts(launcher, clock, log, "1.0");
  const instance_info info{"{}", "/repo", "/repo/.director", "/cache"};
  const ports::CallScope scope;
  const auto call = hosts.open(scope);
  const plugin::Making making{library, info, hosts, scope};
  try_gate(making, call->services());
  try_runner(making, call->services());
  try_others(making, call->services());
  return 0;
}
