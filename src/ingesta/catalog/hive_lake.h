// A dataset of a run as the Hive tables see it: what Glue registers and what DDL is made from. Pure.
#pragma once

#include <string>

#include "ingesta/base/object_store.h"
#include "ingesta/catalog/catalog.h"
#include "ingesta/catalog/glue/hive_tables.h"

namespace ingesta::catalog {

/// The formats are those of the dataset's files, the partitions those of its Parquet files.
HiveDataset HiveDatasetOf(const DatasetVersion& dataset, const ObjectStore& store);

/// `2026-11-24` of `fecha=2026-11-24`, Hive's escapes undone.
std::string PartitionValue(const std::string& partition);

}  // namespace ingesta::catalog
