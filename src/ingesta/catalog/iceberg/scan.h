// What a snapshot consists of: its live data files and delete files, for readers of our own (merge, verify,
// maintenance). Values only, but for the reading.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/manifest.h"
#include "ingesta/catalog/iceberg/metadata.h"

namespace ingesta::iceberg {

/// A manifest with all its entries, deleted ones too.
struct ScannedManifest {
  ManifestFile file;
  std::vector<ManifestEntry> entries;
};

/// A live file of a snapshot.
struct LiveFile {
  DataFile file;
  int spec_id = 0;
  int64_t snapshot_id = 0;      ///< that added it
  int64_t sequence_number = 0;  ///< of its rows; what deletes compare
};

struct SnapshotScan {
  std::vector<ManifestFile> manifests;  ///< of data and of deletes
  std::vector<LiveFile> data;
  std::vector<LiveFile> deletes;
};

/// The object at a location of a table. kNotFound; kInvalidConfig where it lies outside of the store.
Result<std::string> ReadLocation(ObjectStore& store, const std::string& location);

/// The manifests of a snapshot; none for nullptr.
Result<std::vector<ManifestFile>> ListManifests(ObjectStore& store, const Snapshot* snapshot);
Result<ScannedManifest> ScanManifest(ObjectStore& store, const TableMetadata& metadata,
                                     const ManifestFile& file);
/// The live files of a snapshot; none for nullptr (a table that was never written to).
Result<SnapshotScan> ScanSnapshot(ObjectStore& store, const TableMetadata& metadata,
                                  const Snapshot* snapshot);

/// Whether rows of `data` may be deleted by `deletes`, by sequence numbers, partitions and bounds.
bool DeleteApplies(const LiveFile& deletes, const LiveFile& data, const TableMetadata& metadata);
/// Those of `scan.deletes` that apply to `data`.
std::vector<const LiveFile*> DeletesOf(const SnapshotScan& scan, const LiveFile& data,
                                       const TableMetadata& metadata);

}  // namespace ingesta::iceberg
