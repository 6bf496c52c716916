#include "ingesta/pipeline/dataset_fingerprints.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "ingesta/transform/row_builder.h"

namespace ingesta::pipeline {

Result<std::unique_ptr<DatasetFingerprints>> DatasetFingerprints::Make(const config::ResourceSpec& dataset,
                                                                       const arrow::Schema& schema,
                                                                       const std::string& folder) {
  if (dataset.primary_key.empty()) return nullptr;
  ARROW_ASSIGN_OR_RAISE(auto fingerprinter, transform::RowFingerprinter::Make(schema, dataset.primary_key,
                                                                              dataset.unstable_columns));
  ARROW_ASSIGN_OR_RAISE(auto log, FingerprintLog::Create(folder + "/" + dataset.name + ".rows"));
  const arrow::Type::type key_type = schema.GetFieldByName(dataset.primary_key.front())->type()->id();
  const bool single_integer_key =
      dataset.primary_key.size() == 1 && (key_type == arrow::Type::INT32 || key_type == arrow::Type::INT64);
  return std::unique_ptr<DatasetFingerprints>(new DatasetFingerprints(
      dataset.name, folder, std::move(fingerprinter), std::move(log), single_integer_key));
}

Status DatasetFingerprints::Add(const Batch& batch) {
  for (const RejectedRow& rejected : batch.rejected) {
    if (rejected.key.empty()) {
      log_->DoubtMissing();
    } else {
      log_->AddQuarantined(transform::HashKeyText(rejected.key, single_integer_key_));
    }
  }
  ARROW_ASSIGN_OR_RAISE(const auto fingerprints, fingerprinter_.Of(*batch.rows));
  return log_->Append(fingerprints, batch.dropped);
}

Status DatasetFingerprints::Finish(const std::vector<bool>& keep, DatasetRecord& record) {
  const Verdict verdict = record.completeness.verdict;
  if (verdict != Verdict::kExact && verdict != Verdict::kRepaired) log_->DoubtMissing();
  DatasetFile file;
  file.format = "fingerprints";
  file.spool_path = dataset_ + ".fingerprints";
  file.content_type = "application/octet-stream";
  file.rows = record.rows;
  ARROW_ASSIGN_OR_RAISE(const FingerprintFile written,
                        log_->Finish(keep, fingerprinter_.scheme(), folder_ + "/" + file.spool_path));
  file.bytes = written.bytes;
  file.crc32 = written.crc32;
  record.fingerprints = std::move(file);
  record.content_digest = written.digest;
  return Status::OK();
}

}  // namespace ingesta::pipeline
