// Rows in the order of arrival -> Parquet files of one partition each, in bounded memory however many rows
// and partitions there are: what fits is sorted in memory, what does not is first dealt out to files on disk
// that do. Thread-safe: no shared state. The last step of formats that partition by a column.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/columnar/parquet_writer.h"
#include "ingesta/format/format.h"
#include "ingesta/format/part_rows.h"
#include "ingesta/format/partitioner.h"

namespace ingesta::format {

struct PartitionOptions {
  columnar::ParquetOptions parquet;
  /// What is sorted in memory at once; twice that is held.
  int64_t sort_bytes = 16 << 20;
  /// Files open at once while rows are dealt out (up to twice as many).
  int64_t fan_out = 128;
};

/// Write the kept rows of `parts`, Arrow files of `schema`, to files beside `path` whose names derive from
/// it, partition after partition by value, within each in order. No rows, no files. Temporary files stand
/// there too, and are gone at the end, except after a crash.
Result<std::vector<WrittenFile>> WritePartitions(const std::vector<PartSelection>& parts,
                                                 const std::string& path,
                                                 const std::shared_ptr<arrow::Schema>& schema,
                                                 Partitioner partitioner, const PartitionOptions& options);

/// `path` with `suffix` before its extension.
std::string WithSuffix(const std::string& path, const std::string& suffix);

}  // namespace ingesta::format
