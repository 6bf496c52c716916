// A Parquet file as a manifest describes it: partition, counts, sizes and bounds out of its footer.
// Stateless.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/manifest.h"
#include "ingesta/catalog/iceberg/partition.h"
#include "ingesta/catalog/iceberg/types.h"

namespace ingesta::iceberg {

/// Describe the Parquet file `local_path`, which readers find at `location`. Its partition is `partition`,
/// else what its bounds say. kInvalidConfig where a column is none of `schema` (or of a type that does not
/// become the table's), or rows of several partitions are in it.
Result<DataFile> DescribeDataFile(const std::string& local_path, const std::string& location,
                                  const Schema& schema, const PartitionSpec& spec,
                                  const std::optional<PartitionValues>& partition);

}  // namespace ingesta::iceberg
