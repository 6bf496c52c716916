// What a Parquet file's footer says of its columns: the numbers that an Iceberg manifest carries. Reads no
// data pages. Thread-safe: values only.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/status.h"

namespace ingesta::columnar {

/// One leaf column over all row groups of a file.
struct ColumnMetrics {
  int field_id = -1;  ///< -1 = the file has none
  std::string path;   ///< dotted, such as `lineas.list.element.precio`
  std::shared_ptr<arrow::DataType> type;
  bool repeated = false;         ///< below a list or a map: `values` is not the file's rows
  int64_t compressed_bytes = 0;  ///< pages with their headers, dictionary included
  int64_t values = 0;            ///< nulls and NaNs included
  std::optional<int64_t> nulls;
  /// Of float and double: as our own writer left it in the footer, else nullopt. Nullopt for other types.
  std::optional<int64_t> nans;
  /// Bounds over all values that are neither null nor NaN, of `type` (int32, date32, timestamp, decimal128,
  /// string, ...). nullptr where there is no such value, or where a row group's bound is absent or not exact.
  std::shared_ptr<arrow::Scalar> min;
  std::shared_ptr<arrow::Scalar> max;
};

struct FileMetrics {
  int64_t rows = 0;
  int64_t bytes = 0;                   ///< of the file
  std::vector<ColumnMetrics> columns;  ///< in the file's order
  std::vector<int64_t> split_offsets;  ///< where each row group begins, ascending
};

/// Read the footer of the local file `path`. kNotFound, kCorrupt where it is no whole Parquet file.
Result<FileMetrics> ReadMetrics(const std::string& path);

}  // namespace ingesta::columnar
