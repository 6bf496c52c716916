#include "ingesta/catalog/iceberg/schema_change.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "ingesta/catalog/iceberg/errors.h"
#include "ingesta/catalog/iceberg/schema.h"

namespace ingesta::iceberg {
namespace {

Field* FindColumn(std::vector<Field>& fields, const std::string& name) {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

std::string Names(const std::vector<Field>& fields) {
  std::string names;
  for (const Field& field : fields) names += (names.empty() ? "" : ", ") + field.name;
  return names;
}

Result<Field> NewColumn(const SchemaEdit& edit, int last_column_id) {
  const auto schema = arrow::schema({arrow::field(edit.column, edit.type)});
  ARROW_ASSIGN_OR_RAISE(const auto with_ids, AssignIds(*schema, nullptr, last_column_id));
  ARROW_ASSIGN_OR_RAISE(std::vector<Field> fields, FieldsFromArrow(*with_ids));
  fields[0].doc = edit.text;
  return std::move(fields[0]);
}

Status CheckDroppable(const TableMetadata& metadata, const Field& field) {
  for (const PartitionField& partition : metadata.default_spec().fields) {
    if (partition.source_id == field.id && partition.transform != "void") {
      return Unsupported(fmt::format("column '{}' partitions the table and can't be dropped", field.name));
    }
  }
  const std::vector<int>& keys = metadata.current_schema().identifier_field_ids;
  if (std::find(keys.begin(), keys.end(), field.id) != keys.end()) {
    return Unsupported(
        fmt::format("column '{}' identifies the table's rows and can't be dropped", field.name));
  }
  return Status::OK();
}

Status Widen(const SchemaEdit& edit, Field& field) {
  SchemaEdit other = edit;
  ARROW_ASSIGN_OR_RAISE(const Field wanted, NewColumn(other, 0));
  if (!IsPromotion(*field.type, *wanted.type)) {
    return Unsupported(fmt::format("column '{}' can't become {} from {}", field.name, wanted.type->ToString(),
                                   field.type->ToString()),
                       "Iceberg widens int to long, float to double, and a decimal to more digits");
  }
  field.type = wanted.type;
  return Status::OK();
}

Status Apply(const TableMetadata& metadata, const SchemaEdit& edit, int last_column_id, Schema& schema) {
  Field* field = FindColumn(schema.fields, edit.column);
  if (edit.kind == SchemaEditKind::kAdd) {
    if (field != nullptr) return Unsupported(fmt::format("there is a column '{}' already", edit.column));
    ARROW_ASSIGN_OR_RAISE(Field added, NewColumn(edit, std::max(last_column_id, schema.HighestId())));
    schema.fields.push_back(std::move(added));
    return Status::OK();
  }
  if (field == nullptr) {
    return Unsupported(fmt::format("there is no column '{}'", edit.column), "it has " + Names(schema.fields));
  }
  switch (edit.kind) {
    case SchemaEditKind::kDrop:
      RETURN_NOT_OK(CheckDroppable(metadata, *field));
      schema.fields.erase(schema.fields.begin() + (field - schema.fields.data()));
      return Status::OK();
    case SchemaEditKind::kRename:
      if (FindColumn(schema.fields, edit.text) != nullptr) {
        return Unsupported(fmt::format("there is a column '{}' already", edit.text));
      }
      field->name = edit.text;
      return Status::OK();
    case SchemaEditKind::kWiden:
      return Widen(edit, *field);
    case SchemaEditKind::kMakeOptional:
      field->required = false;
      std::erase(schema.identifier_field_ids, field->id);
      return Status::OK();
    case SchemaEditKind::kSetDoc:
      field->doc = edit.text;
      return Status::OK();
    case SchemaEditKind::kAdd:
      break;
  }
  return Status::OK();
}

/// Merges one level; what is below structs and lists likewise.
class Merger {
 public:
  Merger(int last_column_id, std::vector<int>& identifiers)
      : last_column_id_(last_column_id), identifiers_(identifiers) {}

  Status Level(std::vector<Field>& fields, const std::vector<Field>& incoming, const std::string& path) {
    std::set<int> seen;
    for (const Field& column : incoming) {
      seen.insert(column.id);
      const auto found = std::find_if(fields.begin(), fields.end(),
                                      [&](const Field& field) { return field.id == column.id; });
      if (found == fields.end()) {
        RETURN_NOT_OK(Add(fields, column, path));
      } else {
        RETURN_NOT_OK(Merge(*found, column, path + found->name));
      }
    }
    for (Field& field : fields) {
      if (seen.count(field.id) == 0) MakeOptional(field);
    }
    return Status::OK();
  }

 private:
  Status Add(std::vector<Field>& fields, const Field& column, const std::string& path) {
    if (column.id <= last_column_id_ || FindColumn(fields, column.name) != nullptr) {
      return MakeError(
          ErrorCode::kConflict,
          fmt::format("column '{}{}': its field id {} was planned for another schema of the table", path,
                      column.name, column.id),
          "the table's columns were changed during the run: run it again");
    }
    fields.push_back(column);
    fields.back().required = false;  // rows that are there have no value
    return Status::OK();
  }

  Status Merge(Field& field, const Field& column, const std::string& path) {
    if (field.name != column.name) {
      return MakeError(ErrorCode::kConflict,
                       fmt::format("column '{}' was renamed to '{}' meanwhile", column.name, field.name),
                       "rename it in the pipeline as well");
    }
    if (!column.required) MakeOptional(field);
    if (!column.doc.empty()) field.doc = column.doc;
    if (field.type->nested() && field.type->id == column.type->id) {
      std::vector<Field> below = field.type->fields;
      RETURN_NOT_OK(Level(below, column.type->fields, path + "."));
      if (field.type->id == TypeId::kMap) below[0].required = true;
      field.type = MakeNested(field.type->id, std::move(below));
      return Status::OK();
    }
    if (IsPromotion(*field.type, *column.type)) {
      field.type = column.type;
    } else if (!IsPromotion(*column.type, *field.type)) {
      return Unsupported(fmt::format("column '{}' is {} in the table, but {} in the run", path,
                                     field.type->ToString(), column.type->ToString()),
                         "give the column another name, or keep its type in the pipeline");
    }
    return Status::OK();
  }

  void MakeOptional(Field& field) {
    field.required = false;
    std::erase(identifiers_, field.id);
  }

  const int last_column_id_;
  std::vector<int>& identifiers_;
};

}  // namespace

Result<Schema> EditSchema(const TableMetadata& metadata, const std::vector<SchemaEdit>& edits) {
  Schema schema = metadata.current_schema();
  for (const SchemaEdit& edit : edits) RETURN_NOT_OK(Apply(metadata, edit, metadata.last_column_id, schema));
  if (schema.fields.empty()) return Unsupported("a table must keep a column");
  return schema;
}

Result<Schema> MergeSchema(const TableMetadata& metadata, const std::vector<Field>& incoming) {
  Schema schema = metadata.current_schema();
  RETURN_NOT_OK(
      Merger(metadata.last_column_id, schema.identifier_field_ids).Level(schema.fields, incoming, ""));
  return schema;
}

void AddSchemaUpdates(const TableMetadata& metadata, Schema schema, Change& change) {
  const auto same = [&schema](const Schema& other) {
    return SameFields(schema.fields, other.fields) &&
           schema.identifier_field_ids == other.identifier_field_ids;
  };
  if (same(metadata.current_schema())) return;
  change.requirements.push_back(
      {.kind = RequirementKind::kCurrentSchemaId, .number = metadata.current_schema_id});
  if (const auto old = std::find_if(metadata.schemas.begin(), metadata.schemas.end(), same);
      old != metadata.schemas.end()) {
    change.updates.emplace_back(update::SetCurrentSchema{old->id});
    return;
  }
  change.requirements.push_back(
      {.kind = RequirementKind::kLastAssignedFieldId, .number = metadata.last_column_id});
  schema.id = 0;
  for (const Schema& other : metadata.schemas) schema.id = std::max(schema.id, other.id + 1);
  const int last_column_id = std::max(metadata.last_column_id, schema.HighestId());
  change.updates.emplace_back(update::AddSchema{std::move(schema), last_column_id});
  change.updates.emplace_back(update::SetCurrentSchema{-1});
}

}  // namespace ingesta::iceberg
