#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/config/schema.hpp"
#include "core/plugin/instance.hpp"
#include "sdk/kit/check.hpp"
#include "sdk/kit/symbols.hpp"

namespace director::kit {
namespace {

Outcome loads(const Subject& subject) {
  if (subject.is_program()) {
    const Result<plugin::Descriptor> hello = subject.who();
    return hello ? passed() : failed(hello.error().message());
  }
  const Result<EntryPoint> entry = subject.entry();
  if (!entry) {
    return failed(entry.error().message());
  }
  const Result<const director_plugin*> raw = subject.descriptor();
  return raw ? passed() : failed(raw.error().message());
}

Outcome one_symbol(const Subject& subject) {
  const Result<std::vector<std::string>> names = exported_symbols(subject.library());
  if (!names) {
    return failed(names.error().message());
  }
  if (*names == std::vector<std::string>{"director_plugin_entry"}) {
    return passed();
  }
  std::vector<std::string> shown(names->begin(),
                                 names->begin() + std::min<std::ptrdiff_t>(std::ssize(*names), 5));
  return failed("it exports " + std::to_string(names->size()) +
                " symbols: " + text::join(shown, ", ") + (names->size() > 5 ? ", ..." : ""));
}

Status sound_table(Kind kind, const void* raw) {
  const auto* table = static_cast<const plugin::TableHead*>(raw);
  const std::string name = plugin::interface_id(kind);
  const std::size_t least = plugin::published_size(kind);
  DIRECTOR_CHECK(expect(plugin::is_sane(table->struct_size, least),
                        "the table of '" + name + "' has a struct_size of " +
                            std::to_string(table->struct_size) + ", not the " +
                            std::to_string(least) + " of its header"));
  DIRECTOR_CHECK(
      expect(plugin::is_whole(table->instances),
             "the instances of '" + name + "' have a wrong struct_size, or are missing"));
  DIRECTOR_CHECK(expect(table->instances->create != nullptr && table->instances->destroy != nullptr,
                        "'" + name + "' cannot make instances: create or destroy is NULL"));
  // After its head a table holds functions and nothing else.
  const auto* functions = static_cast<const char*>(raw) + sizeof(plugin::TableHead);
  for (std::size_t i = 0; i < (least - sizeof(plugin::TableHead)) / sizeof(void*); ++i) {
    void* function = nullptr;
    std::memcpy(&function, functions + i * sizeof function, sizeof function);
    DIRECTOR_CHECK(expect(function != nullptr,
                          "function " + std::to_string(i + 1) + " of '" + name + "' is NULL"));
  }
  return ok();
}

Outcome struct_sizes(const Subject& subject) {
  const Result<const director_plugin*> raw = subject.descriptor();
  if (!raw) {
    return failed(raw.error().message());
  }
  if (!plugin::is_whole(*raw)) {
    return failed("its descriptor has a struct_size of " + std::to_string((*raw)->struct_size));
  }
  for (const Kind kind : plugin::kKinds) {
    if (const void* table = (*raw)->get_interface(plugin::interface_id(kind)); table != nullptr) {
      if (const Status sound = sound_table(kind, table); !sound) {
        return outcome_of(sound);
      }
    }
  }
  return passed();
}

Outcome wrong_major(const Subject& subject) {
  const Result<EntryPoint> entry = subject.entry();
  if (!entry) {
    return unchecked(entry.error().message());
  }
  subject.step("director_plugin_entry of another major");
  constexpr std::uint32_t kOther = DIRECTOR_ABI_MAJOR + 1;
  const director_plugin* offered = entry->call(kOther, 0);
  if (offered != nullptr && offered->abi_major == kOther) {
    return failed("asked by a host of major " + std::to_string(kOther) +
                  " it says that it was built for that one, too");
  }
  const director_plugin* again = entry->call(DIRECTOR_ABI_MAJOR, DIRECTOR_ABI_MINOR + 50);
  if (again == nullptr || again->abi_major != DIRECTOR_ABI_MAJOR) {
    return failed("asked by a host with a later minor it says that it cannot work with it");
  }
  return passed();
}

Outcome descriptor(const Subject& subject) {
  const Result<plugin::Descriptor> known = subject.who();
  if (!known) {
    return failed(known.error().message());
  }
  const std::string_view summary = known->summary;
  if (text::trim(summary).empty()) {
    return failed("its summary is empty: say in one line what it does");
  }
  if (summary.find('\n') != std::string_view::npos || !text::is_utf8(summary)) {
    return failed("its summary is not one line of UTF-8");
  }
  if (subject.is_program()) {
    return passed();
  }
  DIRECTOR_TRY_OUTCOME(const director_plugin* raw, subject.descriptor());
  if (raw->abi_minor < raw->min_host_minor) {
    return failed("it needs a later host than the one that it was built with");
  }
  return passed();
}

Outcome schema(const Subject& subject) {
  const Result<plugin::Descriptor> known = subject.who();
  if (!known) {
    return failed(known.error().message());
  }
  if (!known->config_schema) {
    return passed("it has no configuration");
  }
  // Read by the same code that reads it in a job; what the table lacks is not what is asked.
  const Result<std::string> read =
      config::check_plugin_config({}, *known->config_schema, known->id);
  if (!read && read.error().code() == Errc::Internal) {
    return failed(read.error().message());
  }
  const Result<std::string> ours = subject.config();
  return ours ? passed()
              : unchecked("say its configuration in [plugin]: " + ours.error().message());
}

/// The place of the first thing in a schema that lets keys in which it does not name.
std::optional<std::string> opening(const Json& schema) {
  if (const auto more = schema.find("additionalProperties")) {
    if (more->type() != JsonType::Bool || more->as_bool().value_or(true)) {
      return more->path();
    }
  }
  if (const auto more = schema.find("patternProperties")) {
    return more->path();
  }
  return std::nullopt;
}

Outcome schema_is_closed(const Subject& subject) {
  DIRECTOR_TRY_OUTCOME(const plugin::Descriptor known, subject.who());
  if (!known.config_schema) {
    return passed("it has no configuration");
  }
  const Result<Json> read = parse_json(*known.config_schema);
  if (!read || !read->is_object()) {
    return failed("its schema is no JSON object");
  }
  if (const auto place = opening(*read)) {
    return failed("its schema takes keys that it does not name (" + *place +
                  "): a misspelt key would pass unseen");
  }
  if (!read->find("properties")) {
    return failed("its schema names no properties; a plugin without a configuration has none");
  }
  config::PluginTable table;
  table.json = R"({"kit-unknown-key":1})";
  const Result<std::string> taken =
      config::check_plugin_config(table, *known.config_schema, known.id);
  if (taken || taken.error().message().find("kit-unknown-key") == std::string::npos) {
    return failed("its schema takes the key 'kit-unknown-key'");
  }
  return passed();
}

Outcome unknown_ids(const Subject& subject) {
  DIRECTOR_TRY_OUTCOME(const director_plugin* raw, subject.descriptor());
  for (const char* id :
       {"", "director", "director.gate", "director.gate/", "director.gate/2", "director.gate/11",
        "director.runner/0", "director.vcs/1/1", "DIRECTOR.SINK/1", "director.kit-unknown/1",
        "director.reviewer/1 ", "launcher"}) {
    subject.step("get_interface");
    if (raw->get_interface(id) != nullptr) {
      return failed("get_interface(\"" + std::string(id) + "\") is not NULL");
    }
  }
  return passed();
}

Outcome kinds(const Subject& subject) {
  DIRECTOR_TRY_OUTCOME(const director_plugin* raw, subject.descriptor());
  std::set<const void*> tables;
  for (const Kind kind : plugin::kKinds) {
    const char* id = plugin::interface_id(kind);
    const void* table = raw->get_interface(id);
    if (table != nullptr && !tables.insert(table).second) {
      return failed("it gives one table for two kinds, the second being '" + std::string(id) + "'");
    }
    if (raw->get_interface(id) != table) {
      return failed("it gives another table for '" + std::string(id) + "' when it is asked again");
    }
  }
  return passed();
}

}  // namespace

const std::vector<Check>& loading_checks() {
  static const std::vector<Check> kAll{
      {"common.loads", "it loads at once and offers itself", Needs::File, &loads},
      {"common.one-symbol", "it exports director_plugin_entry alone", Needs::File, &one_symbol},
      {"common.struct-sizes", "its structs are whole", Needs::Library, &struct_sizes},
      {"common.wrong-major", "it does not pretend to another major", Needs::Library, &wrong_major},
      {"common.descriptor", "it says who it is", Needs::Library, &descriptor},
      {"common.kinds", "each kind has a table of its own", Needs::Tables, &kinds},
      {"common.unknown-ids", "interfaces that it does not have are NULL", Needs::Library,
       &unknown_ids},
      {"common.schema", "its schema can be used", Needs::Library, &schema},
      {"common.schema-is-closed", "unknown keys are refused", Needs::Library, &schema_is_closed},
  };
  return kAll;
}

}  // namespace director::kit
