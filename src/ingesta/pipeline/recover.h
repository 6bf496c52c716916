// What earlier runs of a pipeline left in the spool: whole runs are published, runs that were cut off are
// discarded, or kept for `resume` to go on with.
#pragma once

#include <vector>

#include "ingesta/pipeline/run_pipeline.h"
#include "ingesta/pipeline/run_spool.h"

namespace ingesta::pipeline {

struct RecoverContext {
  const RunSpool& own;  ///< the spool of the run that recovers
  const RunOptions& options;
  const RunContext& run;
  ObjectStore& store;
  catalog::Catalog& catalog;
  const Logger& log;
};

/// Publish every prepared run (but this one's that --force does again) and append it to `recovered`; what
/// fails stays for the next run. REQUIRES: the pipeline's lease.
Status RecoverEarlierRuns(const config::PipelineSpec& pipeline, const RecoverContext& context,
                          std::vector<RunRecord>& recovered);

/// The newest run of `pipeline` that was cut off before it was whole: the one that `resume` goes on with. ""
/// = none.
Result<std::string> FindUnfinishedRun(const std::string& root, const std::string& pipeline);

}  // namespace ingesta::pipeline
