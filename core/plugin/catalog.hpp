/// Every plugin that was found, and what became of it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/plugin/discovery.hpp"
#include "core/plugin/exec/executable.hpp"
#include "core/plugin/library.hpp"
#include "core/plugin/probe.hpp"
#include "core/plugin/trust.hpp"

namespace director::plugin {

enum class State : std::uint8_t {
  Usable,
  Shadowed,  ///< an earlier place has the same id
  Refused
};

/// "usable", ...
[[nodiscard]] std::string_view to_string(State state);

struct Entry {
  std::filesystem::path path;
  Source source = Source::Installed;
  State state = State::Refused;
  std::string why;  ///< set unless usable
  std::optional<Descriptor> descriptor;
  Form form = Form::Library;
};

/// Made once at the start; then safe from any thread.
class Catalog {
 public:
  /// Looks through the places; loads nothing into this process. What is wrong with one library is
  /// told in its entry and does not touch the others.
  [[nodiscard]] static Catalog scan(const SearchPath& search, const TrustRules& trust,
                                    Probe& probe);

  /// In search order.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  /// The usable plugin with this id. Errors: NotFound with what was found instead and where it was
  /// looked for; Invalid if it is not of that kind.
  [[nodiscard]] Result<const Entry*> find(std::string_view id, Kind kind) const;
  /// Loads a library into this process. Errors: those of find() and open_library(); Conflict if the
  /// file is no longer what was probed; Invalid if it is no library.
  [[nodiscard]] Result<const Library*> load(std::string_view id, Kind kind) const;

  /// The program behind such an id. Errors: those of find(); Invalid if it is no program or may not
  /// be trusted any more.
  [[nodiscard]] Result<exec::Executable> executable(std::string_view id, Kind kind) const;

 private:
  [[nodiscard]] Error unknown(std::string_view id) const;

  std::vector<Entry> entries_;
  TrustRules trust_;
  std::string searched_;
};

}  // namespace director::plugin
