#include "ingesta/catalog/iceberg/change.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace ingesta::iceberg {
namespace {

constexpr size_t kMetadataLogEntries = 100;
constexpr char kMetadataLogProperty[] = "write.metadata.previous-versions-max";

size_t MetadataLogLimit(const TableMetadata& metadata) {
  const auto found = metadata.properties.find(kMetadataLogProperty);
  size_t limit = kMetadataLogEntries;
  if (found != metadata.properties.end()) {
    const std::string& text = found->second;
    std::from_chars(text.data(), text.data() + text.size(), limit);
  }
  return std::max<size_t>(limit, 1);
}

Status DoesNotFit(std::string what) {
  return MakeError(ErrorCode::kInternal, "a change that does not fit the table: " + std::move(what));
}

class Applier {
 public:
  explicit Applier(TableMetadata& metadata) : metadata_(metadata) {}

  Status operator()(const update::AssignUuid& update) {
    if (!metadata_.table_uuid.empty() && metadata_.table_uuid != update.uuid)
      return DoesNotFit("another uuid");
    metadata_.table_uuid = update.uuid;
    return Status::OK();
  }
  Status operator()(const update::UpgradeFormatVersion& update) {
    if (update.version < metadata_.format_version) return DoesNotFit("an older format version");
    metadata_.format_version = update.version;
    return Status::OK();
  }
  Status operator()(const update::SetLocation& update) {
    metadata_.location = update.location;
    return Status::OK();
  }
  Status operator()(const update::AddSchema& update) {
    if (metadata_.FindSchema(update.schema.id) != nullptr) return DoesNotFit("a schema id that is taken");
    metadata_.schemas.push_back(update.schema);
    metadata_.last_column_id =
        std::max({metadata_.last_column_id, update.last_column_id, update.schema.HighestId()});
    return Status::OK();
  }
  Status operator()(const update::SetCurrentSchema& update) {
    const int id = update.id >= 0 || metadata_.schemas.empty() ? update.id : metadata_.schemas.back().id;
    if (metadata_.FindSchema(id) == nullptr) return DoesNotFit("a schema id that it has not");
    metadata_.current_schema_id = id;
    return Status::OK();
  }
  Status operator()(const update::AddSpec& update) {
    if (metadata_.FindSpec(update.spec.id) != nullptr) return DoesNotFit("a partition spec id that is taken");
    metadata_.specs.push_back(update.spec);
    for (const PartitionField& field : update.spec.fields) {
      metadata_.last_partition_id = std::max(metadata_.last_partition_id, field.field_id);
    }
    return Status::OK();
  }
  Status operator()(const update::SetDefaultSpec& update) {
    const int id = update.id >= 0 || metadata_.specs.empty() ? update.id : metadata_.specs.back().id;
    if (metadata_.FindSpec(id) == nullptr) return DoesNotFit("a partition spec id that it has not");
    metadata_.default_spec_id = id;
    return Status::OK();
  }
  Status operator()(const update::AddUnsortedOrder& /*update*/) { return Status::OK(); }
  Status operator()(const update::SetDefaultSortOrder& update) {
    metadata_.default_sort_order_id = std::max(update.id, 0);
    return Status::OK();
  }
  Status operator()(const update::AddSnapshot& update) {
    const Snapshot& snapshot = update.snapshot;
    if (metadata_.FindSnapshot(snapshot.id) != nullptr) return DoesNotFit("a snapshot id that is taken");
    if (snapshot.sequence_number <= metadata_.last_sequence_number) {
      return DoesNotFit(fmt::format("sequence number {} after {}", snapshot.sequence_number,
                                    metadata_.last_sequence_number));
    }
    metadata_.snapshots.push_back(snapshot);
    metadata_.last_sequence_number = snapshot.sequence_number;
    metadata_.last_updated_ms = std::max(metadata_.last_updated_ms, snapshot.timestamp_ms);
    added_.insert(snapshot.id);
    return Status::OK();
  }
  Status operator()(const update::SetSnapshotRef& update) {
    const Snapshot* snapshot = metadata_.FindSnapshot(update.snapshot_id);
    if (snapshot == nullptr) return DoesNotFit("a snapshot id that it has not");
    metadata_.refs[update.ref] = SnapshotRef{snapshot->id, update.type};
    if (update.ref != kMainBranch || metadata_.current_snapshot_id == snapshot->id) return Status::OK();
    metadata_.current_snapshot_id = snapshot->id;
    const int64_t at = added_.count(snapshot->id) > 0 ? snapshot->timestamp_ms : metadata_.last_updated_ms;
    metadata_.snapshot_log.push_back({.timestamp_ms = at, .snapshot_id = snapshot->id});
    return Status::OK();
  }
  Status operator()(const update::RemoveSnapshotRef& update) {
    metadata_.refs.erase(update.ref);
    if (update.ref == kMainBranch) metadata_.current_snapshot_id.reset();
    return Status::OK();
  }
  Status operator()(const update::RemoveSnapshots& update) {
    const std::set<int64_t> gone(update.ids.begin(), update.ids.end());
    if (metadata_.current_snapshot_id && gone.count(*metadata_.current_snapshot_id) > 0) {
      return DoesNotFit("the current snapshot can't be removed");
    }
    std::erase_if(metadata_.snapshots, [&gone](const Snapshot& s) { return gone.count(s.id) > 0; });
    std::erase_if(metadata_.refs,
                  [&gone](const auto& ref) { return gone.count(ref.second.snapshot_id) > 0; });
    // Before a gap the log says nothing true of what was current when.
    std::vector<SnapshotLogEntry> log;
    for (const SnapshotLogEntry& entry : metadata_.snapshot_log) {
      if (metadata_.FindSnapshot(entry.snapshot_id) == nullptr) {
        log.clear();
      } else {
        log.push_back(entry);
      }
    }
    metadata_.snapshot_log = std::move(log);
    return Status::OK();
  }
  Status operator()(const update::SetProperties& update) {
    for (const auto& [name, value] : update.properties) metadata_.properties[name] = value;
    return Status::OK();
  }
  Status operator()(const update::RemoveProperties& update) {
    for (const std::string& name : update.names) metadata_.properties.erase(name);
    return Status::OK();
  }

 private:
  TableMetadata& metadata_;
  std::set<int64_t> added_;
};

Status Differs(const std::string& what, const std::string& expected, const std::string& found) {
  if (expected == found) return Status::OK();
  return MakeError(ErrorCode::kConflict,
                   fmt::format("the table changed meanwhile: its {} is {}, not {}", what, found, expected));
}

Status DiffersNumber(const std::string& what, const std::optional<int64_t>& expected, int64_t found) {
  return Differs(what, expected ? std::to_string(*expected) : "none", std::to_string(found));
}

Status Check(const Requirement& requirement, const TableMetadata& base) {
  switch (requirement.kind) {
    case RequirementKind::kCreate:
      return MakeError(ErrorCode::kConflict, "the table was created meanwhile");
    case RequirementKind::kTableUuid:
      return Differs("uuid", requirement.uuid, base.table_uuid);
    case RequirementKind::kRefSnapshotId: {
      const auto found = base.refs.find(requirement.ref);
      return Differs(fmt::format("snapshot of '{}'", requirement.ref),
                     requirement.number ? std::to_string(*requirement.number) : "none",
                     found == base.refs.end() ? "none" : std::to_string(found->second.snapshot_id));
    }
    case RequirementKind::kLastAssignedFieldId:
      return DiffersNumber("last field id", requirement.number, base.last_column_id);
    case RequirementKind::kCurrentSchemaId:
      return DiffersNumber("current schema", requirement.number, base.current_schema_id);
    case RequirementKind::kLastAssignedPartitionId:
      return DiffersNumber("last partition id", requirement.number, base.last_partition_id);
    case RequirementKind::kDefaultSpecId:
      return DiffersNumber("partition spec", requirement.number, base.default_spec_id);
    case RequirementKind::kDefaultSortOrderId:
      return DiffersNumber("sort order", requirement.number, base.default_sort_order_id);
  }
  return Status::OK();
}

}  // namespace

Status CheckRequirements(const std::vector<Requirement>& requirements, const TableMetadata* base) {
  for (const Requirement& requirement : requirements) {
    if (base == nullptr) {
      if (requirement.kind == RequirementKind::kCreate) continue;
      return MakeError(ErrorCode::kConflict, "the table was removed meanwhile");
    }
    RETURN_NOT_OK(Check(requirement, *base));
  }
  return Status::OK();
}

Result<TableMetadata> ApplyChange(const Change& change, const TableMetadata* base,
                                  const std::string& base_location, int64_t now_ms) {
  RETURN_NOT_OK(CheckRequirements(change.requirements, base));
  TableMetadata next;
  if (base != nullptr) next = *base;
  next.last_updated_ms = std::max(now_ms, base == nullptr ? 0 : base->last_updated_ms + 1);
  Applier applier(next);
  for (const Update& update : change.updates) RETURN_NOT_OK(std::visit(applier, update));
  if (next.table_uuid.empty() || next.location.empty() ||
      next.FindSchema(next.current_schema_id) == nullptr || next.FindSpec(next.default_spec_id) == nullptr) {
    return DoesNotFit("a table without uuid, location, schema or partition spec");
  }
  if (base != nullptr) {
    next.metadata_log.push_back({.timestamp_ms = base->last_updated_ms, .metadata_file = base_location});
    const size_t limit = MetadataLogLimit(next);
    if (next.metadata_log.size() > limit) {
      next.metadata_log.erase(next.metadata_log.begin(),
                              next.metadata_log.end() - static_cast<std::ptrdiff_t>(limit));
    }
  }
  return next;
}

}  // namespace ingesta::iceberg
