#include "ingesta/catalog/iceberg/row_partitions.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <fmt/format.h>

#include <utility>

#include "ingesta/catalog/iceberg/errors.h"
#include "ingesta/catalog/iceberg/literal.h"

namespace ingesta::iceberg {
namespace {

/// Scalars cost an allocation a row: the kinds that tables are divided by mostly go without.
Result<Literal> ValueAt(const Type& type, const arrow::Array& column, int64_t row) {
  if (column.IsNull(row)) return Literal();
  switch (column.type_id()) {
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
      return Literal(int64_t{column.data()->GetValues<int32_t>(1)[row]});
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
      return Literal(column.data()->GetValues<int64_t>(1)[row]);
    case arrow::Type::STRING:
      return Literal(std::string(static_cast<const arrow::StringArray&>(column).GetView(row)));
    default:
      break;
  }
  ARROW_ASSIGN_OR_RAISE(const auto scalar, column.GetScalar(row));
  return LiteralFromScalar(type, *scalar);
}

/// Nulls and the values' bytes, each with its length, so that no two partitions share it.
std::string KeyOf(const PartitionValues& values, const std::vector<TypePtr>& types) {
  std::string key;
  for (size_t i = 0; i < values.size(); ++i) {
    if (IsNull(values[i])) {
      key += '-';
      continue;
    }
    const std::string bytes = SerializeLiteral(*types[i], values[i]);
    key += fmt::format("{}:", bytes.size());
    key += bytes;
  }
  return key;
}

}  // namespace

Result<RowPartitions> RowPartitions::Make(const PartitionSpec& spec, const Schema& schema) {
  RowPartitions partitions;
  for (const PartitionField& field : spec.fields) {
    Source source{.column = -1, .transform = field.transform};
    for (size_t i = 0; i < schema.fields.size(); ++i) {
      if (schema.fields[i].id == field.source_id) source.column = static_cast<int>(i);
    }
    if (source.column < 0 && TransformFromText(field.transform) == TransformId::kVoid) {
      source.column = 0;  // null, whatever the column holds
    }
    if (source.column < 0) {
      return Unsupported(fmt::format("partition '{}': its column is none of the table's", field.name));
    }
    source.type = schema.fields[static_cast<size_t>(source.column)].type;
    ARROW_ASSIGN_OR_RAISE(source.result, TransformResult(field.transform, source.type));
    partitions.fields_.push_back(std::move(source));
  }
  return partitions;
}

uint32_t RowPartitions::NumberOf(const PartitionValues& values) {
  std::vector<TypePtr> types;
  for (const Source& source : fields_) types.push_back(source.result);
  const auto [at, added] =
      numbers_.try_emplace(KeyOf(values, types), static_cast<uint32_t>(partitions_.size()));
  if (added) partitions_.push_back(values);
  return at->second;
}

Result<std::vector<uint32_t>> RowPartitions::Of(const arrow::RecordBatch& rows) {
  std::vector<uint32_t> numbers(static_cast<size_t>(rows.num_rows()));
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const Source& source : fields_) columns.push_back(rows.column(source.column));
  PartitionValues last;
  PartitionValues values(fields_.size());
  for (size_t row = 0; row < numbers.size(); ++row) {
    for (size_t i = 0; i < fields_.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(const Literal value,
                            ValueAt(*fields_[i].type, *columns[i], static_cast<int64_t>(row)));
      ARROW_ASSIGN_OR_RAISE(values[i], ApplyTransform(fields_[i].transform, *fields_[i].type, value));
    }
    // Neighbours are mostly of one partition. NaN equals nothing and is looked up each time.
    const bool same = row > 0 && values == last;
    numbers[row] = same ? numbers[row - 1] : NumberOf(values);
    if (!same) last = values;
  }
  return numbers;
}

}  // namespace ingesta::iceberg
