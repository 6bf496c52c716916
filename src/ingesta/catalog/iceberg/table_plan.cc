#include "ingesta/catalog/iceberg/table_plan.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ingesta/catalog/iceberg/errors.h"
#include "ingesta/catalog/iceberg/schema.h"

namespace ingesta::iceberg {
namespace {

/// Columns that may be null, or have no exact equality, identify no row.
std::vector<int> Identifiers(const Schema& schema, const std::vector<std::string>& columns) {
  std::vector<int> ids;
  for (const std::string& name : columns) {
    const Field* field = schema.FindByName(name);
    const bool fit = field != nullptr && field->required && !field->type->nested() &&
                     field->type->id != TypeId::kFloat && field->type->id != TypeId::kDouble;
    if (!fit) return {};
    ids.push_back(field->id);
  }
  return ids;
}

Result<Change> NewTableChange(const TableOperation& operation, const NewTable& table) {
  if (operation.schema == nullptr) {
    return MakeError(ErrorCode::kNotFound, fmt::format("there is no table '{}'", operation.table));
  }
  Schema schema;
  ARROW_ASSIGN_OR_RAISE(schema.fields, FieldsFromArrow(*operation.schema));
  if (schema.fields.empty()) return Unsupported(fmt::format("table '{}' has no columns", operation.table));
  schema.identifier_field_ids = Identifiers(schema, operation.identifier_columns);
  ARROW_ASSIGN_OR_RAISE(
      PartitionSpec spec,
      MakePartitionSpec(operation.partition_by.value_or(std::vector<PartitionColumn>()), schema,
                        /*spec_id=*/0, /*last_partition_id=*/999));
  const int last_column_id = schema.HighestId();
  Change change;
  change.requirements.push_back({.kind = RequirementKind::kCreate});
  change.updates = {update::AssignUuid{table.uuid},
                    update::UpgradeFormatVersion{2},
                    update::AddSchema{std::move(schema), last_column_id},
                    update::SetCurrentSchema{-1},
                    update::AddSpec{std::move(spec)},
                    update::SetDefaultSpec{-1},
                    update::AddUnsortedOrder{},
                    update::SetDefaultSortOrder{-1},
                    update::SetLocation{table.location}};
  if (!operation.properties.empty()) change.updates.emplace_back(update::SetProperties{operation.properties});
  return change;
}

bool SamePartitioning(const PartitionSpec& left, const PartitionSpec& right) {
  return std::equal(left.fields.begin(), left.fields.end(), right.fields.begin(), right.fields.end(),
                    [](const PartitionField& a, const PartitionField& b) {
                      return a.source_id == b.source_id && a.transform == b.transform;
                    });
}

Status AddSpecUpdates(const TableMetadata& metadata, const Schema& schema,
                      const std::vector<PartitionColumn>& columns, Change& change) {
  ARROW_ASSIGN_OR_RAISE(PartitionSpec spec,
                        MakePartitionSpec(columns, schema, 0, metadata.last_partition_id));
  if (SamePartitioning(spec, metadata.default_spec())) return Status::OK();
  change.requirements.push_back(
      {.kind = RequirementKind::kDefaultSpecId, .number = metadata.default_spec_id});
  for (const PartitionSpec& old : metadata.specs) {
    if (SamePartitioning(spec, old)) {
      change.updates.emplace_back(update::SetDefaultSpec{old.id});
      return Status::OK();
    }
    spec.id = std::max(spec.id, old.id + 1);
  }
  // The same transform of the same column keeps its id and name, new ones are numbered without gaps.
  int next_id = metadata.last_partition_id;
  for (PartitionField& field : spec.fields) {
    field.field_id = 0;
    for (const PartitionSpec& old : metadata.specs) {
      for (const PartitionField& known : old.fields) {
        if (known.source_id == field.source_id && known.transform == field.transform) field = known;
      }
    }
    if (field.field_id == 0) field.field_id = ++next_id;
  }
  change.requirements.push_back(
      {.kind = RequirementKind::kLastAssignedPartitionId, .number = metadata.last_partition_id});
  change.updates.emplace_back(update::AddSpec{std::move(spec)});
  change.updates.emplace_back(update::SetDefaultSpec{-1});
  return Status::OK();
}

Result<Change> OldTableChange(const TableOperation& operation, const TableMetadata& metadata) {
  Change change;
  change.requirements.push_back({.kind = RequirementKind::kTableUuid, .uuid = metadata.table_uuid});
  if (metadata.format_version < 2) change.updates.emplace_back(update::UpgradeFormatVersion{2});
  Schema schema = metadata.current_schema();
  if (operation.schema != nullptr) {
    ARROW_ASSIGN_OR_RAISE(const std::vector<Field> incoming, FieldsFromArrow(*operation.schema));
    ARROW_ASSIGN_OR_RAISE(schema, MergeSchema(metadata, incoming));
    AddSchemaUpdates(metadata, schema, change);
  }
  if (operation.partition_by) {
    RETURN_NOT_OK(AddSpecUpdates(metadata, schema, *operation.partition_by, change));
  }
  update::SetProperties properties;
  for (const auto& [name, value] : operation.properties) {
    const auto found = metadata.properties.find(name);
    if (found == metadata.properties.end() || found->second != value) properties.properties[name] = value;
  }
  if (!properties.properties.empty()) change.updates.emplace_back(std::move(properties));
  return change;
}

}  // namespace

Result<TablePlan> PlanTable(const TableOperation& operation, const std::optional<LoadedTable>& base,
                            const NewTable& new_table, int64_t now_ms) {
  TablePlan plan;
  ARROW_ASSIGN_OR_RAISE(
      plan.change, base ? OldTableChange(operation, base->metadata) : NewTableChange(operation, new_table));
  ARROW_ASSIGN_OR_RAISE(plan.draft, ApplyChange(plan.change, base ? &base->metadata : nullptr, "", now_ms));
  return plan;
}

Result<std::shared_ptr<arrow::Schema>> AssignFieldIds(const std::optional<TableMetadata>& table,
                                                      const arrow::Schema& schema) {
  if (!table) {
    ARROW_ASSIGN_OR_RAISE(auto assigned, AssignIds(schema, nullptr, 0));
    RETURN_NOT_OK(FieldsFromArrow(*assigned).status());
    return assigned;
  }
  ARROW_ASSIGN_OR_RAISE(auto assigned, AssignIds(schema, &table->current_schema(), table->last_column_id));
  ARROW_ASSIGN_OR_RAISE(const std::vector<Field> fields, FieldsFromArrow(*assigned));
  RETURN_NOT_OK(MergeSchema(*table, fields).status());
  return assigned;
}

}  // namespace ingesta::iceberg
