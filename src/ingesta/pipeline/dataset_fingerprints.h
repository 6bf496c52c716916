// The fingerprints of one dataset while its scans run: of the rows written, in their order, and the keys that
// went to quarantine. Not thread-safe. Part of ResourceLoad.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/batch.h"
#include "ingesta/base/status.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/pipeline/fingerprints.h"
#include "ingesta/pipeline/run_record.h"
#include "ingesta/transform/fingerprint.h"

namespace ingesta::pipeline {

class DatasetFingerprints {
 public:
  /// Files go to `folder`, which exists. nullptr for a dataset without a primary key: rows can't be compared.
  static Result<std::unique_ptr<DatasetFingerprints>> Make(const config::ResourceSpec& dataset,
                                                           const arrow::Schema& schema,
                                                           const std::string& folder);

  /// Take in the rows of `batch` that are not dropped, and its rejected rows.
  Status Add(const Batch& batch);
  /// See FingerprintLog.
  void DoubtMissing() { log_->DoubtMissing(); }
  Status Clear() { return log_->Clear(); }
  /// Write the file of the rows that `keep` has set (empty: all) and name it, with its digest, in `record`,
  /// whose completeness is known: what is missing from an unproved scan is not gone from the source.
  Status Finish(const std::vector<bool>& keep, DatasetRecord& record);

 private:
  DatasetFingerprints(std::string dataset, std::string folder, transform::RowFingerprinter fingerprinter,
                      std::unique_ptr<FingerprintLog> log, bool single_integer_key)
      : dataset_(std::move(dataset)),
        folder_(std::move(folder)),
        fingerprinter_(std::move(fingerprinter)),
        log_(std::move(log)),
        single_integer_key_(single_integer_key) {}

  const std::string dataset_;
  const std::string folder_;
  const transform::RowFingerprinter fingerprinter_;
  const std::unique_ptr<FingerprintLog> log_;
  const bool single_integer_key_;
};

}  // namespace ingesta::pipeline
