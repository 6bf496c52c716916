#include "ingesta/catalog/iceberg/data_file.h"

#include <arrow/scalar.h>
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <utility>

#include "ingesta/catalog/iceberg/errors.h"
#include "ingesta/columnar/parquet_metrics.h"

namespace ingesta::iceberg {
namespace {

struct Bounds {
  std::optional<Literal> min;
  std::optional<Literal> max;
};

Result<std::optional<Literal>> BoundOf(const Type& type, const std::shared_ptr<arrow::Scalar>& scalar,
                                       bool lower) {
  if (scalar == nullptr || !scalar->is_valid) return std::optional<Literal>();
  ARROW_ASSIGN_OR_RAISE(Literal literal, LiteralFromScalar(type, *scalar));
  if (double* number = std::get_if<double>(&literal)) {
    if (std::isnan(*number)) return std::optional<Literal>();
    // Zeros of both signs are equal, but not in a reader's comparison of bytes.
    if (*number == 0) *number = lower ? -0.0 : 0.0;
  }
  return std::optional<Literal>(std::move(literal));
}

Status AddColumn(const columnar::ColumnMetrics& metrics, const Field& field, DataFile& file,
                 std::map<int, Bounds>& bounds) {
  file.column_bytes[field.id] = metrics.compressed_bytes;
  // Below a list or a map a count is not one of rows, and readers make nothing of bounds.
  if (metrics.repeated) return Status::OK();
  file.values[field.id] = metrics.values;
  if (metrics.nulls) file.nulls[field.id] = *metrics.nulls;
  if (metrics.nans) file.nans[field.id] = *metrics.nans;
  Bounds& both = bounds[field.id];
  ARROW_ASSIGN_OR_RAISE(both.min, BoundOf(*field.type, metrics.min, /*lower=*/true));
  ARROW_ASSIGN_OR_RAISE(both.max, BoundOf(*field.type, metrics.max, /*lower=*/false));
  if (both.min)
    file.lower_bounds[field.id] = SerializeLiteral(*field.type, TruncateLower(*field.type, *both.min));
  if (both.max) {
    if (const auto upper = TruncateUpper(*field.type, *both.max)) {
      file.upper_bounds[field.id] = SerializeLiteral(*field.type, *upper);
    }
  }
  return Status::OK();
}

Result<PartitionValues> PartitionOf(const DataFile& file, const Schema& schema, const PartitionSpec& spec,
                                    const std::map<int, Bounds>& bounds) {
  PartitionValues values;
  for (const PartitionField& field : spec.fields) {
    const Field* source = schema.FindById(field.source_id);
    const auto found = bounds.find(field.source_id);
    if (source == nullptr)
      return Unsupported(fmt::format("partition '{}': its column was dropped", field.name));
    // A file without the column has null in all rows.
    std::optional<int64_t> nulls = found == bounds.end() ? std::optional<int64_t>(file.rows) : std::nullopt;
    if (const auto counted = file.nulls.find(field.source_id); counted != file.nulls.end())
      nulls = counted->second;
    const Bounds both = found == bounds.end() ? Bounds{} : found->second;
    ARROW_ASSIGN_OR_RAISE(Literal value,
                          CommonPartitionValue(field, *source->type, both.min, both.max, nulls, file.rows));
    values.push_back(std::move(value));
  }
  return values;
}

Status CheckPartition(const PartitionValues& values, const Schema& schema, const PartitionSpec& spec) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<TypePtr> types, PartitionTypes(spec, {schema}));
  bool fits = values.size() == types.size();
  for (size_t i = 0; fits && i < values.size(); ++i) {
    fits = IsNull(values[i]) || IsOfType(*types[i], values[i]);
  }
  return fits ? Status::OK()
              : MakeError(ErrorCode::kInternal, "a partition that is none of the table's spec");
}

}  // namespace

Result<DataFile> DescribeDataFile(const std::string& local_path, const std::string& location,
                                  const Schema& schema, const PartitionSpec& spec,
                                  const std::optional<PartitionValues>& partition) {
  ARROW_ASSIGN_OR_RAISE(const columnar::FileMetrics metrics, columnar::ReadMetrics(local_path));
  DataFile file{.path = location, .rows = metrics.rows, .bytes = metrics.bytes};
  file.split_offsets = metrics.split_offsets;
  file.sort_order_id = 0;
  std::map<int, Bounds> bounds;
  for (const columnar::ColumnMetrics& column : metrics.columns) {
    const Field* field = column.field_id < 0 ? nullptr : schema.FindById(column.field_id);
    if (field == nullptr) {
      return Unsupported(fmt::format("{}: column '{}' (field id {}) is none of the table's", location,
                                     column.path, column.field_id));
    }
    const Status added = AddColumn(column, *field, file, bounds);
    if (!added.ok()) return WithPrefix(added, fmt::format("{}: column '{}'", location, column.path));
  }
  if (partition) {
    RETURN_NOT_OK(CheckPartition(*partition, schema, spec));
    file.partition = *partition;
  } else {
    ARROW_ASSIGN_OR_RAISE(file.partition, PartitionOf(file, schema, spec, bounds));
  }
  return file;
}

}  // namespace ingesta::iceberg
