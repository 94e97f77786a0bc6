#include "core/config/load.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/config/entries.hpp"
#include "core/config/keys.hpp"
#include "core/config/rules.hpp"
#include "core/plan/names.hpp"

namespace director::config {
namespace {

enum class SourceKind : std::uint8_t { User, Repository, Override };

bool is_table(const Entry& entry) { return std::holds_alternative<TableMark>(entry.value); }

class Loader {
 public:
  Loader() {
    for (const Key& key : fixed_keys()) {
      fixed_.emplace(key.table + "." + key.name, &key);
    }
  }

  void add(Entries read, SourceKind kind) {
    draft_.unreadable = draft_.unreadable || !read.complaints.empty();
    draft_.complaints.insert(draft_.complaints.end(), read.complaints.begin(),
                             read.complaints.end());
    refused_.clear();
    for (const Entry& entry : read.entries) {
      if (!lies_in_refused(entry.path)) {
        add_entry(entry, kind);
      }
    }
  }

  Draft take() && {
    for (auto& [id, table] : plugin_values_) {
      JsonWriter json;
      json.begin_object();
      for (const auto& [name, value] : table) {
        json.key(name).raw(value);
      }
      draft_.settings.plugin_tables[id].json = json.end_object().take();
    }
    return std::move(draft_);
  }

 private:
  /// What stands in a refused table needs no complaint of its own.
  [[nodiscard]] bool lies_in_refused(std::vector<std::string> path) const {
    while (path.size() > 1) {
      path.pop_back();
      if (refused_.contains(path)) {
        return true;
      }
    }
    return false;
  }

  void complain(const Entry& entry, const std::string& message) {
    draft_.complaints.push_back({entry.origin, dotted(entry.path) + ": " + message});
    draft_.wrong.insert(dotted(entry.path));
    refused_.insert(entry.path);
  }

  void unknown(const Entry& entry) {
    const std::string what = is_table(entry) ? "table '" : "key '";
    draft_.complaints.push_back(
        {entry.origin, "unknown " + what + dotted(entry.path) + "'" + suggestion(entry.path)});
    refused_.insert(entry.path);
  }

  void add_entry(const Entry& entry, SourceKind kind) {
    const std::string& table = entry.path.front();
    if (entry.path.size() == 1) {
      add_top(entry, kind);
    } else if (table == "gates") {
      add_gate(entry, kind);
    } else if (table == "pricing") {
      add_price(entry);
    } else if (table == "plugin") {
      add_plugin_value(entry);
    } else {
      add_fixed(entry);
    }
  }

  void add_top(const Entry& entry, SourceKind kind) {
    const std::vector<std::string>& tables = table_names();
    if (std::find(tables.begin(), tables.end(), entry.path.front()) == tables.end()) {
      unknown(entry);
    } else if (!is_table(entry)) {
      complain(entry, "expected a table, found " + type_name(entry.value));
    } else if (entry.path.front() == "gates" && kind == SourceKind::User) {
      draft_.warnings.push_back(to_string(entry.origin) +
                                ": gates: only the repository's configuration may set gates, so "
                                "these are not used");
    }
  }

  void add_fixed(const Entry& entry) {
    std::string name = entry.path.front();
    for (auto part = entry.path.begin() + 1; part != entry.path.end(); ++part) {
      name += "." + *part;
    }
    const auto found = fixed_.find(name);
    if (found != fixed_.end()) {
      if (const auto problem = found->second->apply(entry, draft_.settings)) {
        complain(entry, *problem);
      } else {
        draft_.origins[dotted(entry.path)] = entry.origin;
      }
      return;
    }
    const bool is_role = entry.path.front() == "sampling" && entry.path.size() == 2 &&
                         parse_role(entry.path[1]).has_value();
    if (is_role && !is_table(entry)) {
      complain(entry, "expected a table, found " + type_name(entry.value));
    } else if (!is_role) {
      unknown(entry);
    }
  }

  void add_gate(const Entry& entry, SourceKind kind) {
    if (kind == SourceKind::User) {
      return;
    }
    if (kind == SourceKind::Override) {
      complain(entry, "gates only come from the repository's configuration");
      return;
    }
    draft_.gate_names.insert(entry.path[1]);
    const auto* command = std::get_if<std::string>(&entry.value);
    if (command == nullptr || entry.path.size() != 2) {
      complain(entry, wrong_type("a command as a string", entry));
    } else if (command->find('\0') != std::string::npos) {
      complain(entry, "has a NUL character");
    } else if (!text::trim(*command).empty()) {
      draft_.settings.gates.push_back({entry.path[1], *command});
      draft_.origins[dotted(entry.path)] = entry.origin;
    }
  }

  void add_price(const Entry& entry) {
    if (entry.path.size() == 2) {
      if (!is_table(entry)) {
        complain(entry, "expected a table with input and output, found " + type_name(entry.value));
        return;
      }
      draft_.settings.pricing[entry.path[1]];
      draft_.origins[dotted(entry.path)] = entry.origin;
      return;
    }
    const std::vector<std::string>& names = price_names();
    if (entry.path.size() != 3 ||
        std::find(names.begin(), names.end(), entry.path[2]) == names.end()) {
      unknown(entry);
    } else if (const auto problem =
                   apply_price(entry, entry.path[2], draft_.settings.pricing[entry.path[1]])) {
      complain(entry, *problem);
    } else {
      draft_.origins[dotted(entry.path)] = entry.origin;
    }
  }

  void add_plugin_value(const Entry& entry) {
    const std::string& id = entry.path[1];
    if (!is_plugin_id(id)) {
      complain(entry, "a plugin's id has only small letters, digits and '-'");
      return;
    }
    if (entry.path.size() == 2) {
      if (!is_table(entry)) {
        complain(entry, "expected a table, found " + type_name(entry.value));
        return;
      }
      draft_.settings.plugin_tables[id].table = entry.origin;
      return;
    }
    const std::optional<std::string> json = to_json(entry.value);
    if (entry.path.size() > 3) {
      unknown(entry);
      return;
    }
    if (!json) {
      complain(entry, "expected a string, number, boolean or array of strings, found " +
                          type_name(entry.value));
      return;
    }
    PluginTable& table = draft_.settings.plugin_tables[id];
    if (table.table.source.empty()) {
      table.table = entry.origin;
    }
    table.origins[entry.path[2]] = entry.origin;
    plugin_values_[id][entry.path[2]] = *json;
    draft_.origins[dotted(entry.path)] = entry.origin;
    draft_.plugin_items[dotted(entry.path)] = to_toml(entry.value);
  }

  std::map<std::string, const Key*> fixed_;
  Draft draft_;
  std::set<std::vector<std::string>> refused_;  ///< paths of the source that is being added
  std::map<std::string, std::map<std::string, std::string>> plugin_values_;
};

std::vector<Item> list_items(const Draft& draft) {
  std::map<std::string, Item> items;
  const auto origin_of = [&](const std::string& key) {
    const auto found = draft.origins.find(key);
    return found == draft.origins.end() ? Origin{"default", 0, 0} : found->second;
  };
  for (const Key& key : fixed_keys()) {
    if (const auto value = key.show(draft.settings)) {
      const std::string name = key.table + "." + key.name;
      items[name] = {name, to_toml(*value), origin_of(name)};
    }
  }
  for (const Gate& gate : draft.settings.gates) {
    const std::string name = dotted({"gates", gate.name});
    items[name] = {name, to_toml(gate.command), origin_of(name)};
  }
  for (const auto& [tier, price] : draft.settings.pricing) {
    const std::optional<double> values[] = {price.input, price.output, price.cache_read,
                                            price.cache_write};
    for (std::size_t i = 0; i < price_names().size(); ++i) {
      if (values[i]) {
        const std::string name = dotted({"pricing", tier, price_names()[i]});
        items[name] = {name, to_toml(*values[i]), origin_of(name)};
      }
    }
  }
  for (const auto& [name, value] : draft.plugin_items) {
    items[name] = {name, value, origin_of(name)};
  }
  std::vector<Item> sorted;
  sorted.reserve(items.size());
  for (auto& [name, item] : items) {
    sorted.push_back(std::move(item));
  }
  return sorted;
}

/// By source, then by place: as a compiler would list them.
Error as_error(std::vector<Complaint> complaints) {
  std::stable_sort(complaints.begin(), complaints.end(),
                   [](const Complaint& a, const Complaint& b) {
                     return std::tie(a.origin.source, a.origin.line, a.origin.column) <
                            std::tie(b.origin.source, b.origin.line, b.origin.column);
                   });
  std::vector<std::string> lines;
  lines.reserve(complaints.size());
  for (const Complaint& complaint : complaints) {
    lines.push_back(to_string(complaint.origin) + ": " + complaint.message);
  }
  return Error(Errc::Invalid, text::join(lines, "\n"));
}

}  // namespace

std::string to_string(const Origin& origin) {
  std::string text = text::printable(origin.source);
  if (origin.line > 0) {
    text += ":" + std::to_string(origin.line) + ":" + std::to_string(origin.column);
  }
  return text;
}

Result<Loaded> load(const Sources& sources) {
  Loader loader;
  std::string last_file = "configuration";
  const auto add_file = [&](const std::optional<SourceFile>& file, SourceKind kind) {
    if (file) {
      loader.add(read_toml(file->path, file->text), kind);
      last_file = file->path;
    }
  };
  if (sources.profile) {
    add_file(sources.profile, SourceKind::Repository);
  } else {
    add_file(sources.user, SourceKind::User);
    add_file(sources.repository, SourceKind::Repository);
  }
  std::vector<std::string> warnings;
  for (const auto& [name, value] : sources.environment) {
    if (auto read = read_variable(name, value)) {
      loader.add(*std::move(read), SourceKind::Override);
    } else if (auto warning = misspelt_variable(name)) {
      warnings.push_back(*std::move(warning));
    }
  }
  for (const std::string& text : sources.overrides) {
    loader.add(read_override(text), SourceKind::Override);
  }
  Draft draft = std::move(loader).take();
  check_together(draft, last_file);
  if (!draft.complaints.empty()) {
    return as_error(std::move(draft.complaints));
  }
  std::vector<Item> items = list_items(draft);
  warnings.insert(warnings.begin(), draft.warnings.begin(), draft.warnings.end());
  return Loaded{std::move(draft.settings), std::move(items), std::move(warnings)};
}

}  // namespace director::config
