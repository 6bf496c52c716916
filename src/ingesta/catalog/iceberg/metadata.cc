#include "ingesta/catalog/iceberg/metadata.h"

#include <algorithm>

namespace ingesta::iceberg {

std::string Snapshot::operation() const {
  const auto found = summary.find("operation");
  return found == summary.end() ? "" : found->second;
}

std::string Snapshot::run_id() const {
  const auto found = summary.find(kRunIdSummary);
  return found == summary.end() ? "" : found->second;
}

const Schema* TableMetadata::FindSchema(int id) const {
  const auto found =
      std::find_if(schemas.begin(), schemas.end(), [id](const Schema& s) { return s.id == id; });
  return found == schemas.end() ? nullptr : &*found;
}

const PartitionSpec* TableMetadata::FindSpec(int id) const {
  const auto found =
      std::find_if(specs.begin(), specs.end(), [id](const PartitionSpec& s) { return s.id == id; });
  return found == specs.end() ? nullptr : &*found;
}

const Snapshot* TableMetadata::FindSnapshot(int64_t id) const {
  const auto found =
      std::find_if(snapshots.begin(), snapshots.end(), [id](const Snapshot& s) { return s.id == id; });
  return found == snapshots.end() ? nullptr : &*found;
}

const Snapshot* TableMetadata::current_snapshot() const {
  return current_snapshot_id ? FindSnapshot(*current_snapshot_id) : nullptr;
}

const Snapshot* TableMetadata::SnapshotOfRun(const std::string& run_id) const {
  if (run_id.empty()) return nullptr;
  const auto found = std::find_if(snapshots.rbegin(), snapshots.rend(),
                                  [&](const Snapshot& s) { return s.run_id() == run_id; });
  return found == snapshots.rend() ? nullptr : &*found;
}

const Snapshot* TableMetadata::SnapshotAt(int64_t timestamp_ms) const {
  const Snapshot* snapshot = nullptr;
  for (const SnapshotLogEntry& entry : snapshot_log) {
    if (entry.timestamp_ms <= timestamp_ms) snapshot = FindSnapshot(entry.snapshot_id);
  }
  return snapshot;
}

}  // namespace ingesta::iceberg
