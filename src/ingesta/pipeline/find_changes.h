// What a run found other than the run before it, by the fingerprints that the state points to. Part of
// publication, before anything is put. Not thread-safe.
#pragma once

#include <optional>

#include "ingesta/base/log.h"
#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/pipeline/pipeline_state.h"
#include "ingesta/pipeline/run_record.h"
#include "ingesta/pipeline/run_spool.h"

namespace ingesta::pipeline {

/// Fill in `changes` of each dataset of `record` that has fingerprints here and in `before`. Fingerprints
/// that are lost or damaged leave it empty, with a warning; a store that can't be asked is an error.
Status FindChanges(RunRecord& record, const std::optional<PipelineState>& before, const RunSpool& spool,
                   ObjectStore& store, const Logger& log);

/// Put the run's fingerprints in the place of those before, where they differ.
Status KeepFingerprints(const RunRecord& record, const std::optional<PipelineState>& before,
                        const RunSpool& spool, ObjectStore& store);

}  // namespace ingesta::pipeline
