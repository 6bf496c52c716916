#include "ingesta/pipeline/publish.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <vector>

#include "ingesta/base/fs.h"
#include "ingesta/pipeline/dataset_spool.h"
#include "ingesta/pipeline/find_changes.h"
#include "ingesta/pipeline/pipeline_state.h"
#include "ingesta/pipeline/publish_docs.h"
#include "ingesta/pipeline/suite_results.h"
#include "ingesta/pipeline/switch_tables.h"

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

// Whether no object of the run's keys exists. A store that does not let us look says so at the first conflict
// instead.
Result<bool> TimestampIsFree(const RunRecord& record, ObjectStore& store) {
  for (const DatasetRecord& dataset : record.datasets) {
    for (const DatasetFile& file : dataset.files) {
      if (file.replaces || !file.is_object() || file.format == "iceberg")
        continue;  // these keys are a partition's, or the run's own
      auto there = store.Head(file.key);
      if (!there.ok() && CodeOf(there.status()) == ErrorCode::kAccessDenied) continue;
      RETURN_NOT_OK(there.status());
      if (there->has_value()) return false;
    }
  }
  return true;
}

Status PublishObjects(const RunRecord& record, const RunSpool& spool, ObjectStore& store,
                      std::vector<std::string>& published) {
  for (const DatasetRecord& dataset : record.datasets) {
    for (const DatasetFile& file : dataset.files) {
      if (file.replaces || !file.is_object()) continue;
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
    // These are the run id's, like its manifest: a run that is done again takes the place of the first.
    for (const DatasetFile& file : dataset.validations) {
      ARROW_ASSIGN_OR_RAISE(const std::string text, ReadFile(spool.folder() + "/" + file.spool_path));
      RETURN_NOT_OK(store.Write(file.key, text, std::nullopt).status());
    }
  }
  return Status::OK();
}

// Whether an earlier try gave the files their keys. Where none of them becomes an object there is nothing
// that a try could leave.
bool HasKeys(const RunRecord& record) {
  return std::any_of(record.datasets.begin(), record.datasets.end(), [](const DatasetRecord& dataset) {
    return std::any_of(dataset.files.begin(), dataset.files.end(),
                       [](const DatasetFile& file) { return !file.key.empty(); });
  });
}

// Put all objects that stand for themselves, under the first timestamp whose keys are free.
Status PutObjects(RunRecord& record, const RunSpool& spool, const PublishContext& context) {
  ObjectStore& store = context.store;
  if (record.timestamp.empty()) record.timestamp = FormatKeyTimestamp(context.clock.Now());
  // A timestamp in prepared.json was chosen by an earlier try, which may have published some of the objects.
  bool chosen = HasKeys(record);
  for (int tries = 0; tries < kMaxTimestamps;
       ++tries, record.timestamp = NextSecond(record.timestamp), chosen = false) {
    SetKeys(record, context.catalog.registers_partitions());
    if (!chosen) {
      const Result<bool> free = TimestampIsFree(record, store);
      if (free.ok() && !*free) continue;
      RETURN_NOT_OK(spool.SavePrepared(record));
      RETURN_NOT_OK(free.status());
    }
    std::vector<std::string> published;
    const Status status = PublishObjects(record, spool, store, published);
    if (status.ok()) return status;
    if (CodeOf(status) != ErrorCode::kAlreadyExists) return status;
    context.log.Warning(
        fmt::format("{} is taken by another object; trying the next second", record.timestamp));
    for (const std::string& key : published) (void)store.Delete(key);
  }
  return MakeError(ErrorCode::kAlreadyExists,
                   fmt::format("{} timestamps in a row are taken in {}", kMaxTimestamps, store.Uri()));
}

Status WriteManifest(const RunRecord& record, ObjectStore& store) {
  return store.Write(ManifestKey(record.pipeline, record.run_id), ToJson(record, false), std::nullopt)
      .status();
}

void PublishValidations(const std::string& dataset, const std::string& run_id, const RunSpool& spool,
                        ObjectStore& store, const Logger& log) {
  for (size_t number = 1;; ++number) {
    const auto text = ReadFile(ValidationPath(spool.folder(), dataset, number));
    if (!text.ok()) return;
    const std::string key = ValidationKey(dataset, run_id, number);
    const Status written = store.Write(key, *text, std::nullopt).status();
    if (written.ok()) {
      log.Info(fmt::format("what the expectations found is in {}", store.Uri(key)));
    } else {
      log.Warning("the results of the expectations could not be kept: " + written.message());
    }
  }
}

// Whether a later run than `record` has been published: by another machine, while this one's spool waited.
bool IsSuperseded(const RunRecord& record, const std::optional<PipelineState>& state) {
  return state && state->timestamp > record.timestamp && state->last_run_id != record.run_id;
}

// A state that can't be understood must not keep every run from being published.
Result<std::optional<PipelineState>> StateBefore(const RunRecord& record, const PublishContext& context) {
  auto state = ReadState(record.pipeline, context.store);
  if (state.ok() || CodeOf(state.status()) != ErrorCode::kCorrupt) return state;
  context.log.Warning(state.status().message() + "; it is written anew");
  return std::nullopt;
}

/// Leave out the data files of tables that hold the run's rows already: a run that finds nothing new writes
/// no new files for them. A catalog that can't be asked now is asked again when the tables are switched.
void LeaveOutHeld(RunRecord& record, const RunSpool& spool, const PublishContext& context) {
  for (DatasetRecord& dataset : record.datasets) {
    if (!dataset.changes || !dataset.changes->none() || !dataset.Writes("iceberg")) continue;
    auto held = context.catalog.Held(VersionOf(dataset, spool));
    if (!held.ok() || !*held) continue;
    std::erase_if(dataset.files, [](const DatasetFile& file) { return file.format == "iceberg"; });
    record.tables.push_back(**std::move(held));
  }
}

// The run before a superseded one is not the one that it was compared with.
void ForgetChanges(RunRecord& record) {
  for (DatasetRecord& dataset : record.datasets) dataset.changes.reset();
}

// What the run found other than the run before it, and what of it need not be written. Not once more where an
// earlier try put objects: it has found out, and its own state may be there.
Status CompareWithBefore(RunRecord& record, const std::optional<PipelineState>& before, const RunSpool& spool,
                         const PublishContext& context) {
  if (HasKeys(record)) return Status::OK();
  RETURN_NOT_OK(FindChanges(record, before, spool, context.store, context.log));
  LeaveOutHeld(record, spool, context);
  return Status::OK();
}

}  // namespace

Status Publish(RunRecord& record, const RunSpool& spool, const PublishContext& context) {
  StepTimer storing(record.facts, context.clock, "store");
  ARROW_ASSIGN_OR_RAISE(const std::optional<PipelineState> before, StateBefore(record, context));
  RETURN_NOT_OK(CompareWithBefore(record, before, spool, context));
  RETURN_NOT_OK(PutObjects(record, spool, context));
  record.finished_at = FormatRfc3339(context.clock.Now());
  record.tables_done = false;
  RETURN_NOT_OK(WriteManifest(record, context.store));
  storing.End();
  StepTimer switching(record.facts, context.clock, "catalog");
  const bool superseded = IsSuperseded(record, before);
  if (superseded) ForgetChanges(record);
  RETURN_NOT_OK(WithStage(
      SwitchTables(record, spool, context.store, context.catalog, superseded, context.log), Stage::kCatalog));
  switching.End();
  record.facts.store_requests = context.store.RequestCounts();
  record.tables_done = true;
  record.finished_at = FormatRfc3339(context.clock.Now());
  RETURN_NOT_OK(WriteManifest(record, context.store));
  if (!superseded) {
    RETURN_NOT_OK(KeepFingerprints(record, before, spool, context.store));
    RETURN_NOT_OK(WriteState(NextState(before, record), context.store));
  }
  std::vector<std::string> datasets;
  for (const DatasetRecord& dataset : record.datasets) datasets.push_back(dataset.name);
  // Of a partial run, what the refused datasets' expectations found is told too.
  for (const RunError& error : record.errors) {
    if (std::find(datasets.begin(), datasets.end(), error.dataset) != datasets.end()) continue;
    PublishValidations(error.dataset, record.run_id, spool, context.store, context.log);
    datasets.push_back(error.dataset);
  }
  PublishDocs(record, datasets, spool, context.store, context.log);
  return spool.Remove();
}

void PublishFailure(const RunRecord& record, const std::vector<std::string>& datasets, const RunSpool& spool,
                    ObjectStore& store, const Logger& log) {
  for (const std::string& dataset : datasets) {
    PublishValidations(dataset, record.run_id, spool, store, log);
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
  PublishDocs(record, datasets, spool, store, log);
  const Status written = WriteManifest(record, store);
  if (!written.ok()) log.Warning("the manifest of the failed run could not be written: " + written.message());
}

Result<std::optional<RunRecord>> ReadManifest(ObjectStore& store, const std::string& pipeline,
                                              const std::string& run_id) {
  ARROW_ASSIGN_OR_RAISE(const auto document, store.Read(ManifestKey(pipeline, run_id)));
  if (!document.has_value()) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(RunRecord record, RunRecordFromJson(document->text));
  return std::optional(std::move(record));
}

}  // namespace ingesta::pipeline
