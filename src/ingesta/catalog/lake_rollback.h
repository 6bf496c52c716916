// Bringing a dataset back to the state that an earlier run gave it: the Iceberg table to that run's snapshot,
// the table of the latest CSV to that run's file. Not thread-safe.
// Used by the lake catalog.
#pragma once

#include <string>

#include "ingesta/base/clock.h"
#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/lake_access.h"
#include "ingesta/catalog/lake_values.h"

namespace ingesta::catalog {

/// What going back to `to` (a run id, a run id with its timestamp, or a snapshot id) would do. kNotFound
/// where there is no such state, or no more: the hint names those that there are.
Result<Rollback> PlanRollback(const DatasetHistory& history, const std::string& to, ObjectStore& store,
                              const LakeAccess& access);

/// Do it: first the Iceberg table, in one commit, then the symlink file, in one write. Repeating it after a
/// failure ends in the same state. REQUIRES: the pipeline's lease, so that no run switches the tables
/// meanwhile.
Status RollBack(const Rollback& plan, ObjectStore& store, const LakeAccess& access, Clock& clock,
                Random& random);

}  // namespace ingesta::catalog
