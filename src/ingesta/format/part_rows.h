// The kept rows of closed parts, in order, as one stream of batches of a good size. Not thread-safe. Where
// columnar formats combine their parts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/columnar/row_gatherer.h"
#include "ingesta/columnar/row_source.h"
#include "ingesta/format/format.h"

namespace ingesta::format {

/// Opens a part's file; of its columns those of the indexes, all where there are none.
using OpenRows = std::function<Result<std::unique_ptr<columnar::RowSource>>(const std::string& path,
                                                                            const std::vector<int>& columns)>;

/// A Parquet file's rows as a RowSource.
Result<std::unique_ptr<columnar::RowSource>> OpenParquetRows(const std::string& path,
                                                             const std::vector<int>& columns);

class PartRows {
 public:
  /// REQUIRES: `parts` outlive it.
  PartRows(const std::vector<PartSelection>& parts, OpenRows open, std::vector<int> columns = {})
      : parts_(parts), open_(std::move(open)), columns_(std::move(columns)) {}

  /// The next kept rows, never an empty batch, or nullptr at the end.
  Result<std::shared_ptr<arrow::RecordBatch>> Next();

 private:
  Result<columnar::RowGatherer::Chunk> Advance();
  Result<std::shared_ptr<arrow::RecordBatch>> Select(const std::shared_ptr<arrow::RecordBatch>& rows);

  const std::vector<PartSelection>& parts_;
  const OpenRows open_;
  const std::vector<int> columns_;
  size_t part_ = 0;  ///< the next one, or that of source_
  std::unique_ptr<columnar::RowSource> source_;
  int64_t row_ = 0;  ///< the next one within the part
  columnar::RowGatherer gatherer_;
};

}  // namespace ingesta::format
