#include "ingesta/catalog/iceberg/schema.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "ingesta/base/arrow_field.h"
#include "ingesta/catalog/iceberg/errors.h"

namespace ingesta::iceberg {
namespace {

Result<TypePtr> TypeFromArrow(const arrow::Field& field, const std::string& path);

Result<Field> FieldFromArrow(const arrow::Field& arrow_field, const std::string& path) {
  Field field{.name = arrow_field.name(), .required = !arrow_field.nullable()};
  const std::string id = FieldMetadata(arrow_field, kFieldIdMetadata);
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), field.id);
  if (error != std::errc() || end != id.data() + id.size()) {
    return MakeError(ErrorCode::kInternal, fmt::format("column '{}' has no field id", path));
  }
  field.doc = FieldMetadata(arrow_field, kCommentMetadata);
  ARROW_ASSIGN_OR_RAISE(field.type, TypeFromArrow(arrow_field, path));
  return field;
}

Result<TypePtr> NestedFromArrow(const arrow::DataType& type, const std::string& path) {
  std::vector<Field> fields;
  if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    ARROW_ASSIGN_OR_RAISE(Field key, FieldFromArrow(*map.key_field(), path + ".key"));
    ARROW_ASSIGN_OR_RAISE(Field value, FieldFromArrow(*map.item_field(), path + ".value"));
    key.name = "key";
    key.required = true;
    value.name = "value";
    return MakeNested(TypeId::kMap, {std::move(key), std::move(value)});
  }
  for (const auto& child : type.fields()) {
    ARROW_ASSIGN_OR_RAISE(Field field, FieldFromArrow(*child, path + "." + child->name()));
    fields.push_back(std::move(field));
  }
  if (type.id() == arrow::Type::STRUCT) return MakeNested(TypeId::kStruct, std::move(fields));
  fields[0].name = "element";
  return MakeNested(TypeId::kList, std::move(fields));
}

Result<TypePtr> TypeFromArrow(const arrow::Field& field, const std::string& path) {
  const arrow::DataType& type = *field.type();
  switch (type.id()) {
    case arrow::Type::BOOL:
      return MakeType(TypeId::kBoolean);
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
      return MakeType(TypeId::kInt);
    case arrow::Type::INT64:
      return MakeType(TypeId::kLong);
    case arrow::Type::FLOAT:
      return MakeType(TypeId::kFloat);
    case arrow::Type::DOUBLE:
      return MakeType(TypeId::kDouble);
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      if (decimal.scale() < 0 || decimal.scale() > decimal.precision()) break;
      return MakeDecimal(decimal.precision(), decimal.scale());
    }
    case arrow::Type::DATE32:
      return MakeType(TypeId::kDate);
    case arrow::Type::TIME64:
      return MakeType(TypeId::kTime);
    case arrow::Type::TIMESTAMP:
      return MakeType(static_cast<const arrow::TimestampType&>(type).timezone().empty()
                          ? TypeId::kTimestamp
                          : TypeId::kTimestampTz);
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
      return MakeType(TypeId::kString);
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
      return MakeType(TypeId::kBinary);
    case arrow::Type::FIXED_SIZE_BINARY:
      return MakeFixed(static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width());
    case arrow::Type::STRUCT:
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::MAP:
      return NestedFromArrow(type, path);
    default:
      break;
  }
  return Unsupported(fmt::format("column '{}': Iceberg has no type for {}", path, type.ToString()),
                     "declare it with another type: unsigned 64-bit numbers as decimal(20,0)");
}

Result<std::shared_ptr<arrow::Field>> FieldToArrow(const Field& field);

Result<std::shared_ptr<arrow::DataType>> TypeToArrow(const Type& type) {
  switch (type.id) {
    case TypeId::kBoolean:
      return arrow::boolean();
    case TypeId::kInt:
      return arrow::int32();
    case TypeId::kLong:
      return arrow::int64();
    case TypeId::kFloat:
      return arrow::float32();
    case TypeId::kDouble:
      return arrow::float64();
    case TypeId::kDecimal:
      return arrow::decimal128(type.precision, type.scale);
    case TypeId::kDate:
      return arrow::date32();
    case TypeId::kTime:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case TypeId::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case TypeId::kTimestampTz:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case TypeId::kString:
      return arrow::utf8();
    case TypeId::kUuid:
      return arrow::fixed_size_binary(16);
    case TypeId::kFixed:
      return arrow::fixed_size_binary(static_cast<int32_t>(type.length));
    case TypeId::kBinary:
      return arrow::binary();
    default:
      break;
  }
  arrow::FieldVector fields;
  for (const Field& field : type.fields) {
    ARROW_ASSIGN_OR_RAISE(auto arrow_field, FieldToArrow(field));
    fields.push_back(std::move(arrow_field));
  }
  if (type.id == TypeId::kList) return arrow::list(fields[0]);
  if (type.id == TypeId::kMap) return std::make_shared<arrow::MapType>(fields[0], fields[1]);
  return arrow::struct_(fields);
}

Result<std::shared_ptr<arrow::Field>> FieldToArrow(const Field& field) {
  ARROW_ASSIGN_OR_RAISE(auto type, TypeToArrow(*field.type));
  auto metadata = arrow::key_value_metadata({kFieldIdMetadata}, {std::to_string(field.id)});
  if (!field.doc.empty()) metadata->Append(kCommentMetadata, field.doc);
  return arrow::field(field.name, std::move(type), !field.required, std::move(metadata));
}

/// Gives ids level by level, as other writers do: all fields of one level before those below them.
class IdAssigner {
 public:
  explicit IdAssigner(int last_id) : last_id_(last_id) {}

  Result<arrow::FieldVector> Level(const arrow::FieldVector& fields, const std::vector<Field>* base) {
    std::vector<const Field*> known;
    std::vector<int> ids;
    for (const auto& field : fields) {
      known.push_back(Match(base, field->name(), fields.size() == 1));
      ids.push_back(known.back() != nullptr ? known.back()->id : ++last_id_);
    }
    arrow::FieldVector out;
    for (size_t i = 0; i < fields.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(auto type, Below(fields[i]->type(), known[i]));
      auto metadata = fields[i]->metadata() == nullptr ? arrow::key_value_metadata({}, {})
                                                       : fields[i]->metadata()->Copy();
      RETURN_NOT_OK(metadata->Set(kFieldIdMetadata, std::to_string(ids[i])));
      out.push_back(fields[i]->WithType(std::move(type))->WithMetadata(std::move(metadata)));
    }
    return out;
  }

 private:
  /// A list's element goes by its place: writers call it `item`, `element`, `array`.
  static const Field* Match(const std::vector<Field>* base, const std::string& name, bool alone) {
    if (base == nullptr) return nullptr;
    for (const Field& field : *base) {
      if (field.name == name || (alone && base->size() == 1 && field.name == "element")) return &field;
    }
    return nullptr;
  }

  Result<std::shared_ptr<arrow::DataType>> Below(const std::shared_ptr<arrow::DataType>& type,
                                                 const Field* base) {
    const std::vector<Field>* fields = base == nullptr ? nullptr : &base->type->fields;
    const auto same_kind = [base](TypeId id) { return base != nullptr && base->type->id == id; };
    switch (type->id()) {
      case arrow::Type::STRUCT: {
        ARROW_ASSIGN_OR_RAISE(auto children,
                              Level(type->fields(), same_kind(TypeId::kStruct) ? fields : nullptr));
        return arrow::struct_(std::move(children));
      }
      case arrow::Type::LIST:
      case arrow::Type::LARGE_LIST: {
        ARROW_ASSIGN_OR_RAISE(auto children,
                              Level(type->fields(), same_kind(TypeId::kList) ? fields : nullptr));
        return type->id() == arrow::Type::LIST ? arrow::list(children[0]) : arrow::large_list(children[0]);
      }
      case arrow::Type::MAP: {
        const auto& map = static_cast<const arrow::MapType&>(*type);
        const arrow::FieldVector pair = {map.key_field()->WithName("key"),
                                         map.item_field()->WithName("value")};
        ARROW_ASSIGN_OR_RAISE(auto children, Level(pair, same_kind(TypeId::kMap) ? fields : nullptr));
        return std::make_shared<arrow::MapType>(children[0], children[1], map.keys_sorted());
      }
      default:
        return type;
    }
  }

  int last_id_;
};

}  // namespace

Result<std::vector<Field>> FieldsFromArrow(const arrow::Schema& schema) {
  std::vector<Field> fields;
  for (const auto& arrow_field : schema.fields()) {
    ARROW_ASSIGN_OR_RAISE(Field field, FieldFromArrow(*arrow_field, arrow_field->name()));
    fields.push_back(std::move(field));
  }
  return fields;
}

Result<std::shared_ptr<arrow::Schema>> ToArrow(const std::vector<Field>& fields) {
  arrow::FieldVector arrow_fields;
  for (const Field& field : fields) {
    ARROW_ASSIGN_OR_RAISE(auto arrow_field, FieldToArrow(field));
    arrow_fields.push_back(std::move(arrow_field));
  }
  return arrow::schema(std::move(arrow_fields));
}

Result<std::shared_ptr<arrow::Schema>> AssignIds(const arrow::Schema& schema, const Schema* base,
                                                 int last_column_id) {
  IdAssigner assigner(last_column_id);
  ARROW_ASSIGN_OR_RAISE(auto fields,
                        assigner.Level(schema.fields(), base == nullptr ? nullptr : &base->fields));
  return arrow::schema(std::move(fields), schema.metadata());
}

}  // namespace ingesta::iceberg
