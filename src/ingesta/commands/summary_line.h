// The summary of runs as the last line of a log: for files that collectors read, and for schedulers that take
// the last line of a container's output (Airflow's XCom). Pure.
#pragma once

#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/pipeline/run_pipeline.h"

namespace ingesta::commands {

/// One line of JSON, newline included: a log line's `time`, `level` (error: a run failed; warning: rows in
/// quarantine, or another run holds a lease) and `message`, then `exit_code`, the sums `rows` and `rejected`,
/// and in `runs` what each did, earlier runs that were published on the way included. Files and tables are
/// not in it: a run may have thousands.
std::string OutcomesToLogLine(const std::vector<pipeline::RunOutcome>& outcomes, int exit_code,
                              SystemTime now);

}  // namespace ingesta::commands
