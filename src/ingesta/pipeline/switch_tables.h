// After the manifest: what readers of tables see moves from the run before to this one. Parquet partitions
// are replaced object by object, then the catalog switches its tables. All of it can be repeated. Not
// thread-safe.
#pragma once

#include "ingesta/base/log.h"
#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/catalog.h"
#include "ingesta/pipeline/run_record.h"
#include "ingesta/pipeline/run_spool.h"

namespace ingesta::pipeline {

/// What the catalog sees of a dataset of a run whose files wait in `spool`, or did.
catalog::DatasetVersion VersionOf(const DatasetRecord& dataset, const RunSpool& spool);

/// Switch all tables to `record`, whose objects are published; record.catalog and record.tables say what
/// became of them. `superseded`: a later run was published meanwhile; then rows to append are taken over, and
/// of rows to merge those whose key is new: a row of the table may be of the later run, and is never gone
/// back on. (What this leaves behind: a row that is older in the table than in this run, and that the later
/// run no longer met at the source.)
Status SwitchTables(RunRecord& record, const RunSpool& spool, ObjectStore& store, catalog::Catalog& catalog,
                    bool superseded, const Logger& log);

}  // namespace ingesta::pipeline
