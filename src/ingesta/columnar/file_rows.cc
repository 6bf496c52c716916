#include "ingesta/columnar/file_rows.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/buffer_builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/bitmap_ops.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_set>

#include "ingesta/columnar/memory.h"

namespace ingesta::columnar {
namespace {

bool Writable(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DECIMAL128:
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::FIXED_SIZE_BINARY:
      return true;
    case arrow::Type::LIST:
    case arrow::Type::MAP:
    case arrow::Type::STRUCT:
      return type.num_fields() > 0 && std::all_of(type.fields().begin(), type.fields().end(),
                                                  [](const auto& field) { return Writable(*field->type()); });
    default:
      return false;
  }
}

arrow::TimeUnit::type ArrowUnit(TimestampUnit unit) {
  return unit == TimestampUnit::kMillis ? arrow::TimeUnit::MILLI : arrow::TimeUnit::MICRO;
}

int64_t UnitsPerSecond(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1;
    case arrow::TimeUnit::MILLI:
      return 1'000;
    case arrow::TimeUnit::MICRO:
      return 1'000'000;
    case arrow::TimeUnit::NANO:
      break;
  }
  return 1'000'000'000;
}

/// Rounded towards the past, so that no moment before 1970 moves to the next one.
int64_t FloorDivide(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

Result<std::shared_ptr<arrow::Array>> ToUnit(const arrow::Array& array,
                                             const std::shared_ptr<arrow::DataType>& type) {
  const auto& from = static_cast<const arrow::TimestampArray&>(array);
  const int64_t have = UnitsPerSecond(static_cast<const arrow::TimestampType&>(*array.type()).unit());
  const int64_t want = UnitsPerSecond(static_cast<const arrow::TimestampType&>(*type).unit());
  arrow::TypedBufferBuilder<int64_t> values(BufferPool());
  ARROW_RETURN_NOT_OK(values.Reserve(from.length()));
  for (int64_t i = 0; i < from.length(); ++i) {
    int64_t value = from.IsNull(i) ? 0 : from.Value(i);
    if (have >= want) {
      value = FloorDivide(value, have / want);
    } else if (__builtin_mul_overflow(value, want / have, &value)) {
      return MakeError(ErrorCode::kInternal, "a timestamp beyond the range of the file's unit");
    }
    values.UnsafeAppend(value);
  }
  ARROW_ASSIGN_OR_RAISE(auto buffer, values.Finish());
  std::shared_ptr<arrow::Buffer> validity;
  if (from.null_count() > 0) {
    ARROW_ASSIGN_OR_RAISE(validity, arrow::internal::CopyBitmap(BufferPool(), from.null_bitmap_data(),
                                                                from.offset(), from.length()));
  }
  return std::make_shared<arrow::TimestampArray>(type, from.length(), buffer, validity, from.null_count());
}

/// A value's bytes, for the kinds whose repeats are worth a dictionary.
std::string_view ValueBytes(const arrow::Array& array, int64_t row) {
  if (array.type_id() == arrow::Type::STRING || array.type_id() == arrow::Type::BINARY) {
    return static_cast<const arrow::BinaryArray&>(array).GetView(row);
  }
  const auto width = static_cast<size_t>(array.type()->byte_width());
  const auto* const values = reinterpret_cast<const char*>(array.data()->buffers[1]->data());
  return {values + static_cast<size_t>(row + array.offset()) * width, width};
}

bool HasValueBytes(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING || type.id() == arrow::Type::BINARY ||
         (arrow::is_fixed_width(type.id()) && type.id() != arrow::Type::BOOL && type.byte_width() > 0);
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> FileSchema(const std::shared_ptr<arrow::Schema>& schema,
                                                  const ParquetOptions& options) {
  if (schema->num_fields() == 0) return MakeError(ErrorCode::kInvalidConfig, "a file without columns");
  arrow::FieldVector fields;
  for (const auto& field : schema->fields()) {
    if (!Writable(*field->type())) {
      return MakeError(ErrorCode::kInvalidConfig,
                       fmt::format("column {}: type {} has no place in a Parquet file", field->name(),
                                   field->type()->ToString()));
    }
    if (options.require_field_ids &&
        (field->metadata() == nullptr || !field->metadata()->Contains(kFieldIdKey))) {
      return MakeError(ErrorCode::kInternal, fmt::format("column {} has no field id", field->name()));
    }
    if (field->type()->id() != arrow::Type::TIMESTAMP) {
      fields.push_back(field);
      continue;
    }
    const auto& type = static_cast<const arrow::TimestampType&>(*field->type());
    fields.push_back(field->WithType(arrow::timestamp(ArrowUnit(options.timestamp_unit), type.timezone())));
  }
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::RecordBatch>> ToFileSchema(const arrow::RecordBatch& rows,
                                                         const std::shared_ptr<arrow::Schema>& file_schema) {
  if (rows.num_columns() != file_schema->num_fields()) {
    return MakeError(ErrorCode::kInternal, fmt::format("a batch of {} columns for a file of {}",
                                                       rows.num_columns(), file_schema->num_fields()));
  }
  arrow::ArrayVector columns;
  for (int i = 0; i < rows.num_columns(); ++i) {
    std::shared_ptr<arrow::Array> column = rows.column(i);
    const auto& type = file_schema->field(i)->type();
    if (!column->type()->Equals(*type)) {
      const bool timestamps = column->type_id() == arrow::Type::TIMESTAMP &&
                              type->id() == arrow::Type::TIMESTAMP &&
                              static_cast<const arrow::TimestampType&>(*column->type()).timezone().empty() ==
                                  static_cast<const arrow::TimestampType&>(*type).timezone().empty();
      if (!timestamps) {
        return MakeError(ErrorCode::kInternal,
                         fmt::format("column {}: a batch of type {} for a file of type {}",
                                     rows.column_name(i), column->type()->ToString(), type->ToString()));
      }
      ARROW_ASSIGN_OR_RAISE(column, ToUnit(*column, type));
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(file_schema, rows.num_rows(), std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> KeptRows(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                     const std::vector<uint8_t>& dropped) {
  if (dropped.empty()) return rows;
  if (static_cast<int64_t>(dropped.size()) != rows->num_rows()) {
    return MakeError(ErrorCode::kInternal,
                     fmt::format("{} flags for a batch of {} rows", dropped.size(), rows->num_rows()));
  }
  if (std::none_of(dropped.begin(), dropped.end(), [](uint8_t flag) { return flag != 0; })) return rows;
  arrow::compute::ExecContext context(BufferPool());
  arrow::BooleanBuilder keep(BufferPool());
  ARROW_RETURN_NOT_OK(keep.Reserve(rows->num_rows()));
  for (const uint8_t flag : dropped) keep.UnsafeAppend(flag == 0);
  ARROW_ASSIGN_OR_RAISE(const auto mask, keep.Finish());
  ARROW_ASSIGN_OR_RAISE(
      const arrow::Datum kept,
      arrow::compute::Filter(rows, mask, arrow::compute::FilterOptions::Defaults(), &context));
  return kept.record_batch();
}

std::vector<std::string> ColumnsWithoutRepeats(const arrow::RecordBatch& sample) {
  constexpr int64_t kSampleRows = 16 << 10;
  constexpr int64_t kFewest = 1'000;  // fewer values tell nothing, and cost nothing
  std::vector<std::string> names;
  for (int i = 0; i < sample.num_columns(); ++i) {
    const arrow::Array& column = *sample.column(i);
    if (!HasValueBytes(*column.type())) continue;
    const int64_t rows = std::min(column.length(), kSampleRows);
    std::unordered_set<size_t> seen;
    int64_t values = 0;
    for (int64_t row = 0; row < rows; ++row) {
      if (column.IsNull(row)) continue;
      ++values;
      seen.insert(std::hash<std::string_view>()(ValueBytes(column, row)));
    }
    const auto distinct = static_cast<int64_t>(seen.size());
    if (values >= kFewest && distinct > values / 2) names.push_back(sample.column_name(i));
  }
  return names;
}

}  // namespace ingesta::columnar
