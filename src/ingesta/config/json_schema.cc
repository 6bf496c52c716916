// The schema tree as JSON Schema (draft 2020-12), for editors. Says no more than the check: what only the
// whole file can tell (names that must exist, keys that resource_defaults may give) is left to it.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ingesta/config/parse.h"
#include "ingesta/config/schema.h"

namespace ingesta::config {
namespace {

using Json = nlohmann::ordered_json;

Json Convert(const Schema& schema, bool mergeable);

/// `value`, or a text with a variable in its place.
Json OrVariable(Json value) {
  return {{"anyOf", Json::array({std::move(value), {{"type", "string"}, {"pattern", "\\$\\{"}}})}};
}

Json Text() {
  return {{"type", "string"}};
}

/// A text may stand without quotes and look like a number or a bool.
Json Scalar() {
  return {{"type", Json::array({"string", "number", "boolean"})}};
}

void AddRange(const Schema& schema, Json& json) {
  if (schema.min) json["minimum"] = *schema.min;
  if (schema.max) json["maximum"] = *schema.max;
}

Json Number(const Schema& schema, const char* type) {
  Json json = {{"type", type}};
  AddRange(schema, json);
  return OrVariable(std::move(json));
}

Json ListOf(const Json& element) {
  return {{"anyOf", Json::array({element, {{"type", "array"}, {"items", element}}})}};
}

/// `mergeable`: keys that are required may come from resource_defaults.
void AddProperties(const Schema& schema, bool mergeable, Json& json) {
  Json& properties = json["properties"];
  if (properties.is_null()) properties = Json::object();
  Json required = json.value("required", Json::array());
  for (const Schema& child : schema.children) {
    if (child.type == SchemaType::kLater) continue;
    properties[child.key] = Convert(child, mergeable || child.key == "resource_defaults");
    if (child.required && !mergeable) required.push_back(child.key);
  }
  if (!required.empty()) json["required"] = std::move(required);
  json["additionalProperties"] = false;
}

Json Component(const Schema& schema, bool mergeable) {
  Json with_name = Json::array();
  Json branches = Json::array();
  for (const Schema& kind : schema.children) {
    const bool needs_options = std::any_of(kind.children.begin(), kind.children.end(),
                                           [](const Schema& option) { return option.required; });
    if (!needs_options || mergeable) with_name.push_back(kind.key);
    Json branch = {{"description", kind.summary}, {"properties", {{"type", {{"const", kind.key}}}}}};
    AddProperties(kind, mergeable, branch);
    branches.push_back(
        {{"if", {{"properties", {{"type", {{"const", kind.key}}}}}, {"required", Json::array({"type"})}}},
         {"then", std::move(branch)}});
  }
  Json map = {{"type", "object"}, {"properties", {{"type", {{"enum", schema.Keys()}}}}}};
  if (!mergeable) map["required"] = Json::array({"type"});
  if (!branches.empty()) map["allOf"] = std::move(branches);
  Json any = Json::array();
  if (!with_name.empty()) any.push_back({{"enum", std::move(with_name)}});
  any.push_back(std::move(map));
  return {{"anyOf", std::move(any)}};
}

Json ConvertType(const Schema& schema, bool mergeable) {
  switch (schema.type) {
    case SchemaType::kBool:
      return OrVariable({{"type", "boolean"}});
    case SchemaType::kInt:
      return Number(schema, "integer");
    case SchemaType::kDouble:
      return Number(schema, "number");
    case SchemaType::kString:
    case SchemaType::kSecret:
      return Scalar();
    case SchemaType::kEnum:
      return OrVariable({{"enum", schema.choices}});
    case SchemaType::kDuration:
      return OrVariable({{"type", "string"}, {"pattern", "^[0-9]+(\\.[0-9]+)? *(ms|s|m|h|d)$"}});
    case SchemaType::kSize:
      return OrVariable(
          {{"type", "string"}, {"pattern", "^[0-9]+(\\.[0-9]+)? *(B|KB|MB|GB|KiB|MiB|GiB|TiB)$"}});
    case SchemaType::kFraction:
      return {{"anyOf", Json::array({{{"type", "number"}, {"minimum", 0}, {"maximum", 1}},
                                     {{"type", "string"}, {"pattern", "^[0-9]+(\\.[0-9]+)?%?$|\\$\\{"}}})}};
    case SchemaType::kStringList:
      return ListOf(Scalar());
    case SchemaType::kIntList:
      return ListOf(Number(schema, "integer"));
    case SchemaType::kColumnType: {
      Json choices = Json::array();
      for (const std::string& choice : schema.choices) {
        if (choice.find('(') == std::string::npos) choices.push_back(choice);
      }
      return {{"anyOf", Json::array({{{"enum", std::move(choices)}},
                                     {{"type", "string"},
                                      {"pattern", "^decimal\\( *[0-9]+ *, *[0-9]+ *\\)$|\\$\\{"}}})}};
    }
    case SchemaType::kMap: {
      Json json = {{"type", "object"}};
      AddProperties(schema, mergeable, json);
      return json;
    }
    case SchemaType::kList: {
      Json json = {{"type", "array"}, {"items", Convert(schema.children.front(), false)}};
      if (schema.required) json["minItems"] = 1;
      if (schema.max) json["maxItems"] = *schema.max;
      return json;
    }
    case SchemaType::kTextMap:
      return {{"type", "object"}, {"additionalProperties", Scalar()}};
    case SchemaType::kParams:
      return {{"type", "object"}, {"additionalProperties", ListOf(Scalar())}};
    case SchemaType::kJson:
      return {{"type", Json::array({"object", "array"})}};
    case SchemaType::kComponent:
      return Component(schema, mergeable);
    case SchemaType::kLater:
      break;
  }
  return Text();
}

Json ToJson(const OptionValue& value, SchemaType type) {
  if (const auto* b = std::get_if<bool>(&value)) return *b;
  if (const auto* d = std::get_if<double>(&value)) return *d;
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return *list;
  if (const auto* i = std::get_if<int64_t>(&value); i != nullptr && type == SchemaType::kInt) return *i;
  return ShowValue(value, type);
}

Json Convert(const Schema& schema, bool mergeable) {
  Json json = Json::object();
  if (!schema.summary.empty()) json["description"] = schema.summary + ".";
  if (schema.default_value) json["default"] = ToJson(*schema.default_value, schema.type);
  json.update(ConvertType(schema, mergeable));
  return json;
}

}  // namespace

std::string JsonSchema(const KindCatalog& kinds) {
  const Schema root = BuildSchema(kinds);
  Json json = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
               {"title", "pipeline.yaml of ingesta"}};
  json.update(Convert(root, false));
  // Elements of a list are whole, but those of `resources` take from resource_defaults what they have not.
  Json resource = Convert(root.Child("resources")->children.front(), true);
  resource["required"] = Json::array({"name"});
  json["properties"]["resources"]["items"] = std::move(resource);
  return json.dump(2) + "\n";
}

}  // namespace ingesta::config
