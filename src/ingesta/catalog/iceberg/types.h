// Iceberg's types and schemas as values, and their JSON form. Thread-safe: immutable once made.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/json.h"

namespace ingesta::iceberg {

enum class TypeId {
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kDecimal,
  kDate,
  kTime,         ///< microseconds of a day
  kTimestamp,    ///< microseconds, no zone
  kTimestampTz,  ///< microseconds, UTC
  kString,
  kUuid,
  kFixed,
  kBinary,
  kStruct,
  kList,  ///< fields: the element
  kMap,   ///< fields: key, value
};

struct Type;
using TypePtr = std::shared_ptr<const Type>;

struct Field {
  int id = 0;
  std::string name;
  TypePtr type;
  bool required = false;
  std::string doc;
};

struct Type {
  TypeId id = TypeId::kString;
  int precision = 0;          ///< of a decimal
  int scale = 0;              ///< of a decimal
  int64_t length = 0;         ///< of a fixed
  std::vector<Field> fields;  ///< of a struct, list or map

  bool nested() const { return id == TypeId::kStruct || id == TypeId::kList || id == TypeId::kMap; }
  /// As the JSON form has it: `decimal(18, 2)`; `struct`, `list`, `map` for nested ones.
  std::string ToString() const;
};

TypePtr MakeType(TypeId id);
TypePtr MakeDecimal(int precision, int scale);
TypePtr MakeFixed(int64_t length);
TypePtr MakeNested(TypeId id, std::vector<Field> fields);

/// The same type with the same fields: ids, names, required, docs.
bool SameType(const Type& left, const Type& right);
bool SameFields(const std::vector<Field>& left, const std::vector<Field>& right);
/// Whether a column of type `from` may become `to`: the same, int to long, float to double, a decimal to more
/// digits.
bool IsPromotion(const Type& from, const Type& to);

struct Schema {
  int id = 0;
  std::vector<Field> fields;
  std::vector<int> identifier_field_ids;

  /// Of any level; nullptr where there is none.
  const Field* FindById(int field_id) const;
  /// Of the top level.
  const Field* FindByName(const std::string& name) const;
  /// Of any level; 0 without fields.
  int HighestId() const;
};

/// kCorrupt; kInvalidConfig for the types of later format versions.
Result<TypePtr> TypeFromJson(const Json& json);
Json TypeToJson(const Type& type);
Result<Schema> SchemaFromJson(const Json& json);
Json SchemaToJson(const Schema& schema);

}  // namespace ingesta::iceberg
