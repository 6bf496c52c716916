// Publication of a prepared run: objects, then the manifest, then the state. The manifest is the commit; a
// process that dies before it leaves the spool, and publishing the same spool again gives the same objects.
// Never over another object.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/log.h"
#include "ingesta/base/status.h"
#include "ingesta/pipeline/run_record.h"
#include "ingesta/pipeline/run_spool.h"
#include "ingesta/store/store.h"

namespace ingesta::pipeline {

std::string ManifestKey(const std::string& pipeline, const std::string& run_id);
std::string StateKey(const std::string& pipeline);

/// `<key_prefix><dataset>/<dataset>_YYYYMMDD_HHMMSS<extension>`: the seed's keys, and `json/` before the
/// backup's.
std::string ObjectKey(const DatasetRecord& dataset, const DatasetFile& file, const std::string& timestamp);
/// `_ingesta/quarantine/<dataset>/<run id>_<timestamp>.jsonl`: a run id that is done again keeps what it
/// rejected before.
std::string QuarantineKey(const std::string& dataset, const std::string& run_id,
                          const std::string& timestamp);

/// Publish `record` from `spool`: picks the first free second from record.timestamp on (empty: now), puts
/// objects and quarantine files, writes manifest and state. On success `record` has the final keys and the
/// spool is removed. On failure the spool stays, to be published by the next run or `resume`. REQUIRES: the
/// pipeline's lease.
Status Publish(RunRecord& record, const RunSpool& spool, store::Store& store, Clock& clock,
               const Logger& log);

/// Write the manifest of a run that failed, and the quarantine files that `datasets` left in the spool, so
/// that the next person can look. Best effort. REQUIRES: record.timestamp is set.
void PublishFailure(const RunRecord& record, const std::vector<std::string>& datasets, const RunSpool& spool,
                    store::Store& store, const Logger& log);

/// The manifest of a run, or nullopt.
Result<std::optional<RunRecord>> ReadManifest(store::Store& store, const std::string& pipeline,
                                              const std::string& run_id);

}  // namespace ingesta::pipeline
