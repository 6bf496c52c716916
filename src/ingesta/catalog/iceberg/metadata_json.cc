// metadata.json <-> TableMetadata. Schemas, specs and snapshots never change once written, so those that the
// document has stay there word for word.
#include <fmt/format.h>

#include <functional>
#include <utility>

#include "ingesta/catalog/iceberg/errors.h"
#include "ingesta/catalog/iceberg/metadata.h"

namespace ingesta::iceberg {
namespace {

/// An absent list is an empty one.
const Json& ListOf(const Json& json, const char* key) {
  static const Json kEmpty = Json::array();
  const Json* list = Member(json, key);
  return list != nullptr && list->is_array() ? *list : kEmpty;
}

Result<std::map<std::string, std::string>> TextMap(const Json& json, const char* key) {
  std::map<std::string, std::string> map;
  const Json* object = Member(json, key);
  if (object == nullptr) return map;
  if (!object->is_object()) return Corrupt(fmt::format("'{}' must be an object", key));
  for (const auto& [name, value] : object->items()) {
    if (!value.is_string()) return Corrupt(fmt::format("'{}.{}' must be a string", key, name));
    map[name] = value.get<std::string>();
  }
  return map;
}

Status ReadSchemas(const Json& json, TableMetadata& metadata) {
  for (const Json& member : ListOf(json, "schemas")) {
    ARROW_ASSIGN_OR_RAISE(Schema schema, SchemaFromJson(member));
    metadata.schemas.push_back(std::move(schema));
  }
  if (metadata.schemas.empty() && Member(json, "schema") != nullptr) {
    ARROW_ASSIGN_OR_RAISE(Schema schema, SchemaFromJson(json["schema"]));
    metadata.current_schema_id = schema.id;
    metadata.schemas.push_back(std::move(schema));
  } else {
    ARROW_ASSIGN_OR_RAISE(metadata.current_schema_id, GetInt32(json, "current-schema-id"));
  }
  if (metadata.FindSchema(metadata.current_schema_id) == nullptr)
    return Corrupt("the current schema is not in it");
  ARROW_ASSIGN_OR_RAISE(metadata.last_column_id, GetInt32(json, "last-column-id"));
  return Status::OK();
}

Status ReadSpecs(const Json& json, TableMetadata& metadata) {
  for (const Json& member : ListOf(json, "partition-specs")) {
    ARROW_ASSIGN_OR_RAISE(PartitionSpec spec, PartitionSpecFromJson(member));
    metadata.specs.push_back(std::move(spec));
  }
  if (metadata.specs.empty() && Member(json, "partition-spec") != nullptr) {
    PartitionSpec spec;
    ARROW_ASSIGN_OR_RAISE(spec.fields, PartitionFieldsFromJson(json["partition-spec"]));
    metadata.specs.push_back(std::move(spec));
  } else {
    ARROW_ASSIGN_OR_RAISE(metadata.default_spec_id, GetInt32(json, "default-spec-id"));
  }
  if (metadata.FindSpec(metadata.default_spec_id) == nullptr)
    return Corrupt("the default partition spec is not in it");
  for (const PartitionSpec& spec : metadata.specs) {
    for (const PartitionField& field : spec.fields) {
      metadata.last_partition_id = std::max(metadata.last_partition_id, field.field_id);
    }
  }
  ARROW_ASSIGN_OR_RAISE(const auto last, FindInt(json, "last-partition-id"));
  if (last) metadata.last_partition_id = std::max(metadata.last_partition_id, static_cast<int>(*last));
  ARROW_ASSIGN_OR_RAISE(const auto order, FindInt(json, "default-sort-order-id"));
  metadata.default_sort_order_id = static_cast<int>(order.value_or(0));
  return Status::OK();
}

Status ReadSnapshots(const Json& json, TableMetadata& metadata) {
  for (const Json& member : ListOf(json, "snapshots")) {
    ARROW_ASSIGN_OR_RAISE(Snapshot snapshot, SnapshotFromJson(member));
    metadata.snapshots.push_back(std::move(snapshot));
  }
  ARROW_ASSIGN_OR_RAISE(metadata.current_snapshot_id, FindInt(json, "current-snapshot-id"));
  if (metadata.current_snapshot_id == -1)
    metadata.current_snapshot_id.reset();  // how older writers say "none"
  if (metadata.current_snapshot_id && metadata.current_snapshot() == nullptr) {
    return Corrupt("the current snapshot is not in it");
  }
  for (const Json& member : ListOf(json, "snapshot-log")) {
    SnapshotLogEntry entry;
    ARROW_ASSIGN_OR_RAISE(entry.timestamp_ms, GetInt(member, "timestamp-ms"));
    ARROW_ASSIGN_OR_RAISE(entry.snapshot_id, GetInt(member, "snapshot-id"));
    metadata.snapshot_log.push_back(entry);
  }
  for (const Json& member : ListOf(json, "metadata-log")) {
    MetadataLogEntry entry;
    ARROW_ASSIGN_OR_RAISE(entry.timestamp_ms, GetInt(member, "timestamp-ms"));
    ARROW_ASSIGN_OR_RAISE(entry.metadata_file, GetString(member, "metadata-file"));
    metadata.metadata_log.push_back(std::move(entry));
  }
  if (const Json* refs = Member(json, "refs"); refs != nullptr && refs->is_object()) {
    for (const auto& [name, member] : refs->items()) {
      SnapshotRef ref;
      ARROW_ASSIGN_OR_RAISE(ref.snapshot_id, GetInt(member, "snapshot-id"));
      ARROW_ASSIGN_OR_RAISE(ref.type, GetString(member, "type"));
      metadata.refs[name] = ref;
    }
  }
  if (metadata.current_snapshot_id) metadata.refs[kMainBranch].snapshot_id = *metadata.current_snapshot_id;
  return Status::OK();
}

Result<TableMetadata> Read(const Json& json) {
  TableMetadata metadata;
  ARROW_ASSIGN_OR_RAISE(metadata.format_version, GetInt32(json, "format-version"));
  if (metadata.format_version < 1 || metadata.format_version > 2) {
    return Unsupported(
        fmt::format("the table has Iceberg's format version {}; 1 and 2 are read, 2 is written",
                    metadata.format_version),
        "create the table with format-version 2");
  }
  ARROW_ASSIGN_OR_RAISE(const auto uuid, FindString(json, "table-uuid"));
  metadata.table_uuid = uuid.value_or("");
  ARROW_ASSIGN_OR_RAISE(metadata.location, GetString(json, "location"));
  while (metadata.location.size() > 1 && metadata.location.back() == '/') metadata.location.pop_back();
  ARROW_ASSIGN_OR_RAISE(const auto sequence, FindInt(json, "last-sequence-number"));
  metadata.last_sequence_number = sequence.value_or(0);
  ARROW_ASSIGN_OR_RAISE(metadata.last_updated_ms, GetInt(json, "last-updated-ms"));
  RETURN_NOT_OK(ReadSchemas(json, metadata));
  RETURN_NOT_OK(ReadSpecs(json, metadata));
  ARROW_ASSIGN_OR_RAISE(metadata.properties, TextMap(json, "properties"));
  RETURN_NOT_OK(ReadSnapshots(json, metadata));
  return metadata;
}

/// A list of `items`: the element of `old` with the same number under `key` where there is one, else a new
/// one.
template <typename Item>
Json Merged(const Json& document, const char* list_key, const char* key, const std::vector<Item>& items,
            const std::function<int64_t(const Item&)>& number, const std::function<Json(const Item&)>& make) {
  std::map<int64_t, const Json*> old;
  for (const Json& member : ListOf(document, list_key)) {
    const Json* id = Member(member, key);
    if (id != nullptr && id->is_number_integer()) old[id->get<int64_t>()] = &member;
  }
  Json list = Json::array();
  for (const Item& item : items) {
    const auto found = old.find(number(item));
    list.push_back(found == old.end() ? make(item) : *found->second);
  }
  return list;
}

Json RefsJson(const Json& document, const std::map<std::string, SnapshotRef>& refs) {
  Json object = Json::object();
  const Json* old = Member(document, "refs");
  for (const auto& [name, ref] : refs) {
    const Json* member = old == nullptr ? nullptr : Member(*old, name.c_str());
    Json json = member == nullptr ? Json::object() : *member;  // keeps a branch's retention
    json["snapshot-id"] = ref.snapshot_id;
    json["type"] = ref.type;
    object[name] = std::move(json);
  }
  return object;
}

void WriteSnapshots(const TableMetadata& metadata, const Json& old, Json& json) {
  if (metadata.current_snapshot_id) {
    json["current-snapshot-id"] = *metadata.current_snapshot_id;
  } else {
    json.erase("current-snapshot-id");
  }
  json["refs"] = RefsJson(old, metadata.refs);
  json["snapshots"] = Merged<Snapshot>(
      old, "snapshots", "snapshot-id", metadata.snapshots, [](const Snapshot& s) { return s.id; },
      SnapshotToJson);
  Json snapshot_log = Json::array();
  for (const SnapshotLogEntry& entry : metadata.snapshot_log) {
    snapshot_log.push_back(Json{{"timestamp-ms", entry.timestamp_ms}, {"snapshot-id", entry.snapshot_id}});
  }
  json["snapshot-log"] = std::move(snapshot_log);
  Json metadata_log = Json::array();
  for (const MetadataLogEntry& entry : metadata.metadata_log) {
    metadata_log.push_back(
        Json{{"timestamp-ms", entry.timestamp_ms}, {"metadata-file", entry.metadata_file}});
  }
  json["metadata-log"] = std::move(metadata_log);
  // Statistics of a snapshot go with it.
  for (const char* key : {"statistics", "partition-statistics"}) {
    if (Member(json, key) == nullptr || !json[key].is_array()) continue;
    Json kept = Json::array();
    for (const Json& member : json[key]) {
      const Json* id = Member(member, "snapshot-id");
      if (id != nullptr && id->is_number_integer() && metadata.FindSnapshot(id->get<int64_t>()) != nullptr) {
        kept.push_back(member);
      }
    }
    json[key] = std::move(kept);
  }
}

}  // namespace

Result<Snapshot> SnapshotFromJson(const Json& json) {
  Snapshot snapshot;
  ARROW_ASSIGN_OR_RAISE(snapshot.id, GetInt(json, "snapshot-id"));
  ARROW_ASSIGN_OR_RAISE(snapshot.parent_id, FindInt(json, "parent-snapshot-id"));
  ARROW_ASSIGN_OR_RAISE(const auto sequence, FindInt(json, "sequence-number"));
  snapshot.sequence_number = sequence.value_or(0);
  ARROW_ASSIGN_OR_RAISE(snapshot.timestamp_ms, GetInt(json, "timestamp-ms"));
  if (Member(json, "manifest-list") == nullptr && Member(json, "manifests") != nullptr) {
    return Unsupported("a snapshot of format version 1 without a manifest list");
  }
  ARROW_ASSIGN_OR_RAISE(snapshot.manifest_list, GetString(json, "manifest-list"));
  ARROW_ASSIGN_OR_RAISE(snapshot.summary, TextMap(json, "summary"));
  ARROW_ASSIGN_OR_RAISE(const auto schema_id, FindInt(json, "schema-id"));
  if (schema_id) snapshot.schema_id = static_cast<int>(*schema_id);
  return snapshot;
}

Json SnapshotToJson(const Snapshot& snapshot) {
  Json json{{"snapshot-id", snapshot.id}};
  if (snapshot.parent_id) json["parent-snapshot-id"] = *snapshot.parent_id;
  json["sequence-number"] = snapshot.sequence_number;
  json["timestamp-ms"] = snapshot.timestamp_ms;
  json["manifest-list"] = snapshot.manifest_list;
  json["summary"] = snapshot.summary;
  if (snapshot.schema_id) json["schema-id"] = *snapshot.schema_id;
  return json;
}

Result<TableMetadata> MetadataFromJson(const std::string& text) {
  ARROW_ASSIGN_OR_RAISE(Json json, ParseJson(text, "table metadata"));
  auto metadata = Read(json);
  if (!metadata.ok()) return WithPrefix(metadata.status(), "table metadata");
  metadata->document = std::make_shared<const Json>(std::move(json));
  return metadata;
}

Json MetadataToDocument(const TableMetadata& metadata) {
  static const Json kEmpty = Json::object();
  const Json& old = metadata.document == nullptr ? kEmpty : *metadata.document;
  Json json = old;
  json["format-version"] = metadata.format_version;
  json["table-uuid"] = metadata.table_uuid;
  json["location"] = metadata.location;
  if (metadata.format_version >= 2) {
    json["last-sequence-number"] = metadata.last_sequence_number;
    json.erase("schema");
    json.erase("partition-spec");
  }
  json["last-updated-ms"] = metadata.last_updated_ms;
  json["last-column-id"] = metadata.last_column_id;
  json["current-schema-id"] = metadata.current_schema_id;
  json["schemas"] = Merged<Schema>(
      old, "schemas", "schema-id", metadata.schemas, [](const Schema& s) { return s.id; }, SchemaToJson);
  json["default-spec-id"] = metadata.default_spec_id;
  json["partition-specs"] = Merged<PartitionSpec>(
      old, "partition-specs", "spec-id", metadata.specs, [](const PartitionSpec& s) { return s.id; },
      PartitionSpecToJson);
  json["last-partition-id"] = metadata.last_partition_id;
  json["default-sort-order-id"] = metadata.default_sort_order_id;
  if (Member(json, "sort-orders") == nullptr) {
    json["sort-orders"] = Json::array({Json{{"order-id", 0}, {"fields", Json::array()}}});
  }
  json["properties"] = metadata.properties;
  WriteSnapshots(metadata, old, json);
  return json;
}

std::string MetadataToJson(const TableMetadata& metadata) {
  return DumpJson(MetadataToDocument(metadata));
}

}  // namespace ingesta::iceberg
