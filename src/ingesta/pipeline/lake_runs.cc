#include "ingesta/pipeline/lake_runs.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "ingesta/config/arrow_schema.h"
#include "ingesta/pipeline/object_keys.h"

namespace ingesta::pipeline {
namespace {

/// `.csv.gz` of a key: what follows the file's stem.
std::string ExtensionOf(const std::string& key) {
  const size_t dot = key.find('.', key.rfind('/') + 1);
  return dot == std::string::npos ? "" : key.substr(dot);
}

catalog::DatasetRun RunOf(const RunRecord& record, const DatasetRecord& dataset) {
  catalog::DatasetRun run;
  run.run_id = record.run_id;
  run.timestamp = record.timestamp;
  run.rows = dataset.rows;
  run.switched = record.tables_done && (!record.superseded || dataset.shape.write_disposition == "append");
  for (const DatasetFile& file : dataset.files) {
    if (file.placeholder) continue;
    run.files.push_back({.format = file.format,
                         .key = file.key,
                         .local_path = "",
                         .extension = ExtensionOf(file.key),
                         .rows = file.rows,
                         .bytes = file.bytes,
                         .partition = file.partition});
  }
  return run;
}

/// A year of runs is thousands of small objects, each a round trip on S3.
constexpr size_t kReaders = 8;

std::vector<Result<std::optional<Document>>> ReadAll(ObjectStore& store,
                                                     const std::vector<std::string>& keys) {
  std::vector<Result<std::optional<Document>>> documents(keys.size(), std::optional<Document>());
  std::atomic<size_t> next{0};
  std::vector<std::jthread> readers;
  for (size_t i = 0; i < std::min(kReaders, keys.size()); ++i) {
    readers.emplace_back([&] {
      for (size_t at = next++; at < keys.size(); at = next++) documents[at] = store.Read(keys[at]);
    });
  }
  readers.clear();  // joins
  return documents;
}

}  // namespace

Result<LakeRuns> ReadRuns(ObjectStore& store, const std::string& pipeline, size_t newest) {
  LakeRuns runs;
  const std::string prefix = ManifestKey(pipeline, "");
  ARROW_ASSIGN_OR_RAISE(auto objects, store.List(prefix.substr(0, prefix.rfind('/') + 1)));
  std::erase_if(objects, [](const StoredObject& object) { return !object.key.ends_with(".json"); });
  if (newest > 0 && objects.size() > newest) {
    std::stable_sort(objects.begin(), objects.end(),
                     [](const StoredObject& a, const StoredObject& b) { return a.modified > b.modified; });
    objects.resize(newest);
    runs.more = true;
  }
  std::vector<std::string> keys;
  for (const StoredObject& object : objects) keys.push_back(object.key);
  const auto documents = ReadAll(store, keys);
  for (size_t i = 0; i < keys.size(); ++i) {
    RETURN_NOT_OK(documents[i].status());
    if (!documents[i]->has_value()) continue;
    auto record = RunRecordFromJson((*documents[i])->text);
    if (record.ok()) {
      runs.records.push_back(*std::move(record));
    } else {
      runs.unreadable.emplace_back(keys[i], record.status());
    }
  }
  std::stable_sort(runs.records.begin(), runs.records.end(),
                   [](const RunRecord& a, const RunRecord& b) { return a.timestamp > b.timestamp; });
  return runs;
}

catalog::DatasetHistory HistoryOf(const std::string& pipeline, const config::ResourceSpec& resource,
                                  const LakeRuns& runs) {
  catalog::DatasetHistory history;
  history.pipeline = pipeline;
  history.dataset.name = resource.name;
  history.dataset.schema = config::ArrowSchema(resource.columns);
  history.dataset.primary_key = resource.primary_key;
  history.dataset.write_disposition = resource.write_disposition;
  history.dataset.partition_by = resource.partition_by;
  for (const RunRecord& record : runs.records) {
    if (record.status == RunStatus::kFailed) continue;
    for (const DatasetRecord& dataset : record.datasets) {
      if (dataset.name == resource.name) history.runs.push_back(RunOf(record, dataset));
    }
  }
  return history;
}

}  // namespace ingesta::pipeline
