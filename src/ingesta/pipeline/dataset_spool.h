// The spooled files of one dataset while its scans run: each pass is a part, in every format, and what was
// rejected waits beside it. Rows are numbered over all parts in the order in which they were written, so that
// the completeness proof can name the ones that a later pass superseded. Not thread-safe.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/batch.h"
#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/format/format.h"
#include "ingesta/pipeline/encoder_lane.h"
#include "ingesta/pipeline/run_record.h"

namespace ingesta::pipeline {

class DatasetSuites;

class DatasetSpool {
 public:
  /// Files go to `folder`, which exists. `formats` outlive the spool, and so do `suites`, which see the rows
  /// that are written; nullptr where there are none.
  DatasetSpool(std::string dataset, std::string folder, std::shared_ptr<arrow::Schema> schema,
               const std::vector<std::unique_ptr<format::Format>>& formats, DatasetSuites* suites = nullptr);
  ~DatasetSpool();
  DatasetSpool(const DatasetSpool&) = delete;
  DatasetSpool& operator=(const DatasetSpool&) = delete;

  /// Open the next part. REQUIRES: no part is open.
  Status BeginPart();
  /// Append the rows of `batch` that are not dropped, in every format side by side. REQUIRES: a part is open.
  Status Write(Batch batch);
  Status EndPart();
  /// Append `rejected` to the quarantine file: one JSON object a line.
  Status Quarantine(const RejectedRow& rejected, const std::string& run_id);
  /// Rows written to all parts so far; the number of the next one.
  int64_t rows_written() const { return rows_written_; }
  int64_t rows_quarantined() const { return rows_quarantined_; }

  /// Visit those rows of all parts that `keep` has set, in order, as they were written. REQUIRES: there are
  /// suites, no part is open, and Finish was not called.
  Status ForEachKept(const std::vector<bool>& keep,
                     const std::function<Status(const arrow::RecordBatch& rows)>& visit) const;
  /// Make the final files: of all rows where `keep` is empty, else of those it has set. Fills in rows, files,
  /// quarantine. REQUIRES: no part is open.
  Status Finish(const std::vector<bool>& keep, DatasetRecord& record);
  /// Remove everything; the spool is as new.
  Status Reset();
  static std::string QuarantinePath(const std::string& folder, const std::string& dataset);

 private:
  struct Part {
    int64_t first_row = 0;
    std::vector<std::vector<format::WrittenFile>> files;  ///< by format, in the order of the rows
    std::vector<format::WrittenFile> rows;                ///< Arrow files, where no format's hold the rows
  };

  /// The format whose part files give the rows back, or -1.
  int RowHolder() const;

  DatasetFile Describe(size_t format, const format::WrittenFile& written) const;
  std::string PartPath(size_t format, const std::string& part) const;
  Result<std::vector<format::WrittenFile>> FinishFormat(size_t format, const std::vector<bool>& keep);

  const std::string dataset_;
  const std::string folder_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<std::unique_ptr<format::Format>>& formats_;
  DatasetSuites* const suites_;
  std::vector<std::unique_ptr<EncoderLane>> lanes_;  ///< by format
  std::unique_ptr<EncoderLane> suites_lane_;
  std::vector<Part> parts_;
  int64_t rows_written_ = 0;
  int64_t part_first_row_ = 0;
  std::FILE* quarantine_ = nullptr;
  int64_t rows_quarantined_ = 0;
};

}  // namespace ingesta::pipeline
