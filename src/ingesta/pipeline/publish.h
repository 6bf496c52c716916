// Publication of a prepared run: objects, the manifest, the tables, the state. The manifest is the commit; a
// process that dies before the end leaves the spool, and publishing the same spool again gives the same
// objects and tables. Never over another run's object.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/log.h"
#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/catalog.h"
#include "ingesta/pipeline/object_keys.h"
#include "ingesta/pipeline/run_record.h"
#include "ingesta/pipeline/run_spool.h"

namespace ingesta::pipeline {

/// Where a run is published. References outlive the call.
struct PublishContext {
  ObjectStore& store;
  catalog::Catalog& catalog;
  Clock& clock;
  const Logger& log;
};

/// Publish `record` from `spool`: compares it with the run before, picks the first free second from
/// record.timestamp on (empty: now), puts objects and quarantine files, writes the manifest, switches the
/// tables, writes the state. On success `record` has the final keys and the spool is removed. On failure the
/// spool stays, to be published by the next run or `resume`. REQUIRES: the pipeline's lease.
Status Publish(RunRecord& record, const RunSpool& spool, const PublishContext& context);

/// Write the manifest of a run that failed, and the quarantine files that `datasets` left in the spool, so
/// that the next person can look. Best effort. REQUIRES: record.timestamp is set.
void PublishFailure(const RunRecord& record, const std::vector<std::string>& datasets, const RunSpool& spool,
                    ObjectStore& store, const Logger& log);

/// The manifest of a run, or nullopt.
Result<std::optional<RunRecord>> ReadManifest(ObjectStore& store, const std::string& pipeline,
                                              const std::string& run_id);

}  // namespace ingesta::pipeline
