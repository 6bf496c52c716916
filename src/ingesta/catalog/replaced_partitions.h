// Files of Parquet partitions that Glue pointed at before: a run whose partition has several files puts them
// into a folder of its own and repoints the partition, so that what was read before stays whole for the
// queries that are under way. Reads only; the upkeep removes. Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "ingesta/aws/glue.h"
#include "ingesta/base/clock.h"
#include "ingesta/base/object_store.h"

namespace ingesta::catalog {

/// Objects below `parquet/<dataset>/` that a registered partition was made of before its present ones were
/// written, where that was before `superseded_before`. Of partitions that Glue has not (in this database)
/// nothing is said: another database may have them. Neither of files that are newer than those it points at:
/// they are a run's that has not switched yet.
Result<std::vector<StoredObject>> ReplacedPartitionFiles(const std::string& dataset, ObjectStore& store,
                                                         aws::GlueClient& glue, const std::string& database,
                                                         SystemTime superseded_before);

}  // namespace ingesta::catalog
