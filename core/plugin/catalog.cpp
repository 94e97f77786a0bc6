#include "core/plugin/catalog.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/text.hpp"

namespace director::plugin {
namespace {

namespace fs = std::filesystem;

bool found_by_search(Source source) { return source != Source::Config; }

Entry examine(const Candidate& candidate, const TrustRules& trust, Probe& probe) {
  Entry entry{candidate.path,    candidate.source, State::Refused,
              candidate.problem, std::nullopt,     candidate.form};
  if (!entry.why.empty()) {
    return entry;
  }
  if (const Status trusted = check_trust(entry.path, found_by_search(entry.source), trust);
      !trusted) {
    entry.why = trusted.error().message();
    return entry;
  }
  std::error_code error;
  Result<Descriptor> known = probe.look(fs::canonical(entry.path, error), entry.form);
  if (known) {
    entry.descriptor = std::move(known).value();
    entry.state = State::Usable;
  } else {
    entry.why = known.error().message();
  }
  return entry;
}

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::Usable:
      return "usable";
    case State::Shadowed:
      return "shadowed";
    case State::Refused:
      return "refused";
  }
  return "refused";
}

Catalog Catalog::scan(const SearchPath& search, const TrustRules& trust, Probe& probe) {
  Catalog catalog;
  catalog.trust_ = trust;
  catalog.searched_ = describe(search);
  std::map<std::string, fs::path> first;
  for (const Candidate& candidate : discover(search)) {
    Entry entry = examine(candidate, trust, probe);
    if (entry.state == State::Usable) {
      const auto [winner, is_new] = first.emplace(entry.descriptor->id, entry.path);
      if (!is_new) {
        entry.state = State::Shadowed;
        entry.why = "'" + winner->second.string() + "' comes first";
      }
    }
    catalog.entries_.push_back(std::move(entry));
  }
  return catalog;
}

Error Catalog::unknown(std::string_view id) const {
  std::string message = "cannot find plugin '" + std::string(id) + "'";
  std::vector<std::string> ids;
  for (const Entry& entry : entries_) {
    if (entry.state == State::Usable) {
      ids.push_back(entry.descriptor->id);
    }
    // A refused library tells no id that could be believed; its file's name is the best clue.
    if (entry.state == State::Refused && entry.path.stem() == id) {
      return Error(Errc::NotFound, message + ": " + entry.why);
    }
  }
  if (const auto close = text::closest_match(id, ids)) {
    message += "; did you mean '" + *close + "'?";
  } else if (!ids.empty()) {
    message += "; there are: " + text::join(ids, ", ");
  }
  return Error(Errc::NotFound,
               message + "\nsearched:\n" + (searched_.empty() ? "no folder at all" : searched_));
}

Result<const Entry*> Catalog::find(std::string_view id, Kind kind) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [id](const Entry& entry) {
    return entry.state == State::Usable && entry.descriptor->id == id;
  });
  if (found == entries_.end()) {
    return unknown(id);
  }
  const std::vector<Kind>& kinds = found->descriptor->kinds;
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
    return Error(Errc::Invalid, "plugin '" + std::string(id) + "' is a " +
                                    std::string(to_string(kinds.front())) + ", not a " +
                                    std::string(to_string(kind)));
  }
  return &*found;
}

Result<exec::Executable> Catalog::executable(std::string_view id, Kind kind) const {
  DIRECTOR_TRY(const Entry* entry, find(id, kind));
  if (entry->form != Form::Executable) {
    return Error(Errc::Invalid, "plugin '" + std::string(id) + "' is a library, not a program");
  }
  DIRECTOR_CHECK(check_trust(entry->path, found_by_search(entry->source), trust_));
  std::error_code error;
  return exec::Executable{fs::canonical(entry->path, error), *entry->descriptor};
}

Result<const Library*> Catalog::load(std::string_view id, Kind kind) const {
  DIRECTOR_TRY(const Entry* entry, find(id, kind));
  if (entry->form != Form::Library) {
    return Error(Errc::Invalid, "plugin '" + std::string(id) + "' is a program, not a library");
  }
  DIRECTOR_CHECK(check_trust(entry->path, found_by_search(entry->source), trust_));
  DIRECTOR_TRY(const Library* library, open_library(entry->path));
  if (library->descriptor().id != id) {
    return Error(Errc::Conflict, "cannot load plugin '" + std::string(id) + "': '" +
                                     entry->path.string() + "' is now '" +
                                     library->descriptor().id + "'; run the command again");
  }
  return library;
}

}  // namespace director::plugin
