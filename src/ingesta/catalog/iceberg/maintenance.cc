// Removal: snapshots that expire, objects that nothing names.
#include "ingesta/catalog/iceberg/maintenance.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "ingesta/catalog/iceberg/errors.h"
#include "ingesta/catalog/iceberg/reachable.h"

namespace ingesta::iceberg {
namespace {

/// Those that neither age nor count, nor a branch or tag, keeps.
std::vector<Snapshot> Expired(const TableMetadata& metadata, const ExpireOptions& options, int64_t now_ms) {
  std::set<int64_t> kept;
  if (metadata.current_snapshot_id) kept.insert(*metadata.current_snapshot_id);
  for (const auto& [name, ref] : metadata.refs) kept.insert(ref.snapshot_id);
  std::vector<const Snapshot*> newest;
  for (const Snapshot& snapshot : metadata.snapshots) newest.push_back(&snapshot);
  std::sort(newest.begin(), newest.end(), [](const Snapshot* left, const Snapshot* right) {
    return std::pair(left->timestamp_ms, left->sequence_number) >
           std::pair(right->timestamp_ms, right->sequence_number);
  });
  const auto count = std::min(newest.size(), static_cast<size_t>(std::max(options.keep_last, 1)));
  for (size_t i = 0; i < count; ++i) kept.insert(newest[i]->id);
  std::vector<Snapshot> expired;
  for (const Snapshot& snapshot : metadata.snapshots) {
    const bool old = snapshot.timestamp_ms < now_ms - options.max_age.count();
    if (old && kept.count(snapshot.id) == 0) expired.push_back(snapshot);
  }
  return expired;
}

/// Keys of objects that `expired` need, and no snapshot of `metadata` does.
Result<std::vector<std::string>> NeededNoMore(ObjectStore& store, const TableMetadata& metadata,
                                              const std::vector<Snapshot>& expired) {
  std::set<int64_t> gone;
  for (const Snapshot& snapshot : expired) gone.insert(snapshot.id);
  Reachable kept(store, metadata);
  for (const Snapshot& snapshot : metadata.snapshots) {
    if (gone.count(snapshot.id) == 0) RETURN_NOT_OK(kept.Add(snapshot));
  }
  Reachable old(store, metadata);
  for (const Snapshot& snapshot : expired) RETURN_NOT_OK(old.AddWhatIsThere(snapshot));
  std::vector<std::string> keys;
  std::set_difference(old.keys().begin(), old.keys().end(), kept.keys().begin(), kept.keys().end(),
                      std::back_inserter(keys));
  return keys;
}

/// Best effort: what can't be removed is told, and stays as an orphan.
std::vector<std::string> Remove(ObjectStore& store, const std::vector<std::string>& keys) {
  std::vector<std::string> left;
  for (const std::string& key : keys) {
    if (!store.Delete(key).ok()) left.push_back(key);
  }
  return left;
}

/// All that the document names, whatever it is for: statistics files of other engines too.
void AddNamed(const Json& json, Reachable& reachable) {
  if (json.is_string()) {
    reachable.AddLocation(json.get<std::string>());
  } else if (json.is_structured()) {
    for (const Json& member : json) AddNamed(member, reachable);
  }
}

bool IsCatalogs(const std::string& key) {
  const std::string name = key.substr(key.rfind('/') + 1);
  return name == "version-hint.text" || name == ".lock";
}

}  // namespace

int64_t TableMaintenance::NowMs() const {
  return std::chrono::duration_cast<Millis>(clock_.Now().time_since_epoch()).count();
}

Result<LoadedTable> TableMaintenance::Load(const std::string& table) {
  ARROW_ASSIGN_OR_RAISE(auto loaded, catalog_.Load(table));
  if (!loaded) return MakeError(ErrorCode::kNotFound, fmt::format("there is no table '{}'", table));
  return *std::move(loaded);
}

Result<ExpireResult> TableMaintenance::ExpireSnapshots(const std::string& table,
                                                       const ExpireOptions& options) {
  ExpireResult result;
  std::map<int64_t, Snapshot> tried;  // by any attempt: one whose answer was lost may have been the one
  if (options.dry_run) {
    ARROW_ASSIGN_OR_RAISE(const LoadedTable loaded, Load(table));
    const std::vector<Snapshot> expired = Expired(loaded.metadata, options, NowMs());
    for (const Snapshot& snapshot : expired) result.snapshots.push_back(snapshot.id);
    ARROW_ASSIGN_OR_RAISE(result.removed, NeededNoMore(store_, loaded.metadata, expired));
    return result;
  }
  TableWriter writer(catalog_, store_, clock_, random_);
  RETURN_NOT_OK(writer
                    .Update(table,
                            [&](const TableMetadata& metadata) -> Result<std::optional<Change>> {
                              Change change;
                              update::RemoveSnapshots removal;
                              for (Snapshot& snapshot : Expired(metadata, options, NowMs())) {
                                removal.ids.push_back(snapshot.id);
                                tried.insert_or_assign(snapshot.id, std::move(snapshot));
                              }
                              if (removal.ids.empty()) return std::optional<Change>();
                              for (const auto& [name, ref] : metadata.refs) {
                                change.requirements.push_back({.kind = RequirementKind::kRefSnapshotId,
                                                               .number = ref.snapshot_id,
                                                               .ref = name});
                              }
                              change.updates.emplace_back(std::move(removal));
                              return std::optional<Change>(std::move(change));
                            })
                    .status());
  // What the newest state needs: commits may have come since.
  ARROW_ASSIGN_OR_RAISE(const LoadedTable now, Load(table));
  std::vector<Snapshot> expired;
  for (const auto& [id, snapshot] : tried) {
    if (now.metadata.FindSnapshot(id) != nullptr) continue;
    expired.push_back(snapshot);
    result.snapshots.push_back(id);
  }
  if (expired.empty()) return result;
  ARROW_ASSIGN_OR_RAISE(result.removed, NeededNoMore(store_, now.metadata, expired));
  result.left = Remove(store_, result.removed);
  return result;
}

Result<OrphanResult> TableMaintenance::RemoveOrphans(const std::string& table, const OrphanOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const LoadedTable before, Load(table));
  const auto folder = store_.KeyOf(before.metadata.location);
  if (!folder) {
    return Unsupported(
        fmt::format("the table's location {} lies outside of {}", before.metadata.location, store_.Uri()));
  }
  // The list first: what is committed after it is either in the state that is read then, or not in the list.
  ARROW_ASSIGN_OR_RAISE(const std::vector<StoredObject> objects, store_.List(*folder + "/"));
  ARROW_ASSIGN_OR_RAISE(const LoadedTable now, Load(table));
  Reachable reachable(store_, now.metadata);
  reachable.AddLocation(now.metadata_location);
  for (const MetadataLogEntry& entry : now.metadata.metadata_log) {
    reachable.AddLocation(entry.metadata_file);
  }
  if (now.metadata.document != nullptr) AddNamed(*now.metadata.document, reachable);
  for (const Snapshot& snapshot : now.metadata.snapshots) RETURN_NOT_OK(reachable.Add(snapshot));
  if (!reachable.outside().empty()) {
    return Unsupported(
        fmt::format("the table needs {}, which is none of {}", reachable.outside(), store_.Uri()),
        "an object that has another name there may be one that is to be removed: nothing was");
  }
  const SystemTime youngest = clock_.Now() - options.min_age;
  OrphanResult result;
  std::vector<std::string> keys;
  for (const StoredObject& object : objects) {
    const bool unknown_age = object.modified == SystemTime();
    if (unknown_age || object.modified >= youngest) continue;
    if (IsCatalogs(object.key) || reachable.keys().count(object.key) > 0) continue;
    result.bytes += object.size;
    result.removed.push_back(object);
    keys.push_back(object.key);
  }
  if (!options.dry_run) result.left = Remove(store_, keys);
  return result;
}

}  // namespace ingesta::iceberg
