#include "ingesta/format/column_view.h"

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <optional>

namespace ingesta::format {
namespace {

std::optional<CellKind> DecimalKind(const arrow::Decimal128Type& type) {
  if (type.scale() < 0 || type.scale() > 38) return std::nullopt;
  return type.precision() <= 18 && type.scale() <= 18 ? CellKind::kDecimal64 : CellKind::kDecimal128;
}

std::optional<CellKind> KindOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return CellKind::kBool;
    case arrow::Type::INT32:
      return CellKind::kInt32;
    case arrow::Type::INT64:
      return CellKind::kInt64;
    case arrow::Type::DOUBLE:
      return CellKind::kDouble;
    case arrow::Type::DATE32:
      return CellKind::kDate;
    case arrow::Type::STRING:
      return CellKind::kString;
    case arrow::Type::DECIMAL128:
      return DecimalKind(static_cast<const arrow::Decimal128Type&>(type));
    case arrow::Type::TIMESTAMP:
      if (static_cast<const arrow::TimestampType&>(type).unit() != arrow::TimeUnit::MICRO)
        return std::nullopt;
      return CellKind::kTimestamp;
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<std::vector<ColumnView>> PlanColumns(const arrow::Schema& schema) {
  if (schema.num_fields() == 0) return MakeError(ErrorCode::kInvalidConfig, "a file without columns");
  std::vector<ColumnView> columns;
  for (const auto& field : schema.fields()) {
    const std::optional<CellKind> kind = KindOf(*field->type());
    if (!kind.has_value()) {
      return MakeError(
          ErrorCode::kInvalidConfig,
          fmt::format("column {}: type {} has no text form", field->name(), field->type()->ToString()),
          "valid: bool, int32, int64, double, date, timestamp (microseconds), decimal, string");
    }
    ColumnView column;
    column.kind = *kind;
    if (field->type()->id() == arrow::Type::DECIMAL128) {
      column.scale = static_cast<const arrow::Decimal128Type&>(*field->type()).scale();
    }
    columns.push_back(column);
  }
  return columns;
}

Status BindColumns(const arrow::RecordBatch& rows, std::vector<ColumnView>* columns) {
  if (rows.num_columns() != static_cast<int>(columns->size())) {
    return MakeError(ErrorCode::kInternal, fmt::format("a batch of {} columns for a file of {}",
                                                       rows.num_columns(), columns->size()));
  }
  for (int i = 0; i < rows.num_columns(); ++i) {
    ColumnView& column = (*columns)[static_cast<size_t>(i)];
    const arrow::ArrayData& data = *rows.column_data(i);
    if (KindOf(*data.type) != column.kind) {
      return MakeError(ErrorCode::kInternal,
                       fmt::format("column {}: a batch of type {} for a file of another type",
                                   rows.column_name(i), data.type->ToString()));
    }
    column.offset = data.offset;
    const bool nulls = data.GetNullCount() > 0 && data.buffers[0] != nullptr;
    column.validity = nulls ? data.buffers[0]->data() : nullptr;
    if (column.kind != CellKind::kString) {
      column.values = data.buffers[1] != nullptr ? data.buffers[1]->data() : nullptr;
      continue;
    }
    column.offsets = reinterpret_cast<const int32_t*>(data.buffers[1]->data());
    const auto& bytes = data.buffers[2];
    column.values = bytes != nullptr ? reinterpret_cast<const char*>(bytes->data()) : "";
    // Arrow's own buffers are padded, which lets the scan read whole vectors at a value's end.
    column.readable_end =
        static_cast<const char*>(column.values) + (bytes != nullptr ? bytes->capacity() : 0);
  }
  return Status::OK();
}

}  // namespace ingesta::format
