#include "ingesta/pipeline/run_record.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

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
  return file;
}

Json DatasetJson(const DatasetRecord& dataset, bool with_spool) {
  Json files = Json::array();
  for (const DatasetFile& file : dataset.files) files.push_back(FileJson(file, with_spool));
  Json json{{"name", dataset.name},
            {"rows", dataset.rows},
            {"rejected", dataset.rejected},
            {"pages", dataset.pages},
            {"requests", dataset.requests},
            {"retries", dataset.retries},
            {"wire_bytes", dataset.wire_bytes},
            {"seconds", dataset.seconds},
            {"completeness", CompletenessJson(dataset.completeness)},
            {"unknown_fields", dataset.unknown_fields},
            {"rounded_columns", dataset.rounded_columns},
            {"files", std::move(files)}};
  json["quarantine"] = dataset.quarantine ? FileJson(*dataset.quarantine, with_spool) : Json(nullptr);
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
  dataset.completeness = CompletenessFrom(json.at("completeness"));
  dataset.unknown_fields = json.at("unknown_fields").get<std::map<std::string, int64_t>>();
  dataset.rounded_columns = json.at("rounded_columns").get<std::map<std::string, int64_t>>();
  for (const Json& file : json.at("files")) dataset.files.push_back(FileFrom(file));
  if (!json.at("quarantine").is_null()) dataset.quarantine = FileFrom(json.at("quarantine"));
  return dataset;
}

Json RecordJson(const RunRecord& record, bool with_spool) {
  Json datasets = Json::array();
  for (const DatasetRecord& dataset : record.datasets) datasets.push_back(DatasetJson(dataset, with_spool));
  Json errors = Json::array();
  for (const RunError& error : record.errors) {
    errors.push_back(Json{{"code", error.code},
                          {"stage", error.stage},
                          {"dataset", error.dataset},
                          {"message", error.message},
                          {"hint", error.hint}});
  }
  return Json{{"run_id", record.run_id},
              {"pipeline", record.pipeline},
              {"status", RunStatusName(record.status)},
              {"started_at", record.started_at},
              {"finished_at", record.finished_at},
              {"timestamp", record.timestamp},
              {"config_hash", record.config_hash},
              {"version", record.version},
              {"store", record.store},
              {"datasets", std::move(datasets)},
              {"errors", std::move(errors)}};
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
  for (const Json& error : json.at("errors")) {
    record.errors.push_back(
        RunError{error.at("code").get<std::string>(), error.at("stage").get<std::string>(),
                 error.at("dataset").get<std::string>(), error.at("message").get<std::string>(),
                 error.at("hint").get<std::string>()});
  }
  return record;
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
  try {
    const Json json = Json::parse(text);
    if (json.at("config_hash").get<std::string>() != config_hash) {
      return MakeError(ErrorCode::kConflict, "the checkpoint was made by another configuration");
    }
    std::vector<DatasetRecord> datasets;
    for (const Json& dataset : json.at("datasets")) datasets.push_back(DatasetFrom(dataset));
    return datasets;
  } catch (const std::exception& error) {
    return MakeError(ErrorCode::kCorrupt, fmt::format("not a checkpoint: {}", error.what()));
  }
}

RunError ToRunError(const Status& status, const std::string& dataset) {
  RunError error{std::string(ErrorCodeName(CodeOf(status))), "", dataset, status.message(), HintOf(status)};
  if (const ErrorDetail* detail = DetailOf(status); detail != nullptr && detail->fields().stage) {
    error.stage = StageName(*detail->fields().stage);
  }
  return error;
}

}  // namespace ingesta::pipeline
