#include "core/config/rules.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "core/base/text.hpp"
#include "core/config/keys.hpp"
#include "core/config/load.hpp"
#include "core/plan/names.hpp"

namespace director::config {
namespace {

Origin origin_of(const Draft& draft, const std::string& key, const std::string& file) {
  const auto found = draft.origins.find(key);
  return found == draft.origins.end() ? Origin{file, 0, 0} : found->second;
}

void check_tiers(Draft& draft, const std::string& file) {
  for (const Role role : kRoles) {
    const bool is_told = draft.wrong.contains("tiers." + std::string(to_string(role)));
    if (!draft.settings.tiers.contains(role) && !is_told && !draft.wrong.contains("tiers")) {
      draft.complaints.push_back({{file, 0, 0},
                                  "missing key 'tiers." + std::string(to_string(role)) +
                                      "': all six roles need a model, add " +
                                      std::string(to_string(role)) +
                                      " = \"provider/model\" to [tiers]"});
    }
  }
}

void check_reviewer(Draft& draft, const std::string& file) {
  const auto reviewer = draft.settings.tiers.find(Role::Reviewer);
  const auto executor = draft.settings.tiers.find(Role::Executor);
  if (draft.settings.review.stage_two && reviewer != draft.settings.tiers.end() &&
      executor != draft.settings.tiers.end() && reviewer->second.model == executor->second.model) {
    draft.complaints.push_back(
        {origin_of(draft, "tiers.reviewer", file),
         "tiers.reviewer: the executor's model must not review its own work: choose another model, "
         "or set review.stage_two = false"});
  }
}

std::string tier_key(Role role) { return dotted({"tiers", std::string(to_string(role))}); }

/// What a tier's calls cannot be priced without: its table, or the keys that the table lacks.
std::vector<std::string> missing_prices(const Draft& draft, const std::string& tier) {
  const auto price = draft.settings.pricing.find(tier);
  if (price == draft.settings.pricing.end()) {
    return {dotted({"pricing", tier})};
  }
  std::vector<std::string> missing;
  const auto look_at = [&](const std::optional<double>& value, const char* name) {
    const std::string key = dotted({"pricing", tier, name});
    if (!value && !draft.wrong.contains(key)) {
      missing.push_back(key);
    }
  };
  look_at(price->second.input, "input");
  look_at(price->second.output, "output");
  return missing;
}

/// Prices that are missing, for one warning.
struct Unpriced {
  std::optional<Role> first;
  std::vector<std::string> missing;

  void add(Role role, const std::vector<std::string>& more) {
    first = first.value_or(role);
    missing.insert(missing.end(), more.begin(), more.end());
  }
};

void warn_of(Draft& draft, const Unpriced& unpriced, const std::string& file,
             const std::string& what_counts) {
  if (unpriced.first) {
    draft.warnings.push_back(to_string(origin_of(draft, tier_key(*unpriced.first), file)) +
                             ": there is no " + text::join(unpriced.missing, ", ") + ": " +
                             what_counts);
  }
}

void check_prices(Draft& draft, const std::string& file) {
  std::set<std::string> used;
  const Limits& limits = draft.settings.limits;
  const bool is_required =
      limits.require_pricing && (limits.cost_ceiling_usd > 0 || limits.node_cost_ceiling_usd > 0);
  Unpriced without_table;
  Unpriced in_part;
  for (const auto& [role, tier] : draft.settings.tiers) {
    const std::vector<std::string> missing = missing_prices(draft, tier.text);
    if (!used.insert(tier.text).second || missing.empty()) {
      continue;
    }
    if (is_required) {
      draft.complaints.push_back({origin_of(draft, tier_key(role), file),
                                  tier_key(role) + ": there is no " + text::join(missing, ", ") +
                                      (missing.size() == 1 ? ": add it" : ": add them") +
                                      ", as limits.require_pricing asks for with a cost ceiling"});
    } else {
      (draft.settings.pricing.contains(tier.text) ? in_part : without_table).add(role, missing);
    }
  }
  warn_of(draft, without_table, file,
          "calls of such a tier count as the agent tool reports them, else as $0");
  warn_of(draft, in_part, file,
          "tokens without a price count as $0, or a call as the agent tool reports it if that is "
          "more");
  for (const auto& [tier, price] : draft.settings.pricing) {
    if (!used.contains(tier)) {
      const std::string key = dotted({"pricing", tier});
      draft.warnings.push_back(to_string(origin_of(draft, key, file)) + ": " + key +
                               ": no tier uses this model");
    }
  }
}

void check_setup(Draft& draft, const std::string& file) {
  const Workspace& workspace = draft.settings.workspace;
  if (!workspace.setup.empty() && workspace.keep.empty()) {
    draft.warnings.push_back(
        to_string(origin_of(draft, "workspace.setup", file)) +
        ": workspace.setup without workspace.keep: what it makes in a workspace is gone before "
        "agents and tests run; name the ignored folders that it makes in workspace.keep");
  }
}

void check_network_gates(Draft& draft, const std::string& file) {
  std::vector<std::string> known(draft.gate_names.begin(), draft.gate_names.end());
  known.emplace_back(kNodeTests);
  for (const std::string& name : draft.settings.sandbox.network_gates) {
    if (std::find(known.begin(), known.end(), name) != known.end()) {
      continue;
    }
    const auto close = text::closest_match(name, known);
    draft.complaints.push_back(
        {origin_of(draft, "sandbox.network_gates", file),
         "sandbox.network_gates: there is no gate " + plan::shown(name) +
             (close ? ", did you mean " + plan::shown(*close) + "?"
                    : ": name those of [gates], or \"tests\" for the nodes' own")});
  }
}

std::vector<std::string> keys_beside(const std::vector<std::string>& path) {
  std::string table = path.front();
  if (path.size() == 3) {
    table += "." + path[1];
  }
  std::vector<std::string> names;
  for (const Key& key : fixed_keys()) {
    if (key.table == table) {
      names.push_back(key.name);
    }
  }
  if (path.size() == 3 && path.front() == "pricing") {
    names = price_names();
  }
  if (path.size() == 2 && path.front() == "sampling") {
    for (const Role role : kRoles) {
      names.emplace_back(to_string(role));
    }
  }
  return names;
}

}  // namespace

const std::vector<std::string>& table_names() {
  static const std::vector<std::string> kNames{"tiers",   "gates",    "pricing",    "limits",
                                               "review",  "sampling", "repository", "workspace",
                                               "sandbox", "plugins",  "plugin"};
  return kNames;
}

std::string suggestion(const std::vector<std::string>& path) {
  const std::vector<std::string> candidates = path.size() == 1 ? table_names() : keys_beside(path);
  std::vector<std::string> meant(path.begin(), path.end() - 1);
  if (const auto close = text::closest_match(path.back(), candidates)) {
    meant.push_back(*close);
    return ", did you mean '" + dotted(meant) + "'?";
  }
  for (const Key& key : fixed_keys()) {
    if (key.name == path.back()) {
      return ", did you mean '" + key.table + "." + key.name + "'?";
    }
  }
  if (path.size() == 2) {
    if (const auto table = text::closest_match(path.front(), table_names());
        table && *table != path.front()) {
      return ", did you mean table '" + *table + "'?";
    }
  }
  return {};
}

std::optional<std::string> misspelt_variable(std::string_view name) {
  constexpr std::string_view kPrefix = "DIRECTOR_";
  if (!name.starts_with(kPrefix)) {
    return std::nullopt;
  }
  const std::string rest = text::to_lower(name.substr(kPrefix.size()));
  for (const Key& key : fixed_keys()) {
    std::string joined = key.table + "_" + key.name;
    std::string right = key.table + "__" + key.name;
    std::replace(joined.begin(), joined.end(), '.', '_');
    if (joined != rest) {
      continue;
    }
    for (std::size_t dot = right.find('.'); dot != std::string::npos; dot = right.find('.')) {
      right.replace(dot, 1, "__");
    }
    std::transform(right.begin(), right.end(), right.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return std::string(name) + ": not read, did you mean " + std::string(kPrefix) + right + "?";
  }
  return std::nullopt;
}

void check_together(Draft& draft, const std::string& file) {
  if (!draft.unreadable) {
    check_tiers(draft, file);
  }
  check_reviewer(draft, file);
  check_prices(draft, file);
  check_setup(draft, file);
  check_network_gates(draft, file);
}

}  // namespace director::config
