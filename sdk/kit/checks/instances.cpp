#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

#include "core/base/text.hpp"
#include "sdk/kit/calls.hpp"
#include "sdk/kit/check.hpp"

// Of the sanitizers' allocator, which mallinfo2() does not know.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" std::size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

namespace director::kit {
namespace {

namespace fs = std::filesystem;

constexpr int kCycles = 100;
/// What libraries below may keep of an instance: libgit2 1.5 forgets 69 bytes of one.
constexpr std::int64_t kForgotten = 128;
constexpr int kWarmUp = 20;

/// `body` for each kind that the plugin has; the first outcome that is no pass, with its kind.
Outcome each_kind(const Subject& subject, const std::function<Outcome(Kind)>& body) {
  DIRECTOR_TRY_OUTCOME(const std::vector<Kind> kinds, subject.kinds());
  for (const Kind kind : kinds) {
    Outcome outcome = body(kind);
    if (outcome.verdict != Verdict::Passed) {
      outcome.why = std::string(plugin::to_string(kind)) + ": " + outcome.why;
      return outcome;
    }
  }
  return passed();
}

Outcome creates(const Subject& subject) {
  const Result<std::string> config = subject.config();
  if (!config) {
    return unchecked("say its configuration in [plugin]: " + config.error().message());
  }
  return each_kind(subject, [&](Kind kind) {
    DIRECTOR_TRY_OUTCOME(const Places places, subject.places());
    const Result<std::unique_ptr<Made>> made = subject.make(kind, places);
    if (!made && made.error().code() == Errc::NotFound) {
      return unchecked(
          "it needs something that is not here; say what it can do with in [plugin]: " +
          made.error().message());
    }
    return made ? passed() : failed(made.error().message());
  });
}

/// The bridge turns whatever a program does into an error, in words that begin with its name. What
/// a program says itself stands behind a colon.
Outcome whole_call(const Subject& subject, const Typical& typical) {
  DIRECTOR_TRY_OUTCOME(const plugin::Descriptor known, subject.who());
  const std::size_t at = typical.said.find("plugin '" + known.id + "' ");
  return at == std::string::npos ? passed() : failed(typical.said.substr(at));
}

Outcome answers(const Subject& subject) {
  return each_kind(subject, [&](Kind kind) {
    DIRECTOR_TRY_OUTCOME(const std::unique_ptr<Made> made, subject.make(kind));
    const auto host = subject.host();
    Arena in;
    const Typical typical = typical_call(subject, kind, *made, host->services().raw(), in);
    if (subject.is_program()) {
      return whole_call(subject, typical);
    }
    return passed();
  });
}

std::int64_t entries(const char* folder) {
  std::error_code error;
  return std::distance(fs::directory_iterator(folder, error), fs::directory_iterator());
}

std::int64_t descriptors() { return entries("/proc/self/fd"); }

/// Threads that are on their way out are given the time for it.
std::int64_t threads() {
  constexpr int kPatience = 200;
  std::int64_t count = entries("/proc/self/task");
  for (int i = 0; i < kPatience && count > 1; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    count = entries("/proc/self/task");
  }
  return count;
}

std::int64_t memory() {
  if (__sanitizer_get_current_allocated_bytes != nullptr) {
    return static_cast<std::int64_t>(__sanitizer_get_current_allocated_bytes());
  }
  const struct mallinfo2 info = ::mallinfo2();
  return static_cast<std::int64_t>(info.uordblks + info.hblkhd);
}

/// Makes and ends instances; fails if `measure` says more at the end than after the first few.
Outcome no_growth(const Subject& subject, std::int64_t (*measure)(), std::int64_t allowed,
                  const std::string& what) {
  return each_kind(subject, [&](Kind kind) {
    std::int64_t before = 0;
    for (int i = 0; i < kWarmUp + kCycles; ++i) {
      if (i == kWarmUp) {
        before = measure();
      }
      DIRECTOR_TRY_OUTCOME(const std::unique_ptr<Made> made, subject.make(kind));
    }
    const std::int64_t grown = measure() - before;
    return grown <= allowed ? passed()
                            : failed(std::to_string(kCycles) + " instances made and ended left " +
                                     std::to_string(grown) + " " + what);
  });
}

Outcome descriptor_leak(const Subject& subject) {
  return no_growth(subject, &descriptors, 0, "file descriptors open");
}
Outcome thread_leak(const Subject& subject) {
  return no_growth(subject, &threads, 0, "threads running");
}
Outcome memory_leak(const Subject& subject) {
  return no_growth(subject, &memory, kCycles * kForgotten, "bytes of memory");
}

/// A host that has nothing but itself.
const void* no_service(const director_host* /*host*/, const char* /*id*/) { return nullptr; }
director_host* bare_host(Arena& in) {
  static constexpr const char* kVersion = "1.0";
  return in.put(director_host{sizeof(director_host), DIRECTOR_ABI_MAJOR, 0, 0, kVersion, nullptr,
                              &no_service});
}

const director_instances* instances_of(const void* table) {
  return static_cast<const director_gate*>(table)->instances;  // all tables begin alike
}

/// Creates, calls and destroys with memory that is revoked the moment a call is over, and with a
/// host that has no services; `fate` says what came of it.
Outcome hard_life(const Subject& subject, Kind kind, bool revoke, bool bare) {
  DIRECTOR_TRY_OUTCOME(const void* table, subject.table(kind));
  DIRECTOR_TRY_OUTCOME(const std::string json, subject.config());
  DIRECTOR_TRY_OUTCOME(const Places places, subject.places());
  const auto real = subject.host();
  Arena making;
  const director_host* host = bare ? bare_host(making) : making.put(*real->services().raw());
  const auto* request = making.put(director_instance_request{
      sizeof(director_instance_request), 0, making.text(json), making.text(places.repo.string()),
      making.text(places.state.string()), making.text(places.cache.string())});
  const director_instances* instances = instances_of(table);
  void* handle = nullptr;
  const Called created = subject.call("create", instances->create, host, request, &handle);
  if (!created.worked()) {
    return bare && created.breach.empty() ? passed() : failed("create " + created.text());
  }
  // A vcs is told no other host than the one of its call; the one of create is gone like the rest.
  if (revoke) {
    making.revoke();
  }
  Made made(subject, instances);
  made.adopt(handle);
  Arena calling;
  const director_host* of_call = bare ? bare_host(calling) : calling.put(*real->services().raw());
  const Typical typical = typical_call(subject, kind, made, of_call, calling);
  if (!typical.called.breach.empty()) {
    return failed(typical.called.breach);
  }
  if (revoke) {
    calling.revoke();
    Arena again;
    const director_host* next = bare ? bare_host(again) : again.put(*real->services().raw());
    (void)typical_call(subject, kind, made, next, again);
    again.revoke();
  }
  return passed();
}

Outcome borrows(const Subject& subject) {
  return each_kind(subject, [&](Kind kind) { return hard_life(subject, kind, true, false); });
}

Outcome least_host(const Subject& subject) {
  return each_kind(subject, [&](Kind kind) { return hard_life(subject, kind, false, true); });
}

Outcome fenced(const Subject& subject) {
  return each_kind(subject, [&](Kind kind) {
    DIRECTOR_TRY_OUTCOME(const void* table, subject.table(kind));
    const director_instances* instances = instances_of(table);
    for (const char* json : {"", "{", "[]", "null", "\"text\"", "{\"kit\":[[[]]]}", "\xff\xfe"}) {
      Arena in;
      const auto host = subject.host();
      const auto* request = in.put(director_instance_request{
          sizeof(director_instance_request), 0, in.text(json), in.text("/nonexistent"),
          in.text("/nonexistent/.director"), in.text("/nonexistent/cache")});
      void* handle = nullptr;
      const Called called =
          subject.call("create", instances->create, host->services().raw(), request, &handle);
      if (!called.breach.empty()) {
        return failed(called.breach + ", for the configuration '" + text::printable(json) + "'");
      }
      if (called.worked()) {
        subject.step("destroy");
        try {
          instances->destroy(handle);
        } catch (...) {
          return failed("let an exception out of destroy");
        }
      }
    }
    DIRECTOR_TRY_OUTCOME(const std::unique_ptr<Made> made, subject.make(kind));
    const auto host = subject.host();
    Arena in;
    const Typical typical = typical_call(subject, kind, *made, host->services().raw(), in);
    return typical.called.breach.find("exception") == std::string::npos
               ? passed()
               : failed(typical.called.breach);
  });
}

Outcome says_why(const Subject& subject) {
  return each_kind(subject, [&](Kind kind) {
    DIRECTOR_TRY_OUTCOME(const std::unique_ptr<Made> made, subject.make(kind));
    Play play;
    play.refused = Error(Errc::Io, "kit refuses every command");
    subject.launcher().script("", play);
    subject.desk().script(Error(Errc::External, "kit has no agent"));
    const auto host = subject.host();
    Arena in;
    const Typical hard = typical_call(subject, kind, *made, host->services().raw(), in);
    if (!hard.called.breach.empty()) {
      return failed(hard.called.breach);
    }
    subject.launcher().script("", exits(0));
    const Typical easy = typical_call(subject, kind, *made, host->services().raw(), in);
    return easy.called.breach.empty() ? passed() : failed(easy.called.breach);
  });
}

Outcome parallel(const Subject& subject) {
  constexpr int kWorkers = 8;
  const int calls = subject.is_program() ? 1 : 5;  // each of which starts it
  return each_kind(subject, [&](Kind kind) {
    std::string wanted;
    {
      DIRECTOR_TRY_OUTCOME(const std::unique_ptr<Made> alone, subject.make(kind));
      const auto host = subject.host();
      Arena in;
      wanted = typical_call(subject, kind, *alone, host->services().raw(), in).said;
    }
    std::vector<std::unique_ptr<Made>> instances;
    for (int i = 0; i < kWorkers; ++i) {
      DIRECTOR_TRY_OUTCOME(std::unique_ptr<Made> made, subject.make(kind));
      instances.push_back(std::move(made));
    }
    std::vector<std::string> said(kWorkers, wanted);
    std::vector<std::thread> workers;
    workers.reserve(kWorkers);
    for (int i = 0; i < kWorkers; ++i) {
      workers.emplace_back([&, i] {
        const auto at = static_cast<std::size_t>(i);
        for (int n = 0; n < calls && said[at] == wanted; ++n) {
          const auto host = subject.host();
          Arena in;
          said[at] = typical_call(subject, kind, *instances[at], host->services().raw(), in).said;
        }
      });
    }
    for (std::thread& worker : workers) {
      worker.join();
    }
    for (const std::string& one : said) {
      if (one != wanted) {
        return failed("alone a call came to '" + wanted + "', beside " +
                      std::to_string(kWorkers - 1) + " others to '" + one + "'");
      }
    }
    return passed();
  });
}

}  // namespace

const std::vector<Check>& instance_checks() {
  static const std::vector<Check> kAll{
      {"common.creates", "an instance can be made and ended", Needs::Kinds, &creates},
      {"common.answers", "a call comes back", Needs::Instance, &answers},
      {"common.descriptor-leak", "instances leave no descriptors open", Needs::Instance,
       &descriptor_leak},
      {"common.thread-leak", "instances leave no threads", Needs::Instance, &thread_leak},
      {"common.memory-leak", "instances leave no memory", Needs::Instance, &memory_leak},
      {"common.borrows", "nothing borrowed is used later", Needs::Answer, &borrows},
      {"common.least-host", "it gets by with the least host", Needs::Answer, &least_host},
      {"common.fenced", "no exception leaves it", Needs::Answer, &fenced},
      {"common.says-why", "a failure says why", Needs::Answer, &says_why},
      {"common.parallel", "instances work side by side", Needs::Answer, &parallel},
  };
  return kAll;
}

}  // namespace director::kit
