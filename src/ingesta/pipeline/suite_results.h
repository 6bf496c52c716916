// From what the suites of a dataset found to its record, to Great Expectations' result files, and to whether
// the run may publish. Thread-safe: no shared state.
#pragma once

#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/pipeline/run_record.h"
#include "ingesta/pipeline/suites.h"

namespace ingesta::pipeline {

struct ResultContext {
  std::string pipeline;
  std::string run_id;
  std::string folder;  ///< the run's spool folder
  SystemTime now;
  bool whole = true;  ///< all rows were read: otherwise nothing fails for what was found
};

/// Write the result files to the spool and fill in record.expectations and record.validations. REQUIRES:
/// record has its name and completeness.
Status RecordSuites(const std::vector<SuiteOutcome>& outcomes, const ResultContext& context,
                    DatasetRecord& record);

/// kExpectationFailed where a suite of one of `datasets` says that nothing may be published: names the
/// expectations, what was observed, and what to do next.
Status CheckExpectations(const std::vector<DatasetRecord>& datasets, const std::string& run_id);

/// kTooManyRejected where more of the rows were rejected than `max_rejected`, a share, allows.
Status CheckRejected(const DatasetRecord& record, double max_rejected);

/// Where the result file of a dataset's suite waits in the spool; `number` counts from 1.
std::string ValidationPath(const std::string& folder, const std::string& dataset, size_t number);

}  // namespace ingesta::pipeline
