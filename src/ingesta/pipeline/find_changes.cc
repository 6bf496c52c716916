#include "ingesta/pipeline/find_changes.h"

#include <fmt/format.h>

#include "ingesta/base/fs.h"
#include "ingesta/pipeline/fingerprints.h"
#include "ingesta/pipeline/object_keys.h"

namespace ingesta::pipeline {
namespace {

const DatasetState* StateOf(const std::optional<PipelineState>& state, const std::string& dataset) {
  if (!state) return nullptr;
  const auto found = state->datasets.find(dataset);
  return found != state->datasets.end() && found->second.fingerprints ? &found->second : nullptr;
}

Result<Changes> CompareWith(const DatasetState& before, const DatasetRecord& dataset, const RunSpool& spool,
                            ObjectStore& store) {
  const std::string scratch = spool.folder() + "/" + dataset.name + ".before";
  RETURN_NOT_OK(RemoveFile(scratch));
  ARROW_ASSIGN_OR_RAISE(const std::string path, store.FetchFile(before.fingerprints->key, scratch));
  ARROW_ASSIGN_OR_RAISE(const uint32_t crc32, FileCrc32(path));
  if (crc32 != before.fingerprints->crc32) {
    return MakeError(ErrorCode::kCorrupt, fmt::format("{} is not the one that run {} left",
                                                      store.Uri(before.fingerprints->key), before.run_id));
  }
  ARROW_ASSIGN_OR_RAISE(Changes changes,
                        CompareFingerprints(path, spool.folder() + "/" + dataset.fingerprints->spool_path));
  changes.since = before.run_id;
  RETURN_NOT_OK(RemoveFile(scratch));
  return changes;
}

}  // namespace

Status FindChanges(RunRecord& record, const std::optional<PipelineState>& before, const RunSpool& spool,
                   ObjectStore& store, const Logger& log) {
  for (DatasetRecord& dataset : record.datasets) {
    const DatasetState* earlier = StateOf(before, dataset.name);
    if (earlier == nullptr || !dataset.fingerprints || dataset.changes) continue;
    auto changes = CompareWith(*earlier, dataset, spool, store);
    if (changes.ok()) {
      dataset.changes = *std::move(changes);
      continue;
    }
    const ErrorCode code = CodeOf(changes.status());
    if (code != ErrorCode::kCorrupt && code != ErrorCode::kNotFound)
      return WithPrefix(changes.status(), dataset.name);
    log.Warning(fmt::format("{}: what has changed since the run before can't be told: {}", dataset.name,
                            changes.status().message()),
                {{"dataset", dataset.name}});
  }
  return Status::OK();
}

Status KeepFingerprints(const RunRecord& record, const std::optional<PipelineState>& before,
                        const RunSpool& spool, ObjectStore& store) {
  for (const DatasetRecord& dataset : record.datasets) {
    if (!dataset.fingerprints) continue;
    const DatasetFile& file = *dataset.fingerprints;
    const DatasetState* earlier = StateOf(before, dataset.name);
    const bool is_kept = earlier != nullptr && earlier->fingerprints->bytes == file.bytes &&
                         earlier->fingerprints->crc32 == file.crc32 && dataset.changes &&
                         dataset.changes->none();
    if (is_kept) continue;
    RETURN_NOT_OK(WithPrefix(
        store.ReplaceFile(spool.folder() + "/" + file.spool_path,
                          FingerprintsKey(record.pipeline, dataset.name), file.content_type, file.crc32),
        dataset.name));
  }
  return Status::OK();
}

}  // namespace ingesta::pipeline
