// A dataset of a run as the Hive tables see it: what Glue registers and what DDL is made from. Pure, but for
// what asks Glue.
#pragma once

#include <string>
#include <vector>

#include "ingesta/aws/glue.h"
#include "ingesta/base/object_store.h"
#include "ingesta/catalog/catalog.h"
#include "ingesta/catalog/glue/hive_tables.h"

namespace ingesta::catalog {

/// The formats are those of the dataset's files, the partitions those of its Parquet files.
HiveDataset HiveDatasetOf(const DatasetVersion& dataset, const ObjectStore& store);

/// `2026-11-24` of `fecha=2026-11-24`, Hive's escapes undone.
std::string PartitionValue(const std::string& partition);

/// What Glue has of a table's partitions; none where it has no such table (yet).
Result<std::vector<aws::GluePartition>> RegisteredPartitions(aws::GlueClient& glue,
                                                             const std::string& database,
                                                             const std::string& table);

}  // namespace ingesta::catalog
