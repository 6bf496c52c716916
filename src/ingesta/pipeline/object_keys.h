// Where a run's files go: the seed's keys for CSV and JSON, partitions for Parquet, the table's data folder
// for Iceberg. Pure.
#pragma once

#include <string>

#include "ingesta/pipeline/run_record.h"

namespace ingesta::pipeline {

std::string ManifestKey(const std::string& pipeline, const std::string& run_id);
/// Fingerprints of the rows that `dataset` had at its last run.
std::string FingerprintsKey(const std::string& pipeline, const std::string& dataset);
std::string StateKey(const std::string& pipeline);

/// `<key_prefix><dataset>/<dataset>_YYYYMMDD_HHMMSS<extension>`: the seed's keys, and `json/` before the
/// backup's.
std::string ObjectKey(const DatasetRecord& dataset, const DatasetFile& file, const std::string& timestamp);
/// `_ingesta/quarantine/<dataset>/<run id>_<timestamp>.jsonl`: a run id that is done again keeps what it
/// rejected before.
std::string QuarantineKey(const std::string& dataset, const std::string& run_id,
                          const std::string& timestamp);
/// `_ingesta/validations/<dataset>/<run id>.json`; of a dataset's second suite `<run id>.2.json`, and so on.
std::string ValidationKey(const std::string& dataset, const std::string& run_id, size_t number);
/// `parquet/<dataset>/<partition>/<dataset>.parquet`: the one file of a partition, replaced as a whole.
std::string PartitionKey(const std::string& dataset, const std::string& partition,
                         const std::string& extension);

/// Give every file of `record` its key, by record.timestamp. Parquet: one file a partition takes the place of
/// the one before it; where a partition has several (only with `registers_partitions`), they go to a folder
/// of the run.
void SetKeys(RunRecord& record, bool registers_partitions);

}  // namespace ingesta::pipeline
