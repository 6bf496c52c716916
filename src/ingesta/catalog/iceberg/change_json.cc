// A change as the REST catalog's commit request has it.
#include "ingesta/catalog/iceberg/change.h"

namespace ingesta::iceberg {
namespace {

Json NumberOrNull(const std::optional<int64_t>& number) {
  return number ? Json(*number) : Json(nullptr);
}

Json RequirementJson(const Requirement& requirement) {
  switch (requirement.kind) {
    case RequirementKind::kCreate:
      return Json{{"type", "assert-create"}};
    case RequirementKind::kTableUuid:
      return Json{{"type", "assert-table-uuid"}, {"uuid", requirement.uuid}};
    case RequirementKind::kRefSnapshotId:
      return Json{{"type", "assert-ref-snapshot-id"},
                  {"ref", requirement.ref},
                  {"snapshot-id", NumberOrNull(requirement.number)}};
    case RequirementKind::kLastAssignedFieldId:
      return Json{{"type", "assert-last-assigned-field-id"},
                  {"last-assigned-field-id", NumberOrNull(requirement.number)}};
    case RequirementKind::kCurrentSchemaId:
      return Json{{"type", "assert-current-schema-id"},
                  {"current-schema-id", NumberOrNull(requirement.number)}};
    case RequirementKind::kLastAssignedPartitionId:
      return Json{{"type", "assert-last-assigned-partition-id"},
                  {"last-assigned-partition-id", NumberOrNull(requirement.number)}};
    case RequirementKind::kDefaultSpecId:
      return Json{{"type", "assert-default-spec-id"}, {"default-spec-id", NumberOrNull(requirement.number)}};
    case RequirementKind::kDefaultSortOrderId:
      return Json{{"type", "assert-default-sort-order-id"},
                  {"default-sort-order-id", NumberOrNull(requirement.number)}};
  }
  return Json::object();
}

struct UpdateToJson {
  Json operator()(const update::AssignUuid& update) const {
    return Json{{"action", "assign-uuid"}, {"uuid", update.uuid}};
  }
  Json operator()(const update::UpgradeFormatVersion& update) const {
    return Json{{"action", "upgrade-format-version"}, {"format-version", update.version}};
  }
  Json operator()(const update::SetLocation& update) const {
    return Json{{"action", "set-location"}, {"location", update.location}};
  }
  Json operator()(const update::AddSchema& update) const {
    return Json{{"action", "add-schema"},
                {"schema", SchemaToJson(update.schema)},
                {"last-column-id", update.last_column_id}};
  }
  Json operator()(const update::SetCurrentSchema& update) const {
    return Json{{"action", "set-current-schema"}, {"schema-id", update.id}};
  }
  Json operator()(const update::AddSpec& update) const {
    return Json{{"action", "add-spec"}, {"spec", PartitionSpecToJson(update.spec)}};
  }
  Json operator()(const update::SetDefaultSpec& update) const {
    return Json{{"action", "set-default-spec"}, {"spec-id", update.id}};
  }
  Json operator()(const update::AddUnsortedOrder& /*update*/) const {
    return Json{{"action", "add-sort-order"},
                {"sort-order", Json{{"order-id", 0}, {"fields", Json::array()}}}};
  }
  Json operator()(const update::SetDefaultSortOrder& update) const {
    return Json{{"action", "set-default-sort-order"}, {"sort-order-id", update.id}};
  }
  Json operator()(const update::AddSnapshot& update) const {
    return Json{{"action", "add-snapshot"}, {"snapshot", SnapshotToJson(update.snapshot)}};
  }
  Json operator()(const update::SetSnapshotRef& update) const {
    return Json{{"action", "set-snapshot-ref"},
                {"ref-name", update.ref},
                {"type", update.type},
                {"snapshot-id", update.snapshot_id}};
  }
  Json operator()(const update::RemoveSnapshotRef& update) const {
    return Json{{"action", "remove-snapshot-ref"}, {"ref-name", update.ref}};
  }
  Json operator()(const update::RemoveSnapshots& update) const {
    return Json{{"action", "remove-snapshots"}, {"snapshot-ids", update.ids}};
  }
  Json operator()(const update::SetProperties& update) const {
    return Json{{"action", "set-properties"}, {"updates", update.properties}};
  }
  Json operator()(const update::RemoveProperties& update) const {
    return Json{{"action", "remove-properties"}, {"removals", update.names}};
  }
};

}  // namespace

std::string ChangeToRestJson(const Change& change) {
  Json requirements = Json::array();
  for (const Requirement& requirement : change.requirements)
    requirements.push_back(RequirementJson(requirement));
  Json updates = Json::array();
  for (const Update& update : change.updates) updates.push_back(std::visit(UpdateToJson(), update));
  return DumpJson(Json{{"requirements", std::move(requirements)}, {"updates", std::move(updates)}});
}

}  // namespace ingesta::iceberg
