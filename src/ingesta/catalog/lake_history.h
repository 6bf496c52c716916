// What a dataset's tables hold, by its runs, the store and the catalog: which files they consist of now, and
// which states they had. Reads only. Used by the lake catalog.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/lake_access.h"
#include "ingesta/catalog/lake_values.h"

namespace ingesta::catalog {

/// The dataset with the files that its tables hold now: those of the newest run, and of the Parquet table's
/// partitions each the newest.
DatasetVersion CurrentVersion(const DatasetHistory& history);

/// Every table of the dataset that exists, or that Glue should have.
Result<std::vector<TableInfo>> ListTables(const DatasetHistory& history, ObjectStore& store,
                                          const LakeAccess& access);

/// Snapshots of the Iceberg table; without one, the runs that left a CSV.
Result<TableHistory> HistoryOf(const DatasetHistory& history, ObjectStore& store, const LakeAccess& access);

/// The keys that the dataset's symlink file names; nullopt where there is none.
Result<std::optional<std::vector<std::string>>> SymlinkTargets(const std::string& dataset,
                                                               ObjectStore& store);

/// `20261124_020000` -> `2026-11-24T02:00:00Z`.
std::string RunTime(const std::string& timestamp);

}  // namespace ingesta::catalog
