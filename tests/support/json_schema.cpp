#include "tests/support/json_schema.hpp"

#include <rapidjson/document.h>
#include <rapidjson/pointer.h>
#include <rapidjson/schema.h>
#include <rapidjson/stringbuffer.h>

#include <fstream>
#include <sstream>
#include <utility>

namespace director::support {
namespace {

using rapidjson::Value;

constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;

Result<rapidjson::Document> parse_text(std::string_view text) {
  rapidjson::Document document;
  document.Parse<kFlags>(text.data(), text.size());
  if (document.HasParseError()) {
    return Error(Errc::Invalid, "no JSON from byte " + std::to_string(document.GetErrorOffset()));
  }
  return document;
}

std::string told(const rapidjson::Pointer& pointer) {
  rapidjson::StringBuffer out;
  pointer.Stringify(out);
  return out.GetSize() == 0 ? "top level" : std::string(out.GetString(), out.GetSize());
}

const Value* member(const Value& object, const Value& name) {
  if (!object.IsObject()) {
    return nullptr;
  }
  const auto found = object.FindMember(name);
  return found == object.MemberEnd() ? nullptr : &found->value;
}

const Value* member(const Value& object, const char* name) {
  return member(object, Value(rapidjson::StringRef(name)));
}

bool allows(const Value& alternative, const Value& name, const Value& value) {
  const Value* properties = member(alternative, "properties");
  const Value* property = properties == nullptr ? nullptr : member(*properties, name);
  const Value* words = property == nullptr ? nullptr : member(*property, "enum");
  if (words == nullptr || !words->IsArray()) {
    return false;
  }
  for (const Value& word : words->GetArray()) {
    if (word == value) {
      return true;
    }
  }
  return false;
}

/// Of the alternatives of a oneOf, the only one that allows what the document has in one of its
/// enumerations, such as "kind"; null if that does not tell.
const Value* alternative_for(const Value& schema, const Value& document) {
  const Value* all = member(schema, "oneOf");
  if (all == nullptr || !all->IsArray() || !document.IsObject()) {
    return nullptr;
  }
  for (const auto& entry : document.GetObject()) {
    const Value* only = nullptr;
    int fitting = 0;
    for (const Value& alternative : all->GetArray()) {
      if (allows(alternative, entry.name, entry.value)) {
        only = &alternative;
        ++fitting;
      }
    }
    if (fitting == 1) {
      return only;
    }
  }
  return nullptr;
}

std::string missing(const Value& schema, const Value& object) {
  std::string names;
  const Value* required = member(schema, "required");
  if (required == nullptr || !required->IsArray()) {
    return names;
  }
  for (const Value& name : required->GetArray()) {
    if (name.IsString() && member(object, name) == nullptr) {
      names += (names.empty() ? ": '" : ", '") + std::string(name.GetString()) + "'";
    }
  }
  return names.empty() ? names : names + " is missing";
}

Status check_against(const Value& schema, const rapidjson::SchemaDocument& compiled,
                     const Value& document) {
  rapidjson::SchemaValidator validator(compiled);
  if (document.Accept(validator)) {
    return ok();
  }
  const rapidjson::Pointer place = validator.GetInvalidDocumentPointer();
  const std::string keyword = validator.GetInvalidSchemaKeyword();
  if (const Value* alternative = alternative_for(schema, document); alternative != nullptr) {
    const rapidjson::SchemaDocument one(*alternative);
    DIRECTOR_CHECK(check_against(*alternative, one, document));
  }
  std::string why = told(place) + ": '" + keyword + "' does not hold";
  const Value* rule = validator.GetInvalidSchemaPointer().Get(schema);
  const Value* at = place.Get(document);
  if (keyword == "required" && rule != nullptr && at != nullptr) {
    why += missing(*rule, *at);
  }
  return Error(Errc::Invalid, why);
}

}  // namespace

struct JsonSchema::Parts {
  explicit Parts(rapidjson::Document schema) : text(std::move(schema)), compiled(text) {}

  rapidjson::Document text;
  rapidjson::SchemaDocument compiled;
};

Result<JsonSchema> JsonSchema::parse(std::string_view text) {
  DIRECTOR_TRY(rapidjson::Document schema, parse_text(text).context("cannot read schema"));
  if (!schema.IsObject()) {
    return Error(Errc::Invalid, "cannot read schema: it is no object");
  }
  return JsonSchema(std::make_shared<const Parts>(std::move(schema)));
}

Result<JsonSchema> JsonSchema::load(const std::string& name) {
  const std::string path = std::string(DIRECTOR_FORMATS) + "/" + name + ".schema.json";
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    return Error(Errc::Io, "cannot read schema '" + path + "'");
  }
  return parse(text.str()).context(path);
}

Status JsonSchema::check(std::string_view document) const {
  DIRECTOR_TRY(const rapidjson::Document parsed, parse_text(document));
  return check_against(parts_->text, parts_->compiled, parsed);
}

}  // namespace director::support
