// The rows of a local data file in the table's columns, with their positions in the file. Not thread-safe.
// Read by merge and compaction, batch by batch.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/projection.h"
#include "ingesta/catalog/iceberg/types.h"
#include "ingesta/columnar/parquet_reader.h"
#include "ingesta/columnar/row_source.h"

namespace ingesta::iceberg {

class DataFileRows;

class DataFileReader {
 public:
  /// Open the Parquet file `path`; `location` is for messages. `use_threads`: columns are decoded in
  /// parallel. kCorrupt.
  static Result<std::unique_ptr<DataFileReader>> Open(const std::string& path, std::string location,
                                                      bool use_threads = false);

  const columnar::ParquetReader& parquet() const { return *parquet_; }
  /// Position of a row group's first row.
  int64_t first_row(int row_group) const { return first_rows_[static_cast<size_t>(row_group)]; }

  /// The rows of `row_groups` (nullopt = all) in the columns `fields`. REQUIRES: this outlives them.
  Result<std::unique_ptr<DataFileRows>> Read(const std::vector<Field>& fields,
                                             const std::optional<std::vector<int>>& row_groups = {});

 private:
  std::unique_ptr<columnar::ParquetReader> parquet_;
  std::string location_;
  std::vector<int64_t> first_rows_;
};

class DataFileRows final : public columnar::RowSource {
 public:
  DataFileRows(columnar::ParquetReader& parquet, Projection projection, std::vector<int> row_groups,
               const std::vector<int64_t>& first_rows)
      : parquet_(parquet),
        projection_(std::move(projection)),
        row_groups_(std::move(row_groups)),
        first_rows_(first_rows) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return projection_.schema(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  /// Position in the file of the first row that Next gave last.
  int64_t position() const { return position_; }

 private:
  columnar::ParquetReader& parquet_;
  const Projection projection_;
  const std::vector<int> row_groups_;
  const std::vector<int64_t>& first_rows_;
  size_t next_group_ = 0;
  std::unique_ptr<columnar::RowSource> group_;  ///< one at a time: batches may span them otherwise
  int64_t next_position_ = 0;
  int64_t position_ = 0;
};

}  // namespace ingesta::iceberg
