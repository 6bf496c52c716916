// The DDL of a lake as it is now: locations, partitions and metadata of the moment, for `ingesta lake ddl`.
// Reads only.
#pragma once

#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/ddl.h"
#include "ingesta/catalog/lake_access.h"
#include "ingesta/catalog/lake_values.h"

namespace ingesta::catalog {

/// The dataset as DdlOf takes it. kNotFound where no run has been published yet.
Result<DdlDataset> DdlDatasetOf(DdlEngine engine, const DatasetHistory& history, ObjectStore& store,
                                const LakeAccess& access);

}  // namespace ingesta::catalog
