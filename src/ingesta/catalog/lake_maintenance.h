// The upkeep of a pipeline's Iceberg tables, one after the other: what `ingesta lake maintain` does and
// tells. Safe beside running ingestions (see iceberg/maintenance.h). Not thread-safe itself.
#pragma once

#include <string>
#include <vector>

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
};

/// Maintain the table of each dataset, in their order: compact, expire, then remove orphans. The failure of
/// one table is in its status and keeps no other from being maintained.
std::vector<MaintainedTable> MaintainLake(const std::vector<std::string>& datasets,
                                          const LakeMaintenanceOptions& options,
                                          const LakeMaintenanceContext& context);

}  // namespace ingesta::catalog
