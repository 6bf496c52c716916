// A local Parquet file as a stream of record batches, columns and row groups chosen, memory bounded by the
// batch size and the pages. Not thread-safe. Used to combine parts and to merge into Iceberg tables.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/columnar/parquet_metrics.h"
#include "ingesta/columnar/row_source.h"

namespace ingesta::columnar {

struct ReadOptions {
  /// Top-level fields by their index in schema(), given ascending; nullopt = all.
  std::optional<std::vector<int>> columns;
  /// Row groups by index, in the order wanted; nullopt = all.
  std::optional<std::vector<int>> row_groups;
  int64_t batch_rows = 16 << 10;
};

class ParquetReader {
 public:
  /// kNotFound; kCorrupt where `path` is no whole Parquet file. `use_threads`: decode columns in parallel, on
  /// Arrow's thread pool.
  static Result<std::unique_ptr<ParquetReader>> Open(const std::string& path, bool use_threads = false);
  virtual ~ParquetReader() = default;

  /// The file's columns; a field with an id carries it as metadata `PARQUET:field_id`.
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  virtual int64_t rows() const = 0;
  virtual int row_groups() const = 0;
  virtual int64_t row_group_rows(int row_group) const = 0;
  /// The same as ReadMetrics, for one row group: what a merge needs to leave row groups unread.
  virtual Result<std::vector<ColumnMetrics>> RowGroupMetrics(int row_group) const = 0;

  /// The rows of the chosen part; its Next gives kCorrupt where pages do not decode or miss their checksum.
  /// REQUIRES: this reader outlives the stream.
  virtual Result<std::unique_ptr<RowSource>> Read(const ReadOptions& options = {}) = 0;
};

}  // namespace ingesta::columnar
