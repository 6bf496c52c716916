// `ingesta lake rollback`: one dataset's tables back to an earlier run, under the pipeline's lease, so that
// no run switches them meanwhile. Not thread-safe.
#pragma once

#include <string>

#include "ingesta/base/clock.h"
#include "ingesta/base/log.h"
#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/base/stop.h"
#include "ingesta/catalog/catalog.h"
#include "ingesta/config/pipeline_spec.h"

namespace ingesta::pipeline {

struct RollbackOptions {
  std::string dataset;
  std::string to;    ///< run id, run id with its timestamp, or snapshot id
  std::string root;  ///< the local root, for the lock
  bool dry_run = false;
};

struct RollbackContext {
  ObjectStore& store;
  catalog::Catalog& catalog;
  Clock& clock;
  StopSource& stop;
  const Logger& log;
};

/// What was done, or with dry_run would be. kNotFound: see Catalog::PlanRollback. kLeaseHeld while a run of
/// the pipeline is at work. REQUIRES: the pipeline has the dataset.
Result<catalog::Rollback> RollBackDataset(const config::PipelineSpec& pipeline,
                                          const RollbackOptions& options, const RollbackContext& context);

}  // namespace ingesta::pipeline
