#include "ingesta/pipeline/publish.h"

#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <vector>

#include "ingesta/base/fs.h"
#include "ingesta/pipeline/dataset_spool.h"

namespace ingesta::pipeline {
namespace {

// A timestamp that is taken moves the run on by a second; a bucket where this many in a row are taken is no
// accident.
constexpr int kMaxTimestamps = 600;

std::string NextSecond(const std::string& timestamp) {
  std::tm fields{};
  strptime(timestamp.c_str(), "%Y%m%d_%H%M%S", &fields);
  return FormatKeyTimestamp(SystemTime(std::chrono::seconds(timegm(&fields) + 1)));
}

void SetKeys(RunRecord& record) {
  for (DatasetRecord& dataset : record.datasets) {
    for (DatasetFile& file : dataset.files) file.key = ObjectKey(dataset, file, record.timestamp);
    if (dataset.quarantine)
      dataset.quarantine->key = QuarantineKey(dataset.name, record.run_id, record.timestamp);
  }
}

// Whether no object of the run's keys exists. A store that does not let us look says so at the first conflict
// instead.
Result<bool> TimestampIsFree(const RunRecord& record, store::Store& store) {
  for (const DatasetRecord& dataset : record.datasets) {
    for (const DatasetFile& file : dataset.files) {
      auto there = store.Head(file.key);
      if (!there.ok() && CodeOf(there.status()) == ErrorCode::kAccessDenied) continue;
      RETURN_NOT_OK(there.status());
      if (there->has_value()) return false;
    }
  }
  return true;
}

Status PublishObjects(const RunRecord& record, const RunSpool& spool, store::Store& store,
                      std::vector<std::string>& published) {
  for (const DatasetRecord& dataset : record.datasets) {
    for (const DatasetFile& file : dataset.files) {
      RETURN_NOT_OK(WithPrefix(
          store.PublishFile(spool.folder() + "/" + file.spool_path, file.key, file.content_type, file.crc32),
          dataset.name));
      published.push_back(file.key);
    }
    if (dataset.quarantine) {
      const DatasetFile& file = *dataset.quarantine;
      RETURN_NOT_OK(
          store.PublishFile(spool.folder() + "/" + file.spool_path, file.key, file.content_type, file.crc32));
    }
  }
  return Status::OK();
}

std::string StateText(const RunRecord& record) {
  nlohmann::ordered_json datasets = nlohmann::ordered_json::object();
  for (const DatasetRecord& dataset : record.datasets) {
    nlohmann::ordered_json keys = nlohmann::ordered_json::array();
    for (const DatasetFile& file : dataset.files) keys.push_back(file.key);
    datasets[dataset.name] = {{"rows", dataset.rows},
                              {"completeness", VerdictName(dataset.completeness.verdict)},
                              {"files", std::move(keys)}};
  }
  return nlohmann::ordered_json{{"pipeline", record.pipeline},
                                {"last_run_id", record.run_id},
                                {"last_success_at", record.finished_at},
                                {"timestamp", record.timestamp},
                                {"datasets", std::move(datasets)}}
             .dump(2) +
         "\n";
}

}  // namespace

std::string ManifestKey(const std::string& pipeline, const std::string& run_id) {
  return fmt::format("_ingesta/runs/{}/{}.json", pipeline, run_id);
}

std::string StateKey(const std::string& pipeline) {
  return fmt::format("_ingesta/state/{}.json", pipeline);
}

std::string ObjectKey(const DatasetRecord& dataset, const DatasetFile& file, const std::string& timestamp) {
  return fmt::format("{}{}/{}_{}{}", file.key_prefix, dataset.name, dataset.name, timestamp, file.extension);
}

std::string QuarantineKey(const std::string& dataset, const std::string& run_id,
                          const std::string& timestamp) {
  return fmt::format("_ingesta/quarantine/{}/{}_{}.jsonl", dataset, run_id, timestamp);
}

Status Publish(RunRecord& record, const RunSpool& spool, store::Store& store, Clock& clock,
               const Logger& log) {
  if (record.timestamp.empty()) record.timestamp = FormatKeyTimestamp(clock.Now());
  // A timestamp in prepared.json was chosen by an earlier try, which may have published some of the objects.
  bool chosen = !record.datasets.empty() && !record.datasets.front().files.empty() &&
                !record.datasets.front().files.front().key.empty();
  for (int tries = 0; tries < kMaxTimestamps;
       ++tries, record.timestamp = NextSecond(record.timestamp), chosen = false) {
    SetKeys(record);
    if (!chosen) {
      const Result<bool> free = TimestampIsFree(record, store);
      if (free.ok() && !*free) continue;
      RETURN_NOT_OK(spool.SavePrepared(record));
      RETURN_NOT_OK(free.status());
    }
    std::vector<std::string> published;
    const Status status = PublishObjects(record, spool, store, published);
    if (CodeOf(status.ok() ? MakeError(ErrorCode::kInternal, "") : status) == ErrorCode::kAlreadyExists) {
      log.Warning(fmt::format("{} is taken by another object; trying the next second", record.timestamp));
      for (const std::string& key : published) (void)store.Delete(key);
      continue;
    }
    RETURN_NOT_OK(status);
    record.finished_at = FormatRfc3339(clock.Now());
    RETURN_NOT_OK(
        store.Write(ManifestKey(record.pipeline, record.run_id), ToJson(record, false), std::nullopt)
            .status());
    RETURN_NOT_OK(store.Write(StateKey(record.pipeline), StateText(record), std::nullopt).status());
    return spool.Remove();
  }
  return MakeError(ErrorCode::kAlreadyExists,
                   fmt::format("{} timestamps in a row are taken in {}", kMaxTimestamps, store.Uri()));
}

void PublishFailure(const RunRecord& record, const std::vector<std::string>& datasets, const RunSpool& spool,
                    store::Store& store, const Logger& log) {
  for (const std::string& dataset : datasets) {
    const std::string path = DatasetSpool::QuarantinePath(spool.folder(), dataset);
    const auto crc32 = FileCrc32(path);
    if (!crc32.ok()) continue;
    const std::string key = QuarantineKey(dataset, record.run_id, record.timestamp);
    const Status status = store.PublishFile(path, key, "application/x-ndjson", *crc32);
    if (status.ok()) {
      log.Info(fmt::format("the rejected rows are in {}", store.Uri(key)));
    } else {
      log.Warning("the quarantine could not be kept: " + status.message());
    }
  }
  const auto written =
      store.Write(ManifestKey(record.pipeline, record.run_id), ToJson(record, false), std::nullopt);
  if (!written.ok())
    log.Warning("the manifest of the failed run could not be written: " + written.status().message());
}

Result<std::optional<RunRecord>> ReadManifest(store::Store& store, const std::string& pipeline,
                                              const std::string& run_id) {
  ARROW_ASSIGN_OR_RAISE(const auto document, store.Read(ManifestKey(pipeline, run_id)));
  if (!document.has_value()) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(RunRecord record, RunRecordFromJson(document->text));
  return std::optional(std::move(record));
}

}  // namespace ingesta::pipeline
