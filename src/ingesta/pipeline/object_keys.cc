#include "ingesta/pipeline/object_keys.h"

#include <fmt/format.h>

#include <map>

namespace ingesta::pipeline {
namespace {

/// `20261124_020000` -> `2026-11-24`.
std::string DateOf(const std::string& timestamp) {
  return fmt::format("{}-{}-{}", timestamp.substr(0, 4), timestamp.substr(4, 2), timestamp.substr(6, 2));
}

void SetParquetKeys(DatasetRecord& dataset, const std::string& timestamp, bool registers_partitions) {
  std::map<std::string, int> files_of;
  for (DatasetFile& file : dataset.files) {
    if (file.format != "parquet" || file.placeholder) continue;
    if (dataset.shape.partition_by.by_run_date()) {
      file.partition = fmt::format("{}={}", dataset.shape.partition_by.name, DateOf(timestamp));
    }
    ++files_of[file.partition];
  }
  std::map<std::string, int> numbers;
  for (DatasetFile& file : dataset.files) {
    if (file.format != "parquet" || file.placeholder) continue;
    file.replaces = !registers_partitions || files_of[file.partition] == 1;
    file.key = file.replaces
                   ? PartitionKey(dataset.name, file.partition, file.extension)
                   : fmt::format("parquet/{}/{}/{}/{}-{:05}{}", dataset.name, timestamp, file.partition,
                                 dataset.name, ++numbers[file.partition], file.extension);
  }
}

void SetIcebergKeys(DatasetRecord& dataset, const std::string& run_id, const std::string& timestamp) {
  int number = 0;
  for (DatasetFile& file : dataset.files) {
    if (file.format != "iceberg" || !file.is_object()) continue;
    const std::string folder = file.partition.empty() ? "" : file.partition + "/";
    file.key = fmt::format("{}{}/data/{}{}_{}-{:05}{}", file.key_prefix, dataset.name, folder, timestamp,
                           run_id, ++number, file.extension);
  }
}

}  // namespace

std::string ManifestKey(const std::string& pipeline, const std::string& run_id) {
  return fmt::format("_ingesta/runs/{}/{}.json", pipeline, run_id);
}

std::string StateKey(const std::string& pipeline) {
  return fmt::format("_ingesta/state/{}.json", pipeline);
}

std::string FingerprintsKey(const std::string& pipeline, const std::string& dataset) {
  return fmt::format("_ingesta/state/{}/{}.fingerprints", pipeline, dataset);
}

std::string ObjectKey(const DatasetRecord& dataset, const DatasetFile& file, const std::string& timestamp) {
  return fmt::format("{}{}/{}_{}{}", file.key_prefix, dataset.name, dataset.name, timestamp, file.extension);
}

std::string QuarantineKey(const std::string& dataset, const std::string& run_id,
                          const std::string& timestamp) {
  return fmt::format("_ingesta/quarantine/{}/{}_{}.jsonl", dataset, run_id, timestamp);
}

std::string ValidationKey(const std::string& dataset, const std::string& run_id, size_t number) {
  const std::string suffix = number == 1 ? "" : fmt::format(".{}", number);
  return fmt::format("_ingesta/validations/{}/{}{}.json", dataset, run_id, suffix);
}

std::string PartitionKey(const std::string& dataset, const std::string& partition,
                         const std::string& extension) {
  return fmt::format("parquet/{}/{}/{}{}", dataset, partition, dataset, extension);
}

void SetKeys(RunRecord& record, bool registers_partitions) {
  for (DatasetRecord& dataset : record.datasets) {
    for (DatasetFile& file : dataset.files) {
      if (file.format != "parquet" && file.format != "iceberg") {
        file.key = ObjectKey(dataset, file, record.timestamp);
      }
    }
    SetParquetKeys(dataset, record.timestamp, registers_partitions);
    SetIcebergKeys(dataset, record.run_id, record.timestamp);
    for (size_t i = 0; i < dataset.validations.size(); ++i) {
      dataset.validations[i].key = ValidationKey(dataset.name, record.run_id, i + 1);
    }
    if (dataset.quarantine)
      dataset.quarantine->key = QuarantineKey(dataset.name, record.run_id, record.timestamp);
  }
}

}  // namespace ingesta::pipeline
