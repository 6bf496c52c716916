// Manifests (data files with their statistics) and manifest lists (one a snapshot), as Avro files. Pure
// functions over bytes; sequence numbers are inherited as the format says.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/partition.h"
#include "ingesta/catalog/iceberg/types.h"

namespace ingesta::iceberg {

enum class FileContent { kData = 0, kPositionDeletes = 1, kEqualityDeletes = 2 };

struct DataFile {
  FileContent content = FileContent::kData;
  std::string path;  ///< location
  std::string format = "PARQUET";
  PartitionValues partition;
  int64_t rows = 0;
  int64_t bytes = 0;
  /// By field id.
  std::map<int, int64_t> column_bytes;
  std::map<int, int64_t> values;
  std::map<int, int64_t> nulls;
  std::map<int, int64_t> nans;
  std::map<int, std::string> lower_bounds;  ///< ParseLiteral reads them
  std::map<int, std::string> upper_bounds;
  std::optional<std::string> key_metadata;
  std::vector<int64_t> split_offsets;
  std::vector<int> equality_ids;
  std::optional<int> sort_order_id;
  std::optional<std::string> referenced_data_file;  ///< of a delete file for one data file
};

enum class EntryStatus { kExisting = 0, kAdded = 1, kDeleted = 2 };

struct ManifestEntry {
  EntryStatus status = EntryStatus::kAdded;
  /// Absent in what is written as added; always there in what was read.
  std::optional<int64_t> snapshot_id;
  std::optional<int64_t> sequence_number;
  std::optional<int64_t> file_sequence_number;
  DataFile file;

  bool live() const { return status != EntryStatus::kDeleted; }
};

struct PartitionSummary {
  bool contains_null = false;
  std::optional<bool> contains_nan;
  std::optional<std::string> lower;
  std::optional<std::string> upper;
};

/// A line of a manifest list.
struct ManifestFile {
  std::string path;  ///< location
  int64_t length = 0;
  int spec_id = 0;
  bool deletes = false;
  int64_t sequence_number = 0;
  int64_t min_sequence_number = 0;
  int64_t added_snapshot_id = 0;
  /// Files and rows; format version 1 may not have them.
  std::optional<int64_t> added_files, existing_files, deleted_files;
  std::optional<int64_t> added_rows, existing_rows, deleted_rows;
  std::vector<PartitionSummary> partitions;
  std::optional<std::string> key_metadata;

  /// False only where it is sure that all its entries are deleted.
  bool may_have_live_files() const { return added_files != 0 || existing_files != 0; }
};

/// What a manifest is written for.
struct ManifestContext {
  const Schema* schema = nullptr;
  const PartitionSpec* spec = nullptr;
  std::vector<TypePtr> partition_types;
  bool deletes = false;
  int64_t snapshot_id = 0;
  int64_t sequence_number = 0;  ///< the snapshot's
};

/// The manifest's bytes; in `file` all that a manifest list says of it, but for the path.
struct WrittenManifest {
  std::string bytes;
  ManifestFile file;
};
Result<WrittenManifest> WriteManifest(const std::vector<ManifestEntry>& entries,
                                      const ManifestContext& context, Random& random);

/// The entries of a manifest, deleted ones too, with what they inherit from `file`. kCorrupt.
Result<std::vector<ManifestEntry>> ReadManifest(std::string bytes, const ManifestFile& file,
                                                const PartitionSpec& spec,
                                                const std::vector<TypePtr>& partition_types);

Result<std::string> WriteManifestList(const std::vector<ManifestFile>& manifests, int64_t snapshot_id,
                                      std::optional<int64_t> parent_id, int64_t sequence_number,
                                      Random& random);
Result<std::vector<ManifestFile>> ReadManifestList(std::string bytes);

}  // namespace ingesta::iceberg
