#include "ingesta/config/arrow_schema.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

namespace ingesta::config {

using Kind = ColumnType::Kind;

std::shared_ptr<arrow::DataType> ArrowType(const ColumnType& type) {
  switch (type.kind) {
    case Kind::kInt32:
      return arrow::int32();
    case Kind::kInt64:
      return arrow::int64();
    case Kind::kDouble:
      return arrow::float64();
    case Kind::kBool:
      return arrow::boolean();
    case Kind::kDate:
      return arrow::date32();
    case Kind::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case Kind::kDecimal:
      return arrow::decimal128(type.precision, type.scale);
    case Kind::kString:
    case Kind::kJson:
      break;
  }
  return arrow::utf8();
}

std::shared_ptr<arrow::Field> ArrowField(const ColumnSpec& column) {
  const std::string comment = column.description.empty()
                                  ? fmt::format("source: {}", column.path)
                                  : fmt::format("{} (source: {})", column.description, column.path);
  auto metadata = arrow::key_value_metadata({{"path", column.path}, {"comment", comment}});
  // A document and a joined array are text here, and something else in the source's own record.
  if (column.type.kind == ColumnType::Kind::kJson) metadata->Append("type", "json");
  if (column.join.has_value()) metadata->Append("join", *column.join);
  return arrow::field(column.name, ArrowType(column.type), column.nullable, std::move(metadata));
}

std::shared_ptr<arrow::Schema> ArrowSchema(const std::vector<ColumnSpec>& columns) {
  arrow::FieldVector fields;
  for (const ColumnSpec& column : columns) fields.push_back(ArrowField(column));
  return arrow::schema(std::move(fields));
}

}  // namespace ingesta::config
