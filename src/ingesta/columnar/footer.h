// A Parquet file's footer, read through libparquet, and the metrics in it. What the reader and ReadMetrics
// share.
#pragma once

#include <parquet/file_reader.h>

#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/columnar/parquet_metrics.h"

namespace ingesta::columnar {

/// Open the local file `path`: kNotFound, kCorrupt. Pages are read piece by piece, not by column chunk.
Result<std::unique_ptr<parquet::ParquetFileReader>> OpenParquet(const std::string& path);

/// The metrics of every leaf column over `row_groups`. REQUIRES: called through CatchParquet.
Result<std::vector<ColumnMetrics>> CollectMetrics(const parquet::FileMetaData& footer,
                                                  const std::vector<int>& row_groups);

}  // namespace ingesta::columnar
