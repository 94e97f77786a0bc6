#include "sdk/kit/child.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/platform/disk_file_store.hpp"
#include "sdk/kit/check.hpp"
#include "sdk/kit/folders.hpp"

namespace director::kit {
namespace {

namespace fs = std::filesystem;

constexpr std::pair<const char*, Verdict> kVerdicts[] = {
    {"passed", Verdict::Passed}, {"failed", Verdict::Failed}, {"unchecked", Verdict::Unchecked}};

Outcome find_out(const ChildRequest& request) {
  const Check* check = find_check(request.rule);
  if (check == nullptr) {
    return failed("there is no rule '" + request.rule + "'");
  }
  platform::DiskFileStore files;
  Result<Options> options = read_options(request.config, files);
  if (!options) {
    return unchecked(options.error().message());
  }
  // Never destroyed: a call that hangs may still use it.
  auto* subject = new Subject(request.library, request.form, *std::move(options), request.work);
  try {
    return check->run(*subject);
  } catch (...) {
    return failed("an exception came out of " + read_file(fs::path(request.work) / kStepFile));
  }
}

}  // namespace

void run_child(const ChildRequest& request) {
  const Outcome outcome = find_out(request);
  JsonWriter json;
  for (const auto& [name, verdict] : kVerdicts) {
    if (verdict == outcome.verdict) {
      json.begin_object().member("verdict", name).member("why", outcome.why).end_object();
    }
  }
  platform::DiskFileStore files;
  const Status written = files.write(fs::path(request.work) / kOutcomeFile, json.take());
  if (!written) {
    std::fprintf(stderr, "%s\n", written.error().message().c_str());
  }
  ::_exit(written ? 0 : 1);
}

Result<Outcome> read_outcome(const std::string& work) {
  platform::DiskFileStore files;
  DIRECTOR_TRY(const std::string text, files.read(fs::path(work) / kOutcomeFile));
  DIRECTOR_TRY(const Json root, parse_json(text));
  DIRECTOR_TRY(const std::string verdict, root.get_string("verdict"));
  Outcome read;
  DIRECTOR_TRY(read.why, root.get_string("why"));
  for (const auto& [name, known] : kVerdicts) {
    if (verdict == name) {
      read.verdict = known;
      return read;
    }
  }
  return root.error("unknown verdict");
}

}  // namespace director::kit
