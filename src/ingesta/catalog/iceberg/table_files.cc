#include "ingesta/catalog/iceberg/table_files.h"

#include <utility>

#include "ingesta/catalog/iceberg/scan.h"

namespace ingesta::iceberg {
namespace {

/// Whether the object itself is at fault, not the way to it.
bool IsObjectsFault(const Status& status) {
  const ErrorCode code = CodeOf(status);
  return code == ErrorCode::kNotFound || code == ErrorCode::kCorrupt || code == ErrorCode::kInvalidConfig;
}

class Walk {
 public:
  Walk(ObjectStore& store, const TableMetadata& metadata) : store_(store), metadata_(metadata) {}

  Status AddSnapshot(const Snapshot& snapshot);
  void AddMetadata(const LoadedTable& table);
  void AddStatistics(const char* list);
  TableFiles Take() { return std::move(files_); }

 private:
  struct ManifestRows {
    int64_t rows = 0;
    bool readable = true;
  };
  void Add(const std::string& location, TableObject object);
  Result<ManifestRows> AddManifest(const ManifestFile& file);

  ObjectStore& store_;
  const TableMetadata& metadata_;
  std::map<std::string, ManifestRows> manifests_;  ///< read once, however many snapshots share them
  TableFiles files_;
};

void Walk::Add(const std::string& location, TableObject object) {
  const auto key = store_.KeyOf(location);
  if (key) {
    files_.objects.emplace(*key, std::move(object));
  } else {
    files_.unreadable.push_back(
        {location, MakeError(ErrorCode::kInvalidConfig, location + " lies outside of " + store_.Uri())});
  }
}

Result<Walk::ManifestRows> Walk::AddManifest(const ManifestFile& file) {
  const auto known = manifests_.find(file.path);
  if (known != manifests_.end()) return known->second;
  Add(file.path, {.role = "manifest", .bytes = file.length});
  ManifestRows rows;
  const auto scanned = ScanManifest(store_, metadata_, file);
  if (!scanned.ok()) {
    if (!IsObjectsFault(scanned.status())) return scanned.status();
    files_.unreadable.push_back({file.path, scanned.status()});
    rows.readable = false;
  } else {
    for (const ManifestEntry& entry : scanned->entries) {
      if (!entry.live()) continue;
      Add(entry.file.path, {.role = file.deletes ? "delete file" : "data file", .bytes = entry.file.bytes});
      rows.rows += entry.file.rows;
    }
  }
  manifests_[file.path] = rows;
  return rows;
}

Status Walk::AddSnapshot(const Snapshot& snapshot) {
  SnapshotRows& rows = files_.rows[snapshot.id];
  Add(snapshot.manifest_list, {.role = "manifest list"});
  const auto manifests = ListManifests(store_, &snapshot);
  if (!manifests.ok()) {
    if (!IsObjectsFault(manifests.status())) return manifests.status();
    files_.unreadable.push_back({snapshot.manifest_list, manifests.status()});
    rows.complete = false;
    return Status::OK();
  }
  for (const ManifestFile& file : *manifests) {
    ARROW_ASSIGN_OR_RAISE(const ManifestRows of_manifest, AddManifest(file));
    rows.complete = rows.complete && of_manifest.readable;
    if (file.deletes) {
      rows.deletes = rows.deletes || of_manifest.rows > 0;
    } else {
      rows.data += of_manifest.rows;
    }
  }
  return Status::OK();
}

void Walk::AddMetadata(const LoadedTable& table) {
  Add(table.metadata_location, {.role = "metadata"});
  for (const MetadataLogEntry& entry : metadata_.metadata_log) {
    if (store_.KeyOf(entry.metadata_file)) Add(entry.metadata_file, {.role = "metadata", .optional = true});
  }
  if (const auto folder = store_.KeyOf(metadata_.location)) {
    files_.objects.emplace(*folder + "/metadata/version-hint.text",
                           TableObject{.role = "metadata", .optional = true});
  }
}

// Puffin files that other writers leave: `statistics`, `partition-statistics`.
void Walk::AddStatistics(const char* list) {
  if (metadata_.document == nullptr) return;
  const auto found = metadata_.document->find(list);
  if (found == metadata_.document->end() || !found->is_array()) return;
  for (const Json& entry : *found) {
    const auto path = entry.is_object() ? entry.find("statistics-path") : entry.end();
    if (path != entry.end() && path->is_string()) {
      Add(path->get<std::string>(), {.role = "statistics", .optional = true});
    }
  }
}

}  // namespace

Result<TableFiles> WalkTable(ObjectStore& store, const LoadedTable& table) {
  Walk walk(store, table.metadata);
  walk.AddMetadata(table);
  walk.AddStatistics("statistics");
  walk.AddStatistics("partition-statistics");
  for (const Snapshot& snapshot : table.metadata.snapshots) ARROW_RETURN_NOT_OK(walk.AddSnapshot(snapshot));
  return walk.Take();
}

}  // namespace ingesta::iceberg
