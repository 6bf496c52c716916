// The suites of a dataset while a run streams: which rows they take out, what they find in those that stay.
// The results are those of one pass over the rows that are published (and, of expectations that quarantine,
// over the rows that they took out too). TakeOut and KeepTaken belong to the thread that reads pages; Observe
// may run on another one. Between the completeness proof and the formats.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/batch.h"
#include "ingesta/base/status.h"
#include "ingesta/columnar/arrow_file.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/expect/expect.h"
#include "ingesta/format/format.h"

namespace ingesta::pipeline {

/// A suite and what it found.
struct SuiteOutcome {
  expect::Suite suite;
  std::string file;  ///< as the pipeline names it
  expect::SuiteResult result;
};

struct SuiteOptions {
  std::string folder;                  ///< of the run's spool: scratch files, rows taken out
  int64_t memory_limit = 256LL << 20;  ///< bytes of whole-column statistics, of all the dataset's suites
};

class DatasetSuites {
 public:
  /// nullptr where `resource` has no suites. kInvalidConfig as CheckSuites says.
  static Result<std::unique_ptr<DatasetSuites>> Make(const config::ResourceSpec& resource,
                                                     const std::shared_ptr<arrow::Schema>& schema,
                                                     const SuiteOptions& options);

  /// Move the rows of `batch` that break an expectation whose policy is quarantine to batch.taken_out, and
  /// say so in batch.rejected. Rows that are dropped stay. Gives a flag for each row that there was, 1 =
  /// moved; empty where none was.
  Result<std::vector<uint8_t>> TakeOut(Batch& batch, int64_t page);
  /// Put by those of batch.taken_out that batch.rejected still names: the results count them.
  Status KeepTaken(const Batch& batch);
  /// Feeds Observe. Where `rows_path` is not empty, the rows are also put by there, in an Arrow file.
  Result<std::unique_ptr<format::Writer>> NewWriter(const std::string& rows_path,
                                                    const std::shared_ptr<arrow::Schema>& schema);
  /// Take in rows that are to be published.
  Status Observe(const arrow::RecordBatch& rows);
  /// Forget what was observed: the rows to publish come anew. What was taken out stays, unless `taken_too`.
  Status StartOver(bool taken_too);
  /// The results, a suite each. Once.
  Result<std::vector<SuiteOutcome>> Finish();

 private:
  /// One suite's evaluators. Expectations that quarantine have theirs: they see the rows that they took out.
  struct Entry {
    expect::Suite suite;
    std::string file;
    expect::Suite staying;    ///< those that don't quarantine
    expect::Suite taking;     ///< those that do
    std::vector<bool> takes;  ///< by expectation of `suite`: which of the two it is in
    std::unique_ptr<expect::Evaluator> staying_results;
    std::unique_ptr<expect::Evaluator> taking_results;
    std::unique_ptr<expect::Evaluator> judge;  ///< of `taking`; only its verdicts count
  };

  DatasetSuites(const config::ResourceSpec& resource, std::shared_ptr<arrow::Schema> schema,
                SuiteOptions options)
      : resource_(resource), schema_(std::move(schema)), options_(std::move(options)) {}

  Status Add(const config::SuiteFile& file);
  Status MakeEvaluators();
  Status Reject(Batch& batch, int64_t row, int64_t page, const expect::Expectation& expectation) const;
  Status ObserveTaken();
  Result<SuiteOutcome> FinishSuite(Entry& entry) const;
  std::string TakenPath() const;

  const config::ResourceSpec& resource_;
  const std::shared_ptr<arrow::Schema> schema_;
  const SuiteOptions options_;
  std::vector<Entry> entries_;
  std::vector<int> key_columns_;
  bool takes_out_ = false;
  std::unique_ptr<columnar::ArrowFileWriter> taken_;
};

/// TakeOut of the datasets `first` to before `last` of a resource tree, 0 being the root: a row of it that is
/// taken out takes its children along.
Status TakeOutRows(const std::vector<std::unique_ptr<DatasetSuites>>& suites, std::vector<Batch>& batches,
                   size_t first, size_t last, int64_t page);

/// Read the suites of every resource of `pipeline` and bind them to its columns. kInvalidConfig with every
/// mistake, one a line, each with the place in the pipeline that names the suite.
Status CheckSuites(const config::PipelineSpec& pipeline);

/// `batch` without the rows whose flag is 1.
Status RemoveRows(Batch& batch, const std::vector<uint8_t>& removed);
/// The same for the rows of `child` whose parents were removed; the others' parents are renumbered.
Status RemoveChildrenOf(Batch& child, const std::vector<uint8_t>& removed_parents);

}  // namespace ingesta::pipeline
