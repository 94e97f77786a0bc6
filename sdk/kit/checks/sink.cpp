#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "sdk/kit/calls.hpp"
#include "sdk/kit/check.hpp"
#include "sdk/kit/folders.hpp"

namespace director::kit {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUnseen =
    "no record is found in any file below the repository, .director or the sink's cache; name its "
    "files in [sink] files";

/// A record of every field that a job's has, with a text in it that no other has.
Record record(std::uint64_t sequence, const std::string& mark, std::string kind = "run") {
  JsonWriter json;
  json.begin_object()
      .member("kind", kind)
      .member("job_id", "job-kit")
      .member("seq", sequence)
      .member("ts", 1000.0 + static_cast<double>(sequence))
      .member("node", "n" + std::to_string(sequence))
      .member("task", mark)
      .end_object();
  return {sequence, "job-kit", std::move(kind), json.take()};
}

class Bench {
 public:
  explicit Bench(const Subject& subject) : subject_(subject) {}

  Status open() {
    DIRECTOR_TRY(places_, subject_.places());
    DIRECTOR_TRY(made_, subject_.make(Kind::Sink, places_));
    return ok();
  }
  /// Another instance, while the first lives or after.
  Status open_again() {
    made_.reset();
    return open();
  }
  [[nodiscard]] Called emit(const Record& one) const {
    const auto host = subject_.host();
    Arena in;
    return kit::emit(subject_, *made_, host->services().raw(), one, in);
  }
  [[nodiscard]] Called flush() const {
    const auto host = subject_.host();
    return kit::flush(subject_, *made_, host->services().raw());
  }
  [[nodiscard]] Status must(const Called& called) const {
    return expect(called.worked(), called.text());
  }
  /// Emits and flushes; both must work.
  [[nodiscard]] Status keep(const Record& one) const {
    DIRECTOR_CHECK(must(emit(one)).context("a record of kind '" + one.kind + "' is refused"));
    return must(flush()).context("flush");
  }
  /// All that the sink keeps where the kit can see it.
  [[nodiscard]] std::string everything() const {
    std::string all;
    for (const fs::path& root : {places_.repo, places_.cache}) {
      for (const auto& [path, what] : list_folder(root)) {
        all += what + "\n";
      }
    }
    for (const std::string& file : subject_.options().sink_files) {
      all += read_file(file) + "\n";
    }
    return all;
  }
  /// How often a text stands in there.
  [[nodiscard]] int count(const std::string& mark) const { return count_in(everything(), mark); }
  [[nodiscard]] static int count_in(const std::string& text, const std::string& mark) {
    int found = 0;
    for (std::size_t at = text.find(mark); at != std::string::npos;
         at = text.find(mark, at + mark.size())) {
      ++found;
    }
    return found;
  }

 private:
  const Subject& subject_;
  Places places_;
  std::unique_ptr<Made> made_;
};

/// `body` on a sink that was opened; with `seen`, only if the kit can see what the sink keeps.
Outcome with(const Subject& subject, bool seen, Status (*body)(Bench& bench)) {
  Bench bench(subject);
  DIRECTOR_CHECK_OUTCOME(bench.open());
  if (seen) {
    const Status kept = bench.keep(record(1, "kit-mark-first."));
    if (!kept) {
      return outcome_of(kept);
    }
    if (bench.count("kit-mark-first.") == 0) {
      return unchecked(kUnseen);
    }
  }
  return outcome_of(body(bench));
}

Status takes_body(Bench& bench) {
  std::uint64_t sequence = 10;
  for (const char* kind : {"event", "cost", "node", "run"}) {
    DIRECTOR_CHECK(bench.keep(record(++sequence, std::string("kit-") + kind, kind)));
  }
  return bench.must(bench.flush()).context("a second flush with nothing to do");
}

Status ignores_body(Bench& bench) {
  DIRECTOR_CHECK(bench.must(bench.emit(record(20, "kit-unknown", "kit-unknown")))
                     .context("a record of an unknown kind is refused"));
  return bench.keep(record(21, "kit-after"));
}

Status odd_body(Bench& bench) {
  std::uint64_t sequence = 30;
  for (const std::string& odd :
       {std::string("line\nbreak \"quoted\" \\ \x01 \u2028"), std::string(1 << 20, 'x')}) {
    DIRECTOR_CHECK(bench.keep(record(++sequence, odd)));
  }
  Record most = record(32, "kit-most");
  most.sequence = ~std::uint64_t{0};
  // What it cannot hold it may refuse, in words.
  const Called called = bench.emit(most);
  DIRECTOR_CHECK(expect(called.breach.empty(), called.breach));
  Record extra = record(33, "kit-extra");
  extra.json.insert(1, R"("kit-new-field":{"a":[1,null,{}]},)");
  return bench.keep(extra);
}

Status again_body(Bench& bench) {
  const Record one = record(40, "kit-mark-again.");
  DIRECTOR_CHECK(bench.keep(one));
  DIRECTOR_CHECK(bench.keep(one));
  DIRECTOR_CHECK(bench.open_again().context("a second instance"));
  DIRECTOR_CHECK(bench.keep(one));
  const int found = bench.count("kit-mark-again.");
  return expect(found == 1, "a record that was offered three times is kept " +
                                std::to_string(found) + " times");
}

Status continues_body(Bench& bench) {
  DIRECTOR_CHECK(bench.keep(record(50, "kit-mark-before.")));
  DIRECTOR_CHECK(bench.open_again().context("a second instance"));
  DIRECTOR_CHECK(bench.keep(record(51, "kit-mark-after.")));
  DIRECTOR_CHECK(expect(bench.count("kit-mark-before.") == 1,
                        "a second instance lost what the first had kept"));
  return expect(bench.count("kit-mark-after.") == 1, "a second instance keeps nothing");
}

/// As on a full disk: no file may grow, and writing to one is an error.
class FullDisk {
 public:
  FullDisk() {
    old_signal_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_limit_);
    struct rlimit none = old_limit_;
    none.rlim_cur = 0;
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &old_limit_);
    std::signal(SIGXFSZ, old_signal_);
  }

 private:
  struct rlimit old_limit_ {};
  void (*old_signal_)(int) = SIG_DFL;
};

Status full_disk_body(Bench& bench) {
  Called emitted;
  Called flushed;
  {
    const FullDisk full;
    emitted = bench.emit(record(60, "kit-mark-lost."));
    flushed = bench.flush();
  }
  for (const Called* called : {&emitted, &flushed}) {
    DIRECTOR_CHECK(expect(called->breach.empty(), called->breach));
  }
  const bool kept = bench.count("kit-mark-lost.") != 0;
  DIRECTOR_CHECK(expect(!emitted.worked() || !flushed.worked() || kept,
                        "no byte could be written, and emit and flush say that all is well"));
  DIRECTOR_CHECK(bench.keep(record(61, "kit-mark-later.")).context("once there is room again"));
  return expect(bench.count("kit-mark-later.") == 1,
                "once there is room again a record is not kept");
}

constexpr int kWorkers = 8;
constexpr int kRecords = 50;
constexpr int kFirst = 1000;

std::string mark_of(int sequence) { return "kit-mark-" + std::to_string(sequence) + "."; }

/// Each on a thread of its own, interleaved as a job's are: sequences grow over all workers.
Status emit_side_by_side(const std::vector<std::unique_ptr<Bench>>& benches) {
  std::vector<Status> ended(benches.size(), ok());
  std::vector<std::thread> workers;
  workers.reserve(benches.size());
  for (std::size_t i = 0; i < benches.size(); ++i) {
    workers.emplace_back([&benches, &ended, i] {
      const Bench& own = *benches[i];
      for (int n = 0; n < kRecords && ended[i]; ++n) {
        const int sequence = kFirst + n * kWorkers + static_cast<int>(i);
        ended[i] =
            own.must(own.emit(record(static_cast<std::uint64_t>(sequence), mark_of(sequence))));
      }
      ended[i] = ended[i] ? own.must(own.flush()) : ended[i];
    });
  }
  for (std::thread& worker : workers) {
    worker.join();
  }
  for (const Status& status : ended) {
    DIRECTOR_CHECK(status);
  }
  return ok();
}

Outcome concurrent(const Subject& subject) {
  std::vector<std::unique_ptr<Bench>> benches;
  benches.reserve(kWorkers);
  for (int i = 0; i < kWorkers; ++i) {
    benches.push_back(std::make_unique<Bench>(subject));
    DIRECTOR_CHECK_OUTCOME(benches.back()->open());
  }
  if (const Status emitted = emit_side_by_side(benches); !emitted) {
    return outcome_of(emitted);
  }
  const std::string all = benches.front()->everything();
  int lost = 0;
  int twice = 0;
  for (int sequence = kFirst; sequence < kFirst + kWorkers * kRecords; ++sequence) {
    const int found = Bench::count_in(all, mark_of(sequence));
    lost += found == 0 ? 1 : 0;
    twice += found > 1 ? 1 : 0;
  }
  if (lost == kWorkers * kRecords) {
    return unchecked(kUnseen);
  }
  return lost == 0 && twice == 0
             ? passed()
             : failed("of " + std::to_string(kWorkers * kRecords) + " records from " +
                      std::to_string(kWorkers) + " workers " + std::to_string(lost) +
                      " are lost and " + std::to_string(twice) + " are there twice");
}

/// The sink lives in a process that is killed the moment flush returns.
Outcome durable(const Subject& subject) {
  DIRECTOR_CHECK_OUTCOME(subject.places());
  const pid_t child = ::fork();
  if (child < 0) {
    return unchecked("cannot start a process");
  }
  if (child == 0) {
    Bench bench(subject);
    const bool kept = bench.open() && bench.keep(record(70, "kit-mark-durable."));
    if (!kept) {
      ::_exit(3);
    }
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status)) {
    return failed("a record could not be emitted and flushed");
  }
  Bench bench(subject);
  DIRECTOR_CHECK_OUTCOME(bench.open());
  if (bench.count("kit-mark-durable.") == 1) {
    return passed();
  }
  // Is it to be seen at all?
  const Status kept = bench.keep(record(71, "kit-mark-seen."));
  if (kept && bench.open_again() && bench.count("kit-mark-seen.") == 0) {
    return unchecked(kUnseen);
  }
  return failed("a record that was flushed is gone when the process is killed after that");
}

Outcome takes(const Subject& subject) { return with(subject, false, &takes_body); }
Outcome ignores_unknown(const Subject& subject) { return with(subject, false, &ignores_body); }
Outcome odd_records(const Subject& subject) { return with(subject, false, &odd_body); }
Outcome offered_again(const Subject& subject) { return with(subject, true, &again_body); }
Outcome continues(const Subject& subject) { return with(subject, true, &continues_body); }
Outcome full_disk(const Subject& subject) { return with(subject, true, &full_disk_body); }

}  // namespace

const std::vector<Check>& sink_checks() {
  static const std::vector<Check> kAll{
      {"sink.takes-records", "every kind of record is taken", Needs::Answer, &takes},
      {"sink.ignores-unknown", "unknown kinds do no harm", Needs::Answer, &ignores_unknown},
      {"sink.odd-records", "records may be odd and large", Needs::Answer, &odd_records},
      {"sink.offered-again", "a record that comes again is kept once", Needs::Answer,
       &offered_again},
      {"sink.continues", "a later instance goes on where one ended", Needs::Answer, &continues},
      {"sink.full-disk", "a full disk is told and survived", Needs::Answer, &full_disk},
      {"sink.concurrent", "workers side by side lose nothing", Needs::Answer, &concurrent},
      {"sink.durable", "what is flushed outlives the process", Needs::Answer, &durable},
  };
  return kAll;
}

}  // namespace director::kit
