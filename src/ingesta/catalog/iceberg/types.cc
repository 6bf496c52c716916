#include "ingesta/catalog/iceberg/types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "ingesta/catalog/iceberg/errors.h"

namespace ingesta::iceberg {
namespace {

constexpr int kMaxTypeDepth = 32;

constexpr std::array<std::pair<TypeId, std::string_view>, 15> kNames = {{
    {TypeId::kBoolean, "boolean"},
    {TypeId::kInt, "int"},
    {TypeId::kLong, "long"},
    {TypeId::kFloat, "float"},
    {TypeId::kDouble, "double"},
    {TypeId::kDate, "date"},
    {TypeId::kTime, "time"},
    {TypeId::kTimestamp, "timestamp"},
    {TypeId::kTimestampTz, "timestamptz"},
    {TypeId::kString, "string"},
    {TypeId::kUuid, "uuid"},
    {TypeId::kBinary, "binary"},
    {TypeId::kStruct, "struct"},
    {TypeId::kList, "list"},
    {TypeId::kMap, "map"},
}};

/// The numbers of `decimal(9, 2)` or `fixed[16]`; nullopt where `text` is not `name`, brackets and so many
/// numbers.
std::optional<std::vector<int>> Parameters(std::string_view text, std::string_view name, size_t count) {
  if (!text.starts_with(name)) return std::nullopt;
  text.remove_prefix(name.size());
  if (text.size() < 3 || (text.front() != '(' && text.front() != '[')) return std::nullopt;
  std::vector<int> numbers;
  const char* at = text.data() + 1;
  const char* const end = text.data() + text.size() - 1;
  while (at < end) {
    int number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc()) return std::nullopt;
    numbers.push_back(number);
    at = next;
    while (at < end && (*at == ',' || *at == ' ')) ++at;
  }
  return numbers.size() == count ? std::optional(std::move(numbers)) : std::nullopt;
}

Result<TypePtr> PrimitiveFromText(const std::string& text) {
  for (const auto& [id, name] : kNames) {
    if (name == text && id != TypeId::kStruct && id != TypeId::kList && id != TypeId::kMap)
      return MakeType(id);
  }
  if (const auto numbers = Parameters(text, "decimal", 2)) {
    const int precision = (*numbers)[0];
    const int scale = (*numbers)[1];
    if (precision < 1 || precision > 38 || scale < 0 || scale > precision) {
      return Corrupt(fmt::format("'{}' is no decimal of at most 38 digits", text));
    }
    return MakeDecimal(precision, scale);
  }
  if (const auto numbers = Parameters(text, "fixed", 1)) {
    if ((*numbers)[0] < 1 || (*numbers)[0] > (1 << 20))
      return Corrupt(fmt::format("'{}' has an absurd length", text));
    return MakeFixed((*numbers)[0]);
  }
  return Unsupported(fmt::format("the column type '{}' is not one of Iceberg's format version 2", text));
}

Result<std::vector<Field>> FieldsFromJson(const Json& json, int depth);

Result<TypePtr> TypeAt(const Json& json, int depth) {
  if (depth > kMaxTypeDepth) return Corrupt("a schema nested too deep");
  if (json.is_string()) return PrimitiveFromText(json.get<std::string>());
  ARROW_ASSIGN_OR_RAISE(const std::string name, GetString(json, "type"));
  if (name == "struct") {
    ARROW_ASSIGN_OR_RAISE(std::vector<Field> fields, FieldsFromJson(json, depth));
    return MakeNested(TypeId::kStruct, std::move(fields));
  }
  const auto member = [&json, depth](const char* type_key) -> Result<TypePtr> {
    const Json* type = Member(json, type_key);
    if (type == nullptr) return Corrupt(fmt::format("a type without '{}'", type_key));
    return TypeAt(*type, depth + 1);
  };
  if (name == "list") {
    Field element{.name = "element"};
    ARROW_ASSIGN_OR_RAISE(element.id, GetInt32(json, "element-id"));
    ARROW_ASSIGN_OR_RAISE(element.required, GetBool(json, "element-required"));
    ARROW_ASSIGN_OR_RAISE(element.type, member("element"));
    return MakeNested(TypeId::kList, {std::move(element)});
  }
  if (name == "map") {
    Field key{.name = "key", .required = true};
    Field value{.name = "value"};
    ARROW_ASSIGN_OR_RAISE(key.id, GetInt32(json, "key-id"));
    ARROW_ASSIGN_OR_RAISE(key.type, member("key"));
    ARROW_ASSIGN_OR_RAISE(value.id, GetInt32(json, "value-id"));
    ARROW_ASSIGN_OR_RAISE(value.required, GetBool(json, "value-required"));
    ARROW_ASSIGN_OR_RAISE(value.type, member("value"));
    return MakeNested(TypeId::kMap, {std::move(key), std::move(value)});
  }
  return Unsupported(fmt::format("the column type '{}' is not one of Iceberg's format version 2", name));
}

Result<std::vector<Field>> FieldsFromJson(const Json& json, int depth) {
  ARROW_ASSIGN_OR_RAISE(const Json* members, GetArray(json, "fields"));
  std::vector<Field> fields;
  for (const Json& member : *members) {
    Field field;
    ARROW_ASSIGN_OR_RAISE(field.id, GetInt32(member, "id"));
    ARROW_ASSIGN_OR_RAISE(field.name, GetString(member, "name"));
    ARROW_ASSIGN_OR_RAISE(field.required, GetBool(member, "required"));
    ARROW_ASSIGN_OR_RAISE(const auto doc, FindString(member, "doc"));
    field.doc = doc.value_or("");
    const Json* type = Member(member, "type");
    if (type == nullptr) return Corrupt(fmt::format("column '{}' has no type", field.name));
    ARROW_ASSIGN_OR_RAISE(field.type, TypeAt(*type, depth + 1));
    fields.push_back(std::move(field));
  }
  return fields;
}

Json FieldsToJson(const std::vector<Field>& fields) {
  Json list = Json::array();
  for (const Field& field : fields) {
    Json member{{"id", field.id},
                {"name", field.name},
                {"required", field.required},
                {"type", TypeToJson(*field.type)}};
    if (!field.doc.empty()) member["doc"] = field.doc;
    list.push_back(std::move(member));
  }
  return list;
}

const Field* FindIn(const std::vector<Field>& fields, int field_id) {
  for (const Field& field : fields) {
    if (field.id == field_id) return &field;
    if (const Field* below = FindIn(field.type->fields, field_id)) return below;
  }
  return nullptr;
}

int HighestIn(const std::vector<Field>& fields) {
  int highest = 0;
  for (const Field& field : fields) highest = std::max({highest, field.id, HighestIn(field.type->fields)});
  return highest;
}

}  // namespace

std::string Type::ToString() const {
  if (id == TypeId::kDecimal) return fmt::format("decimal({}, {})", precision, scale);
  if (id == TypeId::kFixed) return fmt::format("fixed[{}]", length);
  for (const auto& [known, name] : kNames) {
    if (known == id) return std::string(name);
  }
  return "unknown";
}

TypePtr MakeType(TypeId id) {
  return std::make_shared<Type>(Type{.id = id});
}
TypePtr MakeDecimal(int precision, int scale) {
  return std::make_shared<Type>(Type{.id = TypeId::kDecimal, .precision = precision, .scale = scale});
}
TypePtr MakeFixed(int64_t length) {
  return std::make_shared<Type>(Type{.id = TypeId::kFixed, .length = length});
}
TypePtr MakeNested(TypeId id, std::vector<Field> fields) {
  return std::make_shared<Type>(Type{.id = id, .fields = std::move(fields)});
}

bool SameType(const Type& left, const Type& right) {
  return left.id == right.id && left.precision == right.precision && left.scale == right.scale &&
         left.length == right.length && SameFields(left.fields, right.fields);
}

bool SameFields(const std::vector<Field>& left, const std::vector<Field>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](const Field& a, const Field& b) {
    return a.id == b.id && a.name == b.name && a.required == b.required && a.doc == b.doc &&
           SameType(*a.type, *b.type);
  });
}

bool IsPromotion(const Type& from, const Type& to) {
  if (from.nested() || to.nested()) return SameType(from, to);
  if (from.id == to.id) {
    return from.id == TypeId::kDecimal ? from.scale == to.scale && from.precision <= to.precision
                                       : from.length == to.length;
  }
  return (from.id == TypeId::kInt && to.id == TypeId::kLong) ||
         (from.id == TypeId::kFloat && to.id == TypeId::kDouble);
}

const Field* Schema::FindById(int field_id) const {
  return FindIn(fields, field_id);
}

const Field* Schema::FindByName(const std::string& name) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

int Schema::HighestId() const {
  return HighestIn(fields);
}

Result<TypePtr> TypeFromJson(const Json& json) {
  return TypeAt(json, 0);
}

Json TypeToJson(const Type& type) {
  if (!type.nested()) return type.ToString();
  Json json{{"type", type.ToString()}};
  if (type.id == TypeId::kStruct) {
    json["fields"] = FieldsToJson(type.fields);
  } else if (type.id == TypeId::kList) {
    const Field& element = type.fields[0];
    json["element-id"] = element.id;
    json["element-required"] = element.required;
    json["element"] = TypeToJson(*element.type);
  } else {
    json["key-id"] = type.fields[0].id;
    json["key"] = TypeToJson(*type.fields[0].type);
    json["value-id"] = type.fields[1].id;
    json["value-required"] = type.fields[1].required;
    json["value"] = TypeToJson(*type.fields[1].type);
  }
  return json;
}

Result<Schema> SchemaFromJson(const Json& json) {
  Schema schema;
  ARROW_ASSIGN_OR_RAISE(const auto id, FindInt(json, "schema-id"));  // absent in format version 1
  schema.id = static_cast<int>(id.value_or(0));
  ARROW_ASSIGN_OR_RAISE(schema.fields, FieldsFromJson(json, 0));
  if (const Json* ids = Member(json, "identifier-field-ids"); ids != nullptr && ids->is_array()) {
    for (const Json& field_id : *ids) {
      if (!field_id.is_number_integer()) return Corrupt("'identifier-field-ids' must be numbers");
      schema.identifier_field_ids.push_back(field_id.get<int>());
    }
  }
  return schema;
}

Json SchemaToJson(const Schema& schema) {
  Json json{{"type", "struct"}, {"schema-id", schema.id}};
  if (!schema.identifier_field_ids.empty()) json["identifier-field-ids"] = schema.identifier_field_ids;
  json["fields"] = FieldsToJson(schema.fields);
  return json;
}

}  // namespace ingesta::iceberg
