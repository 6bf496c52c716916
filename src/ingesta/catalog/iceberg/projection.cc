#include "ingesta/catalog/iceberg/projection.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "ingesta/catalog/iceberg/errors.h"
#include "ingesta/catalog/iceberg/schema.h"
#include "ingesta/columnar/memory.h"

namespace ingesta::iceberg {
namespace {

using ArrayDataPtr = std::shared_ptr<arrow::ArrayData>;

Result<ArrayDataPtr> ToField(const ArrayDataPtr& data, const Field& field,
                             const std::shared_ptr<arrow::DataType>& target);

Result<ArrayDataPtr> NullData(const std::shared_ptr<arrow::DataType>& type, int64_t length) {
  ARROW_ASSIGN_OR_RAISE(const auto nulls, arrow::MakeArrayOfNull(type, length, columnar::BufferPool()));
  return nulls->data();
}

Result<ArrayDataPtr> Cast(const ArrayDataPtr& data, const std::shared_ptr<arrow::DataType>& target) {
  arrow::compute::ExecContext context(columnar::BufferPool());
  arrow::compute::CastOptions options = arrow::compute::CastOptions::Safe(target);
  options.allow_time_truncate = true;  // a table keeps microseconds
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum cast, arrow::compute::Cast(arrow::Datum(data), options, &context));
  return cast.array();
}

/// The same values in a type that is only named otherwise (field ids, names below a list).
ArrayDataPtr Retyped(const ArrayDataPtr& data, const std::shared_ptr<arrow::DataType>& target,
                     std::vector<ArrayDataPtr> children) {
  ArrayDataPtr copy = data->Copy();
  copy->type = target;
  copy->child_data = std::move(children);
  return copy;
}

/// By id, not by name: a field may have been renamed, or another one have its name now.
Result<ArrayDataPtr> StructToField(const ArrayDataPtr& data, const Field& field,
                                   const std::shared_ptr<arrow::DataType>& target) {
  std::vector<ArrayDataPtr> children;
  for (size_t i = 0; i < field.type->fields.size(); ++i) {
    const Field& child = field.type->fields[i];
    const auto& type = target->field(static_cast<int>(i))->type();
    ArrayDataPtr found;
    for (int j = 0; j < data->type->num_fields(); ++j) {
      if (FieldIdOf(*data->type->field(j)) != child.id) continue;
      ARROW_ASSIGN_OR_RAISE(found, ToField(data->child_data[static_cast<size_t>(j)], child, type));
    }
    if (found == nullptr) {
      ARROW_ASSIGN_OR_RAISE(found, NullData(type, data->length + data->offset));
    }
    children.push_back(std::move(found));
  }
  return Retyped(data, target, std::move(children));
}

Result<ArrayDataPtr> NestedToField(const ArrayDataPtr& data, const Field& field,
                                   const std::shared_ptr<arrow::DataType>& target) {
  if (target->id() == arrow::Type::STRUCT) return StructToField(data, field, target);
  if (target->id() == arrow::Type::LIST) {
    ARROW_ASSIGN_OR_RAISE(auto element,
                          ToField(data->child_data[0], field.type->fields[0], target->field(0)->type()));
    return Retyped(data, target, {std::move(element)});
  }
  // A map is a list of structs of a key and a value, both by their place.
  const ArrayDataPtr& pairs = data->child_data[0];
  const auto& map = static_cast<const arrow::MapType&>(*target);
  std::vector<ArrayDataPtr> both;
  for (size_t i = 0; i < 2; ++i) {
    const auto& type = i == 0 ? map.key_type() : map.item_type();
    ARROW_ASSIGN_OR_RAISE(auto side, ToField(pairs->child_data[i], field.type->fields[i], type));
    both.push_back(std::move(side));
  }
  return Retyped(data, target, {Retyped(pairs, map.value_type(), std::move(both))});
}

/// Without a validity bitmap that says nothing: copies and encoders are quicker then.
ArrayDataPtr WithoutIdleValidity(ArrayDataPtr data) {
  if (data->buffers[0] == nullptr || data->GetNullCount() > 0) return data;
  ArrayDataPtr copy = data->Copy();
  copy->buffers[0] = nullptr;
  return copy;
}

bool IsTimestampOfZone(const arrow::DataType& type, bool zoned) {
  return type.id() == arrow::Type::TIMESTAMP &&
         static_cast<const arrow::TimestampType&>(type).timezone().empty() != zoned;
}

/// What a file may have instead of a table's primitive type.
bool Becomes(const arrow::DataType& from, const arrow::DataType& to) {
  switch (to.id()) {
    case arrow::Type::INT32:
      return from.id() == arrow::Type::INT8 || from.id() == arrow::Type::INT16;
    case arrow::Type::INT64:
      return from.id() == arrow::Type::INT8 || from.id() == arrow::Type::INT16 ||
             from.id() == arrow::Type::INT32;
    case arrow::Type::DOUBLE:
      return from.id() == arrow::Type::FLOAT;
    case arrow::Type::DECIMAL128: {
      if (from.id() != arrow::Type::DECIMAL128) return false;
      const auto& narrow = static_cast<const arrow::DecimalType&>(from);
      const auto& wide = static_cast<const arrow::DecimalType&>(to);
      return narrow.scale() == wide.scale() && narrow.precision() <= wide.precision();
    }
    case arrow::Type::STRING:
      return from.id() == arrow::Type::LARGE_STRING;
    case arrow::Type::BINARY:
      return from.id() == arrow::Type::LARGE_BINARY;
    case arrow::Type::TIME64:
      return from.id() == arrow::Type::TIME64 || from.id() == arrow::Type::TIME32;
    case arrow::Type::TIMESTAMP:
      return IsTimestampOfZone(from, !static_cast<const arrow::TimestampType&>(to).timezone().empty());
    default:
      return false;
  }
}

Result<ArrayDataPtr> ToField(const ArrayDataPtr& data, const Field& field,
                             const std::shared_ptr<arrow::DataType>& target) {
  if (data->type->id() == target->id() && field.type->nested()) return NestedToField(data, field, target);
  if (data->type->id() == arrow::Type::LARGE_LIST && target->id() == arrow::Type::LIST) {
    ARROW_ASSIGN_OR_RAISE(const ArrayDataPtr list, Cast(data, arrow::list(data->type->field(0))));
    return NestedToField(list, field, target);
  }
  if (data->type->Equals(*target)) return data;
  if (Becomes(*data->type, *target)) return Cast(data, target);
  return Unsupported(fmt::format("column '{}': {} does not become {}", field.name, data->type->ToString(),
                                 field.type->ToString()));
}

}  // namespace

std::shared_ptr<arrow::RecordBatch> WithoutIdleValidity(const arrow::RecordBatch& rows) {
  std::vector<ArrayDataPtr> columns;
  for (int i = 0; i < rows.num_columns(); ++i) columns.push_back(WithoutIdleValidity(rows.column_data(i)));
  return arrow::RecordBatch::Make(rows.schema(), rows.num_rows(), std::move(columns));
}

int FieldIdOf(const arrow::Field& field) {
  int id = -1;
  if (field.metadata() == nullptr) return id;
  const int index = field.metadata()->FindKey(kFieldIdMetadata);
  if (index < 0) return id;
  const std::string& text = field.metadata()->value(index);
  std::from_chars(text.data(), text.data() + text.size(), id);
  return id;
}

Result<Projection> Projection::Make(const arrow::Schema& file, const std::vector<Field>& fields,
                                    const std::string& location) {
  Projection projection;
  projection.fields_ = fields;
  projection.location_ = location;
  ARROW_ASSIGN_OR_RAISE(projection.schema_, ToArrow(fields));
  std::vector<int> chosen(fields.size(), -1);
  for (int i = 0; i < file.num_fields(); ++i) {
    const int id = FieldIdOf(*file.field(i));
    if (id < 0) {
      return Unsupported(
          fmt::format("{}: column '{}' has no field id", location, file.field(i)->name()),
          "files that were added to the table as they were must be rewritten by its engine first");
    }
    for (size_t j = 0; j < fields.size(); ++j) {
      if (fields[j].id == id) chosen[j] = i;
    }
  }
  for (const int column : chosen) {
    if (column >= 0) projection.file_columns_.push_back(column);
  }
  std::sort(projection.file_columns_.begin(), projection.file_columns_.end());
  const std::vector<int>& columns = projection.file_columns_;
  for (const int column : chosen) {
    const auto at = std::find(columns.begin(), columns.end(), column);
    projection.sources_.push_back(column < 0 ? -1 : static_cast<int>(at - columns.begin()));
  }
  // Rows must be counted even where no column is wanted.
  if (columns.empty()) projection.file_columns_.push_back(0);
  return projection;
}

Result<std::shared_ptr<arrow::RecordBatch>> Projection::Apply(const arrow::RecordBatch& rows) const {
  std::vector<ArrayDataPtr> columns;
  for (size_t i = 0; i < fields_.size(); ++i) {
    const auto& type = schema_->field(static_cast<int>(i))->type();
    auto column = sources_[i] < 0 ? NullData(type, rows.num_rows())
                                  : ToField(rows.column_data(sources_[i]), fields_[i], type);
    if (!column.ok()) return WithPrefix(column.status(), location_);
    columns.push_back(WithoutIdleValidity(*std::move(column)));
  }
  return arrow::RecordBatch::Make(schema_, rows.num_rows(), std::move(columns));
}

}  // namespace ingesta::iceberg
