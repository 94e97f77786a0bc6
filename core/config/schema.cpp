#include "core/config/schema.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/config/load.hpp"

namespace director::config {
namespace {

enum class Type : std::uint8_t { String, Integer, Number, Boolean, Strings };

struct Property {
  Type type = Type::String;
  std::vector<Json> allowed;  ///< "enum"; empty: anything
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::optional<Json> fallback;
};

struct Schema {
  std::map<std::string, Property> properties;
  std::set<std::string> required;
};

std::string_view words_for(Type type) {
  switch (type) {
    case Type::String:
      return "a string";
    case Type::Integer:
      return "a whole number";
    case Type::Number:
      return "a number";
    case Type::Boolean:
      return "true or false";
    case Type::Strings:
      return "an array of strings";
  }
  return "a string";
}

bool has_type(const Json& value, Type type) {
  switch (type) {
    case Type::String:
      return value.is_string();
    case Type::Integer:
      return value.type() == JsonType::Integer;
    case Type::Number:
      return value.as_number().has_value();
    case Type::Boolean:
      return value.type() == JsonType::Bool;
    case Type::Strings:
      return value.as_strings().has_value();
  }
  return false;
}

/// As JSON; only values of the schema's types.
std::string to_json(const Json& value) {
  JsonWriter json;
  if (const auto text = value.as_string()) {
    return json.value(*text).take();
  }
  if (const auto integer = value.as_int()) {
    return json.value(*integer).take();
  }
  if (const auto number = value.as_number()) {
    return json.value(*number).take();
  }
  if (const auto flag = value.as_bool()) {
    return json.value(*flag).take();
  }
  if (const auto texts = value.as_strings()) {
    return json.value(*texts).take();
  }
  return "null";
}

/// What is wrong with a value; empty: nothing.
std::string value_problem(const Json& value, const Property& property) {
  if (!has_type(value, property.type)) {
    return "expected " + std::string(words_for(property.type)) + ", found " +
           std::string(to_string(value.type()));
  }
  if (!property.allowed.empty()) {
    std::vector<std::string> choices;
    for (const Json& choice : property.allowed) {
      choices.push_back(to_json(choice));
    }
    if (std::find(choices.begin(), choices.end(), to_json(value)) == choices.end()) {
      return "expected one of " + text::join(choices, ", ") + ", found " +
             text::printable(text::cut_middle(to_json(value), 200));
    }
  }
  const auto number = value.as_number();
  const auto written = [](double limit) { return JsonWriter().value(limit).take(); };
  if (number && property.minimum && *number < *property.minimum) {
    return "expected at least " + written(*property.minimum) + ", found " + to_json(value);
  }
  if (number && property.maximum && *number > *property.maximum) {
    return "expected at most " + written(*property.maximum) + ", found " + to_json(value);
  }
  return {};
}

Result<Type> read_type(const Json& json) {
  DIRECTOR_TRY(const std::string type, json.get_string("type"));
  if (type == "array") {
    DIRECTOR_TRY(const Json items, json.get_object("items"));
    DIRECTOR_TRY(const std::string item_type, items.get_string("type"));
    if (item_type == "string") {
      return Type::Strings;
    }
    return items.error("only arrays of strings are known");
  }
  const std::pair<std::string_view, Type> types[] = {{"string", Type::String},
                                                     {"integer", Type::Integer},
                                                     {"number", Type::Number},
                                                     {"boolean", Type::Boolean}};
  for (const auto& [name, known] : types) {
    if (type == name) {
      return known;
    }
  }
  return json.get("type")->error("the type " + json_quote(type) + " is not known");
}

Result<Property> read_property(const Json& json) {
  Property property;
  DIRECTOR_TRY(property.type, read_type(json));
  if (const auto choices = json.find("enum")) {
    DIRECTOR_TRY(property.allowed, choices->as_array());
  }
  DIRECTOR_TRY(property.minimum, json.find_number("minimum"));
  DIRECTOR_TRY(property.maximum, json.find_number("maximum"));
  property.fallback = json.find("default");
  if (property.fallback) {
    const std::string problem = value_problem(*property.fallback, property);
    if (!problem.empty()) {
      return property.fallback->error(problem);
    }
  }
  return property;
}

Result<Schema> read_schema(std::string_view text) {
  Schema schema;
  if (text::trim(text).empty()) {
    return schema;
  }
  DIRECTOR_TRY(const Json json, parse_json(text));
  if (!json.is_object()) {
    return json.error("expected an object, found " + std::string(to_string(json.type())));
  }
  if (const auto properties = json.find("properties")) {
    if (!properties->is_object()) {
      return properties->error("expected an object");
    }
    for (const auto& [name, definition] : properties->members()) {
      DIRECTOR_TRY(Property property, read_property(definition));
      schema.properties.emplace(name, std::move(property));
    }
  }
  DIRECTOR_TRY(const auto required, json.find_strings("required"));
  for (const std::string& name : required.value_or(std::vector<std::string>{})) {
    if (!schema.properties.contains(name)) {
      return Error(Errc::Invalid, "required: there is no property " + json_quote(name));
    }
    schema.required.insert(name);
  }
  return schema;
}

class Checker {
 public:
  Checker(const PluginTable& table, const Schema& schema, std::string_view id)
      : table_(table), schema_(schema), prefix_("plugin." + std::string(id)) {}

  Result<std::string> check(const Json& values) {
    std::map<std::string, std::string> result;
    for (const auto& [name, value] : values.members()) {
      if (check_value(name, value)) {
        result.emplace(name, to_json(value));
      }
    }
    for (const auto& [name, property] : schema_.properties) {
      if (values.find(name)) {
        continue;
      }
      if (property.fallback) {
        result.emplace(name, to_json(*property.fallback));
      } else if (schema_.required.contains(name)) {
        complain(table_.table, "missing key '" + prefix_ + "." + name + "': give it " +
                                   std::string(words_for(property.type)));
      }
    }
    if (!problems_.empty()) {
      return Error(Errc::Invalid, text::join(problems_, "\n"));
    }
    JsonWriter json;
    json.begin_object();
    for (const auto& [name, value] : result) {
      json.key(name).raw(value);
    }
    return json.end_object().take();
  }

 private:
  bool check_value(const std::string& name, const Json& value) {
    const auto origin = table_.origins.find(name);
    const Origin& at = origin == table_.origins.end() ? table_.table : origin->second;
    const auto property = schema_.properties.find(name);
    if (property == schema_.properties.end()) {
      std::vector<std::string> names;
      for (const auto& [known, unused] : schema_.properties) {
        names.push_back(known);
      }
      const auto close = text::closest_match(name, names);
      complain(at, "unknown key '" + prefix_ + "." + text::printable(name) + "'" +
                       (close           ? ", did you mean '" + prefix_ + "." + *close + "'?"
                        : names.empty() ? ", this plugin has no settings"
                                        : ", known are " + text::join(names, ", ")));
      return false;
    }
    const std::string problem = value_problem(value, property->second);
    if (!problem.empty()) {
      complain(at, prefix_ + "." + name + ": " + problem);
    }
    return problem.empty();
  }

  void complain(const Origin& origin, const std::string& message) {
    problems_.push_back(origin.source.empty() ? message : to_string(origin) + ": " + message);
  }

  const PluginTable& table_;
  const Schema& schema_;
  std::string prefix_;
  std::vector<std::string> problems_;
};

}  // namespace

Result<std::string> check_plugin_config(const PluginTable& table, std::string_view json_schema,
                                        std::string_view plugin_id) {
  const Result<Schema> schema = read_schema(json_schema);
  if (!schema) {
    return Error(Errc::Internal, "cannot use the configuration schema of plugin '" +
                                     std::string(plugin_id) +
                                     "', a bug of that plugin: " + schema.error().message());
  }
  DIRECTOR_TRY(const Json values, parse_json(table.json));
  if (!values.is_object()) {
    return values.error("expected an object");
  }
  return Checker(table, *schema, plugin_id).check(values);
}

}  // namespace director::config
