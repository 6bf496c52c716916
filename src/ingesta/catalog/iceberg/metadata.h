// A table's metadata.json as values, and back. What other writers put into it that is not named here stays as
// it was. Values only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/json.h"
#include "ingesta/catalog/iceberg/partition.h"
#include "ingesta/catalog/iceberg/types.h"

namespace ingesta::iceberg {

inline constexpr char kMainBranch[] = "main";
/// The key of a run's id in a snapshot's summary.
inline constexpr char kRunIdSummary[] = "ingesta.run-id";

struct Snapshot {
  int64_t id = 0;
  std::optional<int64_t> parent_id;
  int64_t sequence_number = 0;
  int64_t timestamp_ms = 0;
  std::string manifest_list;  ///< location
  std::map<std::string, std::string> summary;
  std::optional<int> schema_id;

  std::string operation() const;
  std::string run_id() const;
};

struct SnapshotLogEntry {
  int64_t timestamp_ms = 0;
  int64_t snapshot_id = 0;
};

struct MetadataLogEntry {
  int64_t timestamp_ms = 0;
  std::string metadata_file;
};

struct SnapshotRef {
  int64_t snapshot_id = 0;
  std::string type = "branch";
};

struct TableMetadata {
  int format_version = 2;
  std::string table_uuid;
  std::string location;  ///< without a final slash
  int64_t last_sequence_number = 0;
  int64_t last_updated_ms = 0;
  int last_column_id = 0;
  std::vector<Schema> schemas;
  int current_schema_id = 0;
  std::vector<PartitionSpec> specs;
  int default_spec_id = 0;
  int last_partition_id = 999;
  int default_sort_order_id = 0;
  std::map<std::string, std::string> properties;
  std::optional<int64_t> current_snapshot_id;
  std::vector<Snapshot> snapshots;
  std::vector<SnapshotLogEntry> snapshot_log;
  std::vector<MetadataLogEntry> metadata_log;
  std::map<std::string, SnapshotRef> refs;
  /// As read; nullptr for a new table. Sort orders, statistics and all else is only here.
  std::shared_ptr<const Json> document;

  /// nullptr where there is none.
  const Schema* FindSchema(int id) const;
  const PartitionSpec* FindSpec(int id) const;
  const Snapshot* FindSnapshot(int64_t id) const;
  /// REQUIRES: read by MetadataFromJson, or complete.
  const Schema& current_schema() const { return *FindSchema(current_schema_id); }
  const PartitionSpec& default_spec() const { return *FindSpec(default_spec_id); }
  /// nullptr for a table without rows that was never written to.
  const Snapshot* current_snapshot() const;
  /// The snapshot that a run made; nullptr where there is none (or it has expired).
  const Snapshot* SnapshotOfRun(const std::string& run_id) const;
  /// The snapshot that was current at a time, by the log; nullptr where there was none.
  const Snapshot* SnapshotAt(int64_t timestamp_ms) const;
};

/// kCorrupt where `text` is not a table's metadata; kInvalidConfig for format versions above 2. A table of
/// version 1 is read as what it is.
Result<TableMetadata> MetadataFromJson(const std::string& text);
/// The document with the values of `metadata`; all else as in `metadata.document`.
Json MetadataToDocument(const TableMetadata& metadata);
/// Its text.
std::string MetadataToJson(const TableMetadata& metadata);

Result<Snapshot> SnapshotFromJson(const Json& json);
Json SnapshotToJson(const Snapshot& snapshot);

}  // namespace ingesta::iceberg
