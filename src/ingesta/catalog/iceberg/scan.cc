#include "ingesta/catalog/iceberg/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "ingesta/catalog/iceberg/errors.h"

namespace ingesta::iceberg {
namespace {

/// Field id of a position delete's file path.
constexpr int kDeletedPathId = 2147483546;

bool MayNamePath(const DataFile& deletes, const std::string& path) {
  if (deletes.referenced_data_file) return *deletes.referenced_data_file == path;
  // Bounds may be cut short, lower ones downwards, upper ones upwards: comparing is right for those too.
  const auto lower = deletes.lower_bounds.find(kDeletedPathId);
  const auto upper = deletes.upper_bounds.find(kDeletedPathId);
  return (lower == deletes.lower_bounds.end() || lower->second <= path) &&
         (upper == deletes.upper_bounds.end() || path <= upper->second);
}

/// NaN is a partition as well as any other value.
bool SamePartition(const PartitionValues& left, const PartitionValues& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const Literal& a, const Literal& b) {
                      const double* x = std::get_if<double>(&a);
                      const double* y = std::get_if<double>(&b);
                      return a == b || (x != nullptr && y != nullptr && std::isnan(*x) && std::isnan(*y));
                    });
}

}  // namespace

Result<std::string> ReadLocation(ObjectStore& store, const std::string& location) {
  const auto key = store.KeyOf(location);
  if (!key) {
    return Unsupported(fmt::format("{} lies outside of {}", location, store.Uri()),
                       "the table's files must be in the pipeline's own store");
  }
  ARROW_ASSIGN_OR_RAISE(auto document, store.Read(*key));
  if (!document) return MakeError(ErrorCode::kNotFound, fmt::format("there is no {}", location));
  return std::move(document->text);
}

Result<std::vector<ManifestFile>> ListManifests(ObjectStore& store, const Snapshot* snapshot) {
  if (snapshot == nullptr) return std::vector<ManifestFile>();
  ARROW_ASSIGN_OR_RAISE(std::string bytes, ReadLocation(store, snapshot->manifest_list));
  auto manifests = ReadManifestList(std::move(bytes));
  return manifests.ok() ? std::move(manifests) : WithPrefix(manifests.status(), snapshot->manifest_list);
}

Result<ScannedManifest> ScanManifest(ObjectStore& store, const TableMetadata& metadata,
                                     const ManifestFile& file) {
  const PartitionSpec* spec = metadata.FindSpec(file.spec_id);
  if (spec == nullptr)
    return Corrupt(fmt::format("{}: the table has no partition spec {}", file.path, file.spec_id));
  ARROW_ASSIGN_OR_RAISE(const std::vector<TypePtr> types, PartitionTypes(*spec, metadata.schemas));
  ARROW_ASSIGN_OR_RAISE(std::string bytes, ReadLocation(store, file.path));
  auto entries = ReadManifest(std::move(bytes), file, *spec, types);
  if (!entries.ok()) return WithPrefix(entries.status(), file.path);
  return ScannedManifest{file, *std::move(entries)};
}

Result<SnapshotScan> ScanSnapshot(ObjectStore& store, const TableMetadata& metadata,
                                  const Snapshot* snapshot) {
  SnapshotScan scan;
  ARROW_ASSIGN_OR_RAISE(scan.manifests, ListManifests(store, snapshot));
  for (const ManifestFile& file : scan.manifests) {
    if (!file.may_have_live_files()) continue;
    ARROW_ASSIGN_OR_RAISE(ScannedManifest manifest, ScanManifest(store, metadata, file));
    for (ManifestEntry& entry : manifest.entries) {
      if (!entry.live()) continue;
      (file.deletes ? scan.deletes : scan.data)
          .push_back({.file = std::move(entry.file),
                      .spec_id = file.spec_id,
                      .snapshot_id = entry.snapshot_id.value_or(0),
                      .sequence_number = entry.sequence_number.value_or(0)});
    }
  }
  return scan;
}

bool DeleteApplies(const LiveFile& deletes, const LiveFile& data, const TableMetadata& metadata) {
  const bool same_partition =
      deletes.spec_id == data.spec_id && SamePartition(deletes.file.partition, data.file.partition);
  if (deletes.file.content == FileContent::kEqualityDeletes) {
    const PartitionSpec* spec = metadata.FindSpec(deletes.spec_id);
    const bool everywhere = spec == nullptr || spec->unpartitioned();
    return data.sequence_number < deletes.sequence_number && (everywhere || same_partition);
  }
  return data.sequence_number <= deletes.sequence_number && same_partition &&
         MayNamePath(deletes.file, data.file.path);
}

std::vector<const LiveFile*> DeletesOf(const SnapshotScan& scan, const LiveFile& data,
                                       const TableMetadata& metadata) {
  std::vector<const LiveFile*> found;
  for (const LiveFile& deletes : scan.deletes) {
    if (DeleteApplies(deletes, data, metadata)) found.push_back(&deletes);
  }
  return found;
}

}  // namespace ingesta::iceberg
