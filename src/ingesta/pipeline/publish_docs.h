// The data docs of a run into the store: `_ingesta/docs/<pipeline>/<run id>.html`, the index, the history,
// and in the page of the run before a link to this one. Needs the pipeline's lease.
#pragma once

#include <string>
#include <vector>

#include "ingesta/base/log.h"
#include "ingesta/base/object_store.h"
#include "ingesta/pipeline/run_record.h"
#include "ingesta/pipeline/run_spool.h"

namespace ingesta::pipeline {

/// Write the pages about the result files of `datasets` in the spool; nothing where there is none. Best
/// effort: what fails is logged, as the results themselves are elsewhere too. Calling it again changes
/// nothing.
void PublishDocs(const RunRecord& record, const std::vector<std::string>& datasets, const RunSpool& spool,
                 ObjectStore& store, const Logger& log);

}  // namespace ingesta::pipeline
