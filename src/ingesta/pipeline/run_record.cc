#include "ingesta/pipeline/run_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "ingesta/config/column_type.h"
#include "ingesta/pipeline/run_facts_json.h"

namespace ingesta::pipeline {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> kVerdictNames = {"exact", "repaired", "inexact", "unverifiable"};
constexpr std::array<std::string_view, 3> kRunStatusNames = {"succeeded", "partial", "failed"};

template <size_t N>
size_t IndexOf(const std::array<std::string_view, N>& names, const std::string& name) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == name) return i;
  }
  // Caught with the library's own exceptions in FromJson below.
  throw Json::other_error::create(501, "unknown name '" + name + "'", nullptr);
}

Json OptionalJson(const std::optional<int64_t>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::optional<int64_t> OptionalInt(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional<int64_t>(json.get<int64_t>());
}

Json CompletenessJson(const Completeness& completeness) {
  return Json{{"verdict", VerdictName(completeness.verdict)},
              {"explanation", completeness.explanation},
              {"total_before", OptionalJson(completeness.total_before)},
              {"total_after", OptionalJson(completeness.total_after)},
              {"distinct_keys", completeness.distinct_keys},
              {"passes", completeness.passes},
              {"duplicate_rows", completeness.duplicate_rows},
              {"looked_up", completeness.looked_up},
              {"deleted", completeness.deleted}};
}

Completeness CompletenessFrom(const Json& json) {
  Completeness completeness;
  completeness.verdict = static_cast<Verdict>(IndexOf(kVerdictNames, json.at("verdict").get<std::string>()));
  completeness.explanation = json.at("explanation").get<std::string>();
  completeness.total_before = OptionalInt(json.at("total_before"));
  completeness.total_after = OptionalInt(json.at("total_after"));
  completeness.distinct_keys = json.at("distinct_keys").get<int64_t>();
  completeness.passes = json.at("passes").get<int>();
  completeness.duplicate_rows = json.at("duplicate_rows").get<int64_t>();
  completeness.looked_up = json.at("looked_up").get<int64_t>();
  completeness.deleted = json.at("deleted").get<int64_t>();
  return completeness;
}

Json FileJson(const DatasetFile& file, bool with_spool) {
  Json json{{"format", file.format}, {"key", file.key},     {"content_type", file.content_type},
            {"rows", file.rows},     {"bytes", file.bytes}, {"crc32", fmt::format("{:08x}", file.crc32)}};
  if (with_spool) {
    json["spool_path"] = file.spool_path;
    json["key_prefix"] = file.key_prefix;
    json["extension"] = file.extension;
  }
  if (!file.partition.empty()) json["partition"] = file.partition;
  if (file.replaces) json["replaces"] = true;
  if (file.placeholder) json["placeholder"] = true;
  if (file.merge_input) json["merge_input"] = true;
  return json;
}

DatasetFile FileFrom(const Json& json) {
  DatasetFile file;
  file.format = json.at("format").get<std::string>();
  file.key = json.at("key").get<std::string>();
  file.content_type = json.at("content_type").get<std::string>();
  file.rows = json.at("rows").get<int64_t>();
  file.bytes = json.at("bytes").get<int64_t>();
  file.crc32 = static_cast<uint32_t>(std::stoul(json.at("crc32").get<std::string>(), nullptr, 16));
  file.spool_path = json.value("spool_path", "");
  file.key_prefix = json.value("key_prefix", "");
  file.extension = json.value("extension", "");
  file.partition = json.value("partition", "");
  file.replaces = json.value("replaces", false);
  file.placeholder = json.value("placeholder", false);
  file.merge_input = json.value("merge_input", false);
  return file;
}

Json ShapeJson(const DatasetShape& shape) {
  Json columns = Json::array();
  for (const config::ColumnSpec& column : shape.columns) {
    columns.push_back(Json{{"name", column.name},
                           {"type", column.type.ToString()},
                           {"nullable", column.nullable},
                           {"path", column.path},
                           {"description", column.description}});
  }
  const config::PartitionSpec& partition = shape.partition_by;
  return Json{{"columns", std::move(columns)},
              {"primary_key", shape.primary_key},
              {"write_disposition", shape.write_disposition},
              {"partition_by", Json{{"name", partition.name},
                                    {"column", partition.column},
                                    {"transform", partition.transform},
                                    {"timezone", partition.timezone}}}};
}

DatasetShape ShapeFrom(const Json& json) {
  DatasetShape shape;
  for (const Json& item : json.at("columns")) {
    config::ColumnSpec column;
    column.name = item.at("name").get<std::string>();
    const auto type = config::ParseColumnType(item.at("type").get<std::string>());
    if (!type)
      throw Json::other_error::create(501, "column " + column.name + " has an unknown type", nullptr);
    column.type = *type;
    column.nullable = item.at("nullable").get<bool>();
    column.path = item.at("path").get<std::string>();
    column.description = item.at("description").get<std::string>();
    shape.columns.push_back(std::move(column));
  }
  shape.primary_key = json.at("primary_key").get<std::vector<std::string>>();
  shape.write_disposition = json.at("write_disposition").get<std::string>();
  const Json& partition = json.at("partition_by");
  shape.partition_by = {.column = partition.at("column").get<std::string>(),
                        .transform = partition.at("transform").get<std::string>(),
                        .timezone = partition.at("timezone").get<std::string>(),
                        .name = partition.at("name").get<std::string>()};
  return shape;
}

Json TableJson(const catalog::TableChange& table) {
  Json json{
      {"dataset", table.dataset}, {"table", table.table}, {"kind", table.kind}, {"change", table.change}};
  if (table.rows >= 0) json["rows"] = table.rows;
  if (!table.snapshot.empty()) json["snapshot"] = table.snapshot;
  if (table.merged) {
    json["merged"] = Json{{"inserted", table.merged->inserted},
                          {"updated", table.merged->updated},
                          {"unchanged", table.merged->unchanged},
                          {"repeated", table.merged->repeated}};
  }
  return json;
}

std::optional<catalog::MergedRows> MergedFrom(const Json& json) {
  if (!json.contains("merged")) return std::nullopt;
  const Json& merged = json.at("merged");
  return catalog::MergedRows{.inserted = merged.at("inserted").get<int64_t>(),
                             .updated = merged.at("updated").get<int64_t>(),
                             .unchanged = merged.at("unchanged").get<int64_t>(),
                             .repeated = merged.at("repeated").get<int64_t>()};
}

catalog::TableChange TableFrom(const Json& json) {
  return {.dataset = json.at("dataset").get<std::string>(),
          .table = json.at("table").get<std::string>(),
          .kind = json.at("kind").get<std::string>(),
          .change = json.at("change").get<std::string>(),
          .rows = json.value("rows", int64_t{-1}),
          .snapshot = json.value("snapshot", ""),
          .merged = MergedFrom(json)};
}

Json ChangesJson(const Changes& changes) {
  return Json{{"new", changes.added},
              {"changed", OptionalJson(changes.changed)},
              {"deleted", OptionalJson(changes.deleted)},
              {"unchanged", changes.unchanged},
              {"since", changes.since}};
}

Changes ChangesFrom(const Json& json) {
  return {.added = json.at("new").get<int64_t>(),
          .changed = OptionalInt(json.at("changed")),
          .unchanged = json.at("unchanged").get<int64_t>(),
          .deleted = OptionalInt(json.at("deleted")),
          .since = json.at("since").get<std::string>()};
}

Json DatasetJson(const DatasetRecord& dataset, bool with_spool) {
  Json files = Json::array();
  for (const DatasetFile& file : dataset.files) {
    if (with_spool || file.is_object()) files.push_back(FileJson(file, with_spool));
  }
  Json json{{"name", dataset.name},
            {"rows", dataset.rows},
            {"rejected", dataset.rejected},
            {"pages", dataset.pages},
            {"requests", dataset.requests},
            {"retries", dataset.retries},
            {"throttles", dataset.throttles},
            {"wire_bytes", dataset.wire_bytes},
            {"seconds", dataset.seconds},
            {"stage_seconds", dataset.stage_seconds},
            {"completeness", CompletenessJson(dataset.completeness)},
            {"unknown_fields", dataset.unknown_fields},
            {"rounded_columns", dataset.rounded_columns},
            {"schema", ShapeJson(dataset.shape)},
            {"files", std::move(files)}};
  if (!dataset.expectations.empty()) json["expectations"] = SuitesToJson(dataset.expectations);
  if (!dataset.validations.empty()) {
    for (const DatasetFile& file : dataset.validations)
      json["validations"].push_back(FileJson(file, with_spool));
  }
  json["quarantine"] = dataset.quarantine ? FileJson(*dataset.quarantine, with_spool) : Json(nullptr);
  if (dataset.changes) json["changes"] = ChangesJson(*dataset.changes);
  if (!dataset.content_digest.empty()) json["content_digest"] = dataset.content_digest;
  if (dataset.fingerprints && with_spool) json["fingerprints"] = FileJson(*dataset.fingerprints, with_spool);
  return json;
}

DatasetRecord DatasetFrom(const Json& json) {
  DatasetRecord dataset;
  dataset.name = json.at("name").get<std::string>();
  dataset.rows = json.at("rows").get<int64_t>();
  dataset.rejected = json.at("rejected").get<int64_t>();
  dataset.pages = json.at("pages").get<int64_t>();
  dataset.requests = json.at("requests").get<int64_t>();
  dataset.retries = json.at("retries").get<int64_t>();
  dataset.wire_bytes = json.at("wire_bytes").get<int64_t>();
  dataset.seconds = json.at("seconds").get<double>();
  // Manifests of earlier versions have neither.
  dataset.throttles = json.value("throttles", int64_t{0});
  dataset.stage_seconds = json.value("stage_seconds", std::map<std::string, double>());
  dataset.completeness = CompletenessFrom(json.at("completeness"));
  dataset.unknown_fields = json.at("unknown_fields").get<std::map<std::string, int64_t>>();
  dataset.rounded_columns = json.at("rounded_columns").get<std::map<std::string, int64_t>>();
  // Manifests of the first version have none.
  if (json.contains("schema")) dataset.shape = ShapeFrom(json.at("schema"));
  for (const Json& file : json.at("files")) dataset.files.push_back(FileFrom(file));
  if (json.contains("expectations")) dataset.expectations = SuitesFromJson(json.at("expectations"));
  if (json.contains("validations")) {
    for (const Json& file : json.at("validations")) dataset.validations.push_back(FileFrom(file));
  }
  if (!json.at("quarantine").is_null()) dataset.quarantine = FileFrom(json.at("quarantine"));
  if (json.contains("changes")) dataset.changes = ChangesFrom(json.at("changes"));
  dataset.content_digest = json.value("content_digest", "");
  if (json.contains("fingerprints")) dataset.fingerprints = FileFrom(json.at("fingerprints"));
  return dataset;
}

Json RecordJson(const RunRecord& record, bool with_spool) {
  Json datasets = Json::array();
  for (const DatasetRecord& dataset : record.datasets) datasets.push_back(DatasetJson(dataset, with_spool));
  Json tables = Json::array();
  for (const catalog::TableChange& table : record.tables) tables.push_back(TableJson(table));
  Json errors = Json::array();
  for (const RunError& error : record.errors) {
    errors.push_back(Json{{"code", error.code},
                          {"stage", error.stage},
                          {"dataset", error.dataset},
                          {"message", error.message},
                          {"hint", error.hint}});
  }
  Json json{{"run_id", record.run_id},
            {"pipeline", record.pipeline},
            {"status", RunStatusName(record.status)},
            {"started_at", record.started_at},
            {"finished_at", record.finished_at},
            {"timestamp", record.timestamp},
            {"config_hash", record.config_hash},
            {"version", record.version},
            {"store", record.store},
            {"datasets", std::move(datasets)},
            {"catalog", record.catalog},
            {"tables", std::move(tables)},
            {"tables_done", record.tables_done},
            {"errors", std::move(errors)}};
  if (record.superseded) json["superseded"] = true;
  AddFacts(record.facts, json);
  return json;
}

RunRecord RecordFrom(const Json& json) {
  RunRecord record;
  record.run_id = json.at("run_id").get<std::string>();
  record.pipeline = json.at("pipeline").get<std::string>();
  record.status = static_cast<RunStatus>(IndexOf(kRunStatusNames, json.at("status").get<std::string>()));
  record.started_at = json.at("started_at").get<std::string>();
  record.finished_at = json.at("finished_at").get<std::string>();
  record.timestamp = json.at("timestamp").get<std::string>();
  record.config_hash = json.at("config_hash").get<std::string>();
  record.version = json.at("version").get<std::string>();
  record.store = json.at("store").get<std::string>();
  for (const Json& dataset : json.at("datasets")) record.datasets.push_back(DatasetFrom(dataset));
  record.catalog = json.value("catalog", "");
  record.tables_done = json.value("tables_done", true);
  record.superseded = json.value("superseded", false);
  record.facts = FactsFrom(json);
  if (json.contains("tables")) {
    for (const Json& table : json.at("tables")) record.tables.push_back(TableFrom(table));
  }
  for (const Json& error : json.at("errors")) {
    record.errors.push_back(
        RunError{error.at("code").get<std::string>(), error.at("stage").get<std::string>(),
                 error.at("dataset").get<std::string>(), error.at("message").get<std::string>(),
                 error.at("hint").get<std::string>()});
  }
  return record;
}

/// `config_hash` nullptr: any.
Result<std::vector<DatasetRecord>> CheckpointFrom(const std::string& text, const std::string* config_hash) {
  try {
    const Json json = Json::parse(text);
    if (config_hash != nullptr && json.at("config_hash").get<std::string>() != *config_hash) {
      return MakeError(ErrorCode::kConflict, "the checkpoint was made by another configuration");
    }
    std::vector<DatasetRecord> datasets;
    for (const Json& dataset : json.at("datasets")) datasets.push_back(DatasetFrom(dataset));
    return datasets;
  } catch (const std::exception& error) {
    return MakeError(ErrorCode::kCorrupt, fmt::format("not a checkpoint: {}", error.what()));
  }
}

// Text from a source may hold invalid UTF-8; it must not lose the manifest.
std::string Dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  return kVerdictNames[static_cast<size_t>(verdict)];
}
std::string_view RunStatusName(RunStatus status) {
  return kRunStatusNames[static_cast<size_t>(status)];
}

bool DatasetRecord::Writes(std::string_view format) const {
  return std::any_of(files.begin(), files.end(),
                     [format](const DatasetFile& file) { return file.format == format; });
}

std::vector<const DatasetFile*> DatasetRecord::SpooledFiles() const {
  std::vector<const DatasetFile*> spooled;
  for (const DatasetFile& file : files) spooled.push_back(&file);
  if (quarantine) spooled.push_back(&*quarantine);
  if (fingerprints) spooled.push_back(&*fingerprints);
  for (const DatasetFile& file : validations) spooled.push_back(&file);
  return spooled;
}

int64_t RunRecord::TotalRejected() const {
  int64_t total = 0;
  for (const DatasetRecord& dataset : datasets) total += dataset.rejected;
  return total;
}

std::string ToJson(const RunRecord& record, bool with_spool) {
  return Dump(RecordJson(record, with_spool), 2) + "\n";
}
std::string ToJsonLine(const RunRecord& record) {
  return Dump(RecordJson(record, false), -1);
}

Result<RunRecord> RunRecordFromJson(const std::string& text) {
  try {
    return RecordFrom(Json::parse(text));
  } catch (const std::exception& error) {
    return MakeError(ErrorCode::kCorrupt, fmt::format("not a run record: {}", error.what()));
  }
}

std::string DatasetsToJson(const std::vector<DatasetRecord>& datasets, const std::string& config_hash) {
  Json list = Json::array();
  for (const DatasetRecord& dataset : datasets) list.push_back(DatasetJson(dataset, /*with_spool=*/true));
  return Dump(Json{{"config_hash", config_hash}, {"datasets", std::move(list)}}, 2) + "\n";
}

Result<std::vector<DatasetRecord>> DatasetsFromJson(const std::string& text, const std::string& config_hash) {
  return CheckpointFrom(text, &config_hash);
}

Result<std::vector<DatasetRecord>> DatasetsFromJson(const std::string& text) {
  return CheckpointFrom(text, nullptr);
}

RunError ToRunError(const Status& status, const std::string& dataset) {
  RunError error{std::string(ErrorCodeName(CodeOf(status))), "", dataset, status.message(), HintOf(status)};
  if (const ErrorDetail* detail = DetailOf(status); detail != nullptr && detail->fields().stage) {
    error.stage = StageName(*detail->fields().stage);
  }
  return error;
}

}  // namespace ingesta::pipeline
