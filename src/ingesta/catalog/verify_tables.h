// Whether a dataset's tables hold what its runs published: the Iceberg table's files and rows, the symlink
// file, and what Glue has registered. Reads only. Not thread-safe.
#pragma once

#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/lake_access.h"
#include "ingesta/catalog/lake_values.h"
#include "ingesta/catalog/object_index.h"

namespace ingesta::catalog {

/// Check all tables of the dataset. An error is one of the way there (refused access, no network): nothing is
/// known then.
Result<TablesCheck> VerifyTables(const DatasetHistory& history, ObjectIndex& objects, ObjectStore& store,
                                 const LakeAccess& access);

/// The Hive tables and partitions in Glue. REQUIRES: access.glue. Called by VerifyTables.
Status VerifyHive(const DatasetHistory& history, const ObjectIndex& objects, ObjectStore& store,
                  const LakeAccess& access, TablesCheck& check);

}  // namespace ingesta::catalog
