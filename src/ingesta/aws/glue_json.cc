#include "ingesta/aws/glue_json.h"

#include <algorithm>
#include <initializer_list>

namespace ingesta::aws {
namespace {

void PutText(Json& json, const char* name, const std::string& value) {
  if (!value.empty()) json[name] = value;
}

GlueParameters ReadParameters(const Json& json) {
  GlueParameters parameters;
  const Json& member = MemberOf(json, "Parameters");
  for (auto it = member.begin(); member.is_object() && it != member.end(); ++it) {
    if (it->is_string()) parameters[it.key()] = it->get_ref<const std::string&>();
  }
  return parameters;
}

std::vector<std::string> ReadTexts(const Json& list) {
  std::vector<std::string> texts;
  for (const Json& item : list.is_array() ? list : Json::array()) {
    texts.push_back(item.is_string() ? item.get_ref<const std::string&>() : "");
  }
  return texts;
}

/// The members of `json` for which `wanted` holds, as text; "" where there are none.
template <typename Wanted>
std::string Others(const Json& json, Wanted wanted) {
  Json others = Json::object();
  for (auto it = json.begin(); json.is_object() && it != json.end(); ++it) {
    if (!it->is_null() && wanted(it.key())) others[it.key()] = *it;
  }
  return others.empty() ? "" : Dump(others);
}

bool IsOneOf(std::string_view name, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

Json WithOthers(const std::string& other) {
  Json json = other.empty() ? Json::object() : Json::parse(other, nullptr, /*allow_exceptions=*/false);
  return json.is_object() ? json : Json::object();
}

Json Columns(const std::vector<GlueColumn>& columns) {
  Json list = Json::array();
  for (const GlueColumn& column : columns) {
    Json json = {{"Name", column.name}, {"Type", column.type}};
    PutText(json, "Comment", column.comment);
    if (!column.parameters.empty()) json["Parameters"] = column.parameters;
    list.push_back(std::move(json));
  }
  return list;
}

std::vector<GlueColumn> ReadColumns(const Json& list) {
  std::vector<GlueColumn> columns;
  for (const Json& json : list.is_array() ? list : Json::array()) {
    columns.push_back({.name = TextOf(json, "Name"),
                       .type = TextOf(json, "Type"),
                       .comment = TextOf(json, "Comment"),
                       .parameters = ReadParameters(json)});
  }
  return columns;
}

Json Storage(const GlueStorage& storage) {
  Json json = WithOthers(storage.other);
  json["Columns"] = Columns(storage.columns);
  PutText(json, "Location", storage.location);
  PutText(json, "InputFormat", storage.input_format);
  PutText(json, "OutputFormat", storage.output_format);
  json["Compressed"] = storage.compressed;
  if (!storage.parameters.empty()) json["Parameters"] = storage.parameters;
  if (storage.serde != GlueSerDe{}) {
    Json serde = Json::object();
    PutText(serde, "Name", storage.serde.name);
    PutText(serde, "SerializationLibrary", storage.serde.library);
    serde["Parameters"] = storage.serde.parameters;
    json["SerdeInfo"] = std::move(serde);
  }
  return json;
}

GlueStorage ReadStorage(const Json& json) {
  const Json& compressed = MemberOf(json, "Compressed");
  const Json& serde = MemberOf(json, "SerdeInfo");
  return {.columns = ReadColumns(MemberOf(json, "Columns")),
          .location = TextOf(json, "Location"),
          .input_format = TextOf(json, "InputFormat"),
          .output_format = TextOf(json, "OutputFormat"),
          .compressed = compressed.is_boolean() && compressed.get<bool>(),
          .serde = {.name = TextOf(serde, "Name"),
                    .library = TextOf(serde, "SerializationLibrary"),
                    .parameters = ReadParameters(serde)},
          .parameters = ReadParameters(json),
          .other = Others(json, [](std::string_view name) {
            return !IsOneOf(name, {"Columns", "Location", "InputFormat", "OutputFormat", "Compressed",
                                   "SerdeInfo", "Parameters"});
          })};
}

}  // namespace

std::string TextOf(const Json& json, const char* name) {
  const Json& member = MemberOf(json, name);
  return member.is_string() ? member.get<std::string>() : "";
}

const Json& MemberOf(const Json& json, const char* name) {
  static const Json kNone;
  const auto found = json.is_object() ? json.find(name) : json.end();
  return json.is_object() && found != json.end() ? *found : kNone;
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json TableInput(const GlueTable& table) {
  Json json = WithOthers(table.other);
  json["Name"] = table.name;
  PutText(json, "Description", table.description);
  Json storage = Storage(table.storage);
  // Trino does not read a table without one, not even a view.
  if (!table.view_original_text.empty()) storage.emplace("SerdeInfo", Json::object());
  json["StorageDescriptor"] = std::move(storage);
  json["PartitionKeys"] = Columns(table.partition_keys);
  PutText(json, "ViewOriginalText", table.view_original_text);
  PutText(json, "ViewExpandedText", table.view_expanded_text);
  PutText(json, "TableType", table.table_type);
  json["Parameters"] = table.parameters;
  return json;
}

GlueTable ReadTable(const Json& json) {
  return {
      .name = TextOf(json, "Name"),
      .description = TextOf(json, "Description"),
      .table_type = TextOf(json, "TableType"),
      .storage = ReadStorage(MemberOf(json, "StorageDescriptor")),
      .partition_keys = ReadColumns(MemberOf(json, "PartitionKeys")),
      .view_original_text = TextOf(json, "ViewOriginalText"),
      .view_expanded_text = TextOf(json, "ViewExpandedText"),
      .parameters = ReadParameters(json),
      // What TableInput takes beside the above; the answer has more (CreateTime, CatalogId, ...).
      .other = Others(
          json,
          [](std::string_view name) {
            return IsOneOf(name, {"Owner", "Retention", "LastAccessTime", "LastAnalyzedTime", "TargetTable"});
          }),
      .version_id = TextOf(json, "VersionId")};
}

Json PartitionInput(const GluePartition& partition) {
  Json json = WithOthers(partition.other);
  json["Values"] = partition.values;
  json["StorageDescriptor"] = Storage(partition.storage);
  if (!partition.parameters.empty()) json["Parameters"] = partition.parameters;
  return json;
}

GluePartition ReadPartition(const Json& json) {
  return {.values = ReadTexts(MemberOf(json, "Values")),
          .storage = ReadStorage(MemberOf(json, "StorageDescriptor")),
          .parameters = ReadParameters(json),
          .other = Others(json, [](std::string_view name) {
            return IsOneOf(name, {"LastAccessTime", "LastAnalyzedTime"});
          })};
}

Json DatabaseInput(const GlueDatabase& database) {
  Json json = {{"Name", database.name}};
  PutText(json, "Description", database.description);
  PutText(json, "LocationUri", database.location_uri);
  if (!database.parameters.empty()) json["Parameters"] = database.parameters;
  return json;
}

GlueDatabase ReadDatabase(const Json& json) {
  return {.name = TextOf(json, "Name"),
          .description = TextOf(json, "Description"),
          .location_uri = TextOf(json, "LocationUri"),
          .parameters = ReadParameters(json)};
}

std::vector<GluePartitionFailure> ReadFailures(const Json& answer) {
  std::vector<GluePartitionFailure> failures;
  const Json& errors = MemberOf(answer, "Errors");
  for (const Json& json : errors.is_array() ? errors : Json::array()) {
    const Json& detail = MemberOf(json, "ErrorDetail");
    failures.push_back({.values = ReadTexts(MemberOf(json, "PartitionValues")),
                        .code = TextOf(detail, "ErrorCode"),
                        .message = TextOf(detail, "ErrorMessage")});
  }
  return failures;
}

}  // namespace ingesta::aws
