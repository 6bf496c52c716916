// The upkeep of a pipeline's tables, one dataset after the other: what `ingesta lake maintain` does and
// tells. Safe beside running ingestions (see iceberg/maintenance.h, replaced_partitions.h). Not thread-safe
// itself.
#pragma once

#include <string>
#include <vector>

#include "ingesta/aws/glue.h"
#include "ingesta/base/clock.h"
#include "ingesta/base/object_store.h"
#include "ingesta/catalog/iceberg/catalog.h"
#include "ingesta/catalog/maintained_table.h"

namespace ingesta::catalog {

/// What it works on; all outlive the call.
struct LakeMaintenanceContext {
  iceberg::TableCatalog& tables;
  ObjectStore& store;
  Clock& clock;
  Random& random;
  aws::GlueClient* glue = nullptr;  ///< nullptr: no partition was ever repointed
  std::string database;             ///< in Glue
};

/// Maintain the tables of each dataset, in their order: the Iceberg table is compacted, its old snapshots
/// expire and its orphans go, then the files of replaced Parquet partitions. The failure of one dataset is in
/// its status and keeps no other from being maintained.
std::vector<MaintainedTable> MaintainLake(const std::vector<std::string>& datasets,
                                          const LakeMaintenanceOptions& options,
                                          const LakeMaintenanceContext& context);

}  // namespace ingesta::catalog
