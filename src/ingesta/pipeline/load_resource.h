// The main path of one resource: source -> decode -> transform -> expect -> format, page by page into the
// spool, pass after pass until the completeness proof is settled. Nothing is published here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/log.h"
#include "ingesta/base/progress.h"
#include "ingesta/base/stop.h"
#include "ingesta/pipeline/run_record.h"
#include "ingesta/pipeline/stages.h"

namespace ingesta::pipeline {

struct LoadOptions {
  std::string pipeline;
  std::string run_id;
  std::string folder;    ///< the run's spool folder; exists
  int64_t limit = 0;     ///< stop after so many rows (0 = none); the verdict is then unverifiable
  int max_restarts = 5;  ///< new tries of a streamed body that broke after rows were taken from it
};

struct LoadContext {
  Clock& clock;
  StopSource& stop;
  const Logger& log;
  ProgressListener& progress;
};

/// Extract all datasets of `stages` into spooled files. What fails: the source, a page that stays malformed,
/// too many rejected rows, an inexact verdict that the pipeline does not allow, a full disk, a stop. The
/// spool folder then holds partial files, which the caller discards.
Result<std::vector<DatasetRecord>> LoadResource(ResourceStages& stages, const LoadOptions& options,
                                                const LoadContext& context);

}  // namespace ingesta::pipeline
