// A change of a table in the terms of the Iceberg REST catalog: requirements that the table must meet,
// updates that it gets. Applied here to make the next metadata.json, or sent as JSON to a catalog that
// applies it. Values only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/metadata.h"

namespace ingesta::iceberg {

enum class RequirementKind {
  kCreate,               ///< the table does not exist
  kTableUuid,            ///< `uuid`
  kRefSnapshotId,        ///< `ref` points to `number`; nullopt: there is no such ref
  kLastAssignedFieldId,  ///< `number`
  kCurrentSchemaId,      ///< `number`
  kLastAssignedPartitionId,
  kDefaultSpecId,
  kDefaultSortOrderId,
};

struct Requirement {
  RequirementKind kind = RequirementKind::kCreate;
  std::optional<int64_t> number;
  std::string ref;
  std::string uuid;
};

namespace update {
struct AssignUuid {
  std::string uuid;
};
struct UpgradeFormatVersion {
  int version = 2;
};
struct SetLocation {
  std::string location;
};
struct AddSchema {
  Schema schema;
  int last_column_id = 0;
};
struct SetCurrentSchema {
  int id = -1;  ///< -1 = the one that was added last
};
struct AddSpec {
  PartitionSpec spec;
};
struct SetDefaultSpec {
  int id = -1;
};
/// The order of no columns: others are not made here.
struct AddUnsortedOrder {};
struct SetDefaultSortOrder {
  int id = -1;
};
struct AddSnapshot {
  Snapshot snapshot;
};
struct SetSnapshotRef {
  std::string ref = kMainBranch;
  int64_t snapshot_id = 0;
  std::string type = "branch";
};
struct RemoveSnapshotRef {
  std::string ref;
};
struct RemoveSnapshots {
  std::vector<int64_t> ids;
};
struct SetProperties {
  std::map<std::string, std::string> properties;
};
struct RemoveProperties {
  std::vector<std::string> names;
};
}  // namespace update

using Update = std::variant<update::AssignUuid, update::UpgradeFormatVersion, update::SetLocation,
                            update::AddSchema, update::SetCurrentSchema, update::AddSpec,
                            update::SetDefaultSpec, update::AddUnsortedOrder, update::SetDefaultSortOrder,
                            update::AddSnapshot, update::SetSnapshotRef, update::RemoveSnapshotRef,
                            update::RemoveSnapshots, update::SetProperties, update::RemoveProperties>;

struct Change {
  std::vector<Requirement> requirements;
  std::vector<Update> updates;
};

/// kConflict names the first requirement that `base` (nullptr = no such table) does not meet.
Status CheckRequirements(const std::vector<Requirement>& requirements, const TableMetadata* base);

/// What `base` becomes (nullptr = a new table), after CheckRequirements. `base_location` is where its
/// metadata.json is, for the metadata-log; `now_ms` the time, which never goes back. kInternal for updates
/// that do not fit the table.
Result<TableMetadata> ApplyChange(const Change& change, const TableMetadata* base,
                                  const std::string& base_location, int64_t now_ms);

/// `{"requirements": [...], "updates": [...]}`, as the REST catalog's commit has it.
std::string ChangeToRestJson(const Change& change);

}  // namespace ingesta::iceberg
