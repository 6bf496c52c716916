// One attempt at a snapshot: its manifests and manifest list are written, nothing names them yet. Not
// thread-safe. Used by the table writer, once per base that a commit is tried on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/manifest.h"
#include "ingesta/catalog/iceberg/metadata.h"
#include "ingesta/catalog/iceberg/scan.h"

namespace ingesta::iceberg {

enum class WriteMode {
  kAppend,     ///< files come to those that are there
  kReplace,    ///< they are all there is
  kOverwrite,  ///< they stand for chosen files
};

struct SnapshotRequest {
  WriteMode mode = WriteMode::kAppend;
  std::vector<DataFile> added;
  int added_spec_id = 0;
  std::vector<std::string> removed;            ///< locations, of delete files too, for kOverwrite
  std::vector<std::string> applied_deletes;    ///< locations: rows that they delete are not in `added`
  std::string operation;                       ///< of the summary; "" = `append` or `overwrite`, by the mode
  std::map<std::string, std::string> summary;  ///< further entries
};

/// What stays the same over all attempts of one commit.
struct SnapshotIdentity {
  int64_t id = 0;
  /// Written once: its entries inherit the sequence number of the attempt that wins.
  std::optional<ManifestFile> added_manifest;
  std::string added_manifest_key;
};

class SnapshotBuilder {
 public:
  /// `metadata` is the table with the schema and the partition spec that the snapshot gets; it outlives the
  /// builder.
  SnapshotBuilder(ObjectStore& store, Random& random, const TableMetadata& metadata)
      : store_(store), random_(random), metadata_(metadata) {}

  /// Write what makes the snapshot. kConflict where a removed file is not live (any more); kInvalidConfig
  /// where delete files apply to it.
  Result<Snapshot> Build(const SnapshotRequest& request, SnapshotIdentity& identity);
  /// Keys of what this attempt wrote and no other needs, also after an error.
  const std::vector<std::string>& written() const { return written_; }

 private:
  struct Count {
    int64_t files = 0, rows = 0, bytes = 0;
    void Add(const DataFile& file) {
      ++files;
      rows += file.rows;
      bytes += file.bytes;
    }
  };

  Status WriteAdded(const SnapshotRequest& request, SnapshotIdentity& identity);
  Status DeleteAll(const ManifestFile& manifest);
  Status DeleteChosen(const ManifestFile& manifest, std::set<std::string>& chosen);
  Status RefuseDeletes(const std::vector<ManifestFile>& manifests, const SnapshotRequest& request) const;
  void MarkDeleted(ManifestEntry& entry, const ManifestFile& manifest);
  Status Rewrite(const ManifestFile& old, const std::vector<ManifestEntry>& entries);
  Result<ManifestFile> Write(const std::vector<ManifestEntry>& entries, int spec_id, bool deletes,
                             std::string* key);
  std::map<std::string, std::string> Summary(const SnapshotRequest& request, const Snapshot* parent) const;
  Status Store(const std::string& location, const std::string& bytes, std::string* key);

  ObjectStore& store_;
  Random& random_;
  const TableMetadata& metadata_;
  int64_t snapshot_id_ = 0;
  int64_t sequence_number_ = 0;
  std::vector<ManifestFile> manifests_;
  std::vector<LiveFile> removed_;
  std::vector<std::string> written_;
  Count added_, deleted_, deleted_position_, deleted_equality_;
};

}  // namespace ingesta::iceberg
