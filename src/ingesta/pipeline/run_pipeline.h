// The main path: one run of one pipeline, from the lease to the manifest.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/log.h"
#include "ingesta/base/object_store.h"
#include "ingesta/base/progress.h"
#include "ingesta/base/stop.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/pipeline/lease.h"
#include "ingesta/pipeline/run_record.h"
#include "ingesta/pipeline/stages.h"

namespace ingesta::pipeline {

struct RunOptions {
  std::string run_id;             ///< "" = made of time and chance
  std::string root;               ///< the local root, INGESTA_DATA_DIR
  std::vector<std::string> only;  ///< datasets; empty = all
  int64_t limit = 0;              ///< rows a dataset; publishes nothing
  bool dry_run = false;           ///< extract and prove, publish nothing
  bool force = false;             ///< also where the run id has succeeded already
  bool resume = false;            ///< go on with runs that were cut off; extract nothing where there is none
  std::string version;            ///< of ingesta, for the manifest
  LeaseOptions lease;

  bool Publishes() const { return limit == 0 && !dry_run; }
  /// Whether `dataset` is among those asked for.
  bool Wants(const std::string& dataset) const {
    return only.empty() || std::find(only.begin(), only.end(), dataset) != only.end();
  }
};

/// How a run ended. `record` is filled as far as it came.
struct RunOutcome {
  RunRecord record;
  Status status;                       ///< OK also for a no-op and with rows in quarantine
  bool already_done = false;           ///< the run id had succeeded before: nothing was done
  std::vector<RunRecord> recovered;    ///< earlier runs that were published on the way
  std::shared_ptr<ObjectStore> store;  ///< that the run used; nullptr where it could not be used
};

struct RunContext {
  StageFactory& factory;
  Clock& clock;
  Random& random;
  StopSource& stop;
  const Logger& log;
  ProgressListener& progress;
};

/// Run `pipeline`: lease, recover what earlier runs left, extract, publish, give the lease back.
RunOutcome RunPipeline(const config::PipelineSpec& pipeline, const RunOptions& options,
                       const RunContext& context);

/// Exit codes that scripts can trust.
enum ExitCode { kExitDone = 0, kExitFailed = 1, kExitUsage = 2, kExitQuarantine = 3, kExitLeaseHeld = 4 };
int ExitCodeOf(const RunOutcome& outcome, int quarantine_exit);
/// The worse of two codes, in the order 1, 2, 4, 3, 0.
int WorseExitCode(int a, int b);

}  // namespace ingesta::pipeline
