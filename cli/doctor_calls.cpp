#include "cli/doctor_calls.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "core/base/dollars.hpp"
#include "core/engine/agent_calls.hpp"
#include "core/engine/books.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kQuestion =
    "This is a test of the connection. Use no tool. Answer with the single word READY.";

/// A private folder, gone with the object.
class Scratch {
 public:
  [[nodiscard]] static Result<Scratch> make(const fs::path& parent) {
    std::string pattern = (parent / "doctor-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      return Error(Errc::Io, "cannot make a folder in '" + parent.string() + "'");
    }
    return Scratch(pattern);
  }
  Scratch(Scratch&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    if (!path_.empty()) {
      std::error_code ignored;
      fs::remove_all(path_, ignored);
    }
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  explicit Scratch(fs::path path) : path_(std::move(path)) {}

  fs::path path_;
};

Status ask_each(const engine::Services& services, engine::Books& books, const std::string& workdir,
                const std::function<void(Finding)>& report) {
  engine::AgentCalls calls(services, books);
  std::set<std::string> tried;
  for (const auto& [role, tier] : services.settings.tiers) {
    if (!tried.insert(tier.text).second) {
      continue;
    }
    const double before = books.ledger().total.usd;
    DIRECTOR_TRY(engine::AgentAnswer said,
                 calls.call_patiently({.role = role,
                                       .prompt = "explorer",  // whatever the tier: it only reads
                                       .message = kQuestion,
                                       .workdir = workdir,
                                       .may_edit = false,
                                       .node = NodeId(),
                                       .cancel = services.interrupt}));
    const Result<std::string> answer = engine::text_of(std::move(said));
    if (answer) {
      report({Level::Ok, "calls",
              tier.text + " answered, " + dollars(books.ledger().total.usd - before), ""});
    } else if (answer.error().code() == Errc::External) {
      report({Level::Problem, "calls", tier.text + ": " + answer.error().message(),
              "see to the provider's credentials, the model's name and the endpoint"});
    } else {
      return answer.error();
    }
  }
  report({Level::Ok, "calls", "all calls together cost " + dollars(books.ledger().total.usd), ""});
  return ok();
}

}  // namespace

Status try_models(engine::Services services, const std::function<void(Finding)>& report) {
  DIRECTOR_TRY(const Scratch scratch, Scratch::make(services.folders.cache));
  services.folders.state = scratch.path();
  services.backends.sinks.clear();
  constexpr std::chrono::seconds kPatience{120};
  services.settings.limits.node_timeout =
      std::min(services.settings.limits.node_timeout, kPatience);
  const fs::path workdir = scratch.path() / "work";
  std::error_code error;
  if (!fs::create_directory(workdir, error)) {
    return Error(Errc::Io, "cannot make '" + workdir.string() + "': " + error.message());
  }
  engine::JobWork no_job;
  DIRECTOR_TRY(const std::unique_ptr<engine::Books> books, engine::Books::open(services, no_job));
  return ask_each(services, *books, workdir.string(), report);
}

}  // namespace director::cli
