#include "ingesta/pipeline/lake_runs.h"

#include <algorithm>

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

}  // namespace

Result<LakeRuns> ReadRuns(ObjectStore& store, const std::string& pipeline) {
  LakeRuns runs;
  const std::string prefix = ManifestKey(pipeline, "");
  ARROW_ASSIGN_OR_RAISE(const auto objects, store.List(prefix.substr(0, prefix.rfind('/') + 1)));
  for (const StoredObject& object : objects) {
    if (!object.key.ends_with(".json")) continue;
    ARROW_ASSIGN_OR_RAISE(const auto document, store.Read(object.key));
    if (!document) continue;
    auto record = RunRecordFromJson(document->text);
    if (record.ok()) {
      runs.records.push_back(*std::move(record));
    } else {
      runs.unreadable.emplace_back(object.key, record.status());
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
