#include "ingesta/pipeline/pipeline_state.h"

#include <fmt/format.h>

#include <exception>
#include <nlohmann/json.hpp>

#include "ingesta/pipeline/object_keys.h"

namespace ingesta::pipeline {
namespace {

using StateJson = nlohmann::ordered_json;

StateJson JsonOf(const DatasetState& dataset) {
  StateJson json{{"run_id", dataset.run_id},
                 {"rows", dataset.rows},
                 {"completeness", dataset.completeness},
                 {"files", dataset.files}};
  if (dataset.fingerprints) {
    json["fingerprints"] = {{"key", dataset.fingerprints->key},
                            {"bytes", dataset.fingerprints->bytes},
                            {"crc32", fmt::format("{:08x}", dataset.fingerprints->crc32)}};
  }
  return json;
}

// States of the first version have neither run ids nor fingerprints.
DatasetState DatasetStateFrom(const StateJson& json) {
  DatasetState dataset;
  dataset.run_id = json.value("run_id", "");
  dataset.rows = json.at("rows").get<int64_t>();
  dataset.completeness = json.at("completeness").get<std::string>();
  dataset.files = json.at("files").get<std::vector<std::string>>();
  if (json.contains("fingerprints")) {
    const StateJson& file = json.at("fingerprints");
    dataset.fingerprints = {
        .key = file.at("key").get<std::string>(),
        .bytes = file.at("bytes").get<int64_t>(),
        .crc32 = static_cast<uint32_t>(std::stoul(file.at("crc32").get<std::string>(), nullptr, 16))};
  }
  return dataset;
}

PipelineState StateFrom(const StateJson& json) {
  PipelineState state;
  state.pipeline = json.at("pipeline").get<std::string>();
  state.last_run_id = json.at("last_run_id").get<std::string>();
  state.last_success_at = json.at("last_success_at").get<std::string>();
  state.timestamp = json.at("timestamp").get<std::string>();
  for (const auto& [name, dataset] : json.at("datasets").items())
    state.datasets[name] = DatasetStateFrom(dataset);
  return state;
}

}  // namespace

Result<std::optional<PipelineState>> ReadState(const std::string& pipeline, ObjectStore& store) {
  const std::string key = StateKey(pipeline);
  ARROW_ASSIGN_OR_RAISE(const auto document, store.Read(key));
  if (!document.has_value()) return std::nullopt;
  try {
    return StateFrom(StateJson::parse(document->text));
  } catch (const std::exception& error) {
    return MakeError(ErrorCode::kCorrupt, fmt::format("{} is no state: {}", store.Uri(key), error.what()),
                     "remove it: the next run writes it anew, and says nothing of what has changed since");
  }
}

PipelineState NextState(const std::optional<PipelineState>& before, const RunRecord& record) {
  PipelineState state;
  if (before) state.datasets = before->datasets;
  state.pipeline = record.pipeline;
  state.last_run_id = record.run_id;
  state.last_success_at = record.finished_at;
  state.timestamp = record.timestamp;
  for (const DatasetRecord& dataset : record.datasets) {
    DatasetState next{.run_id = record.run_id,
                      .rows = dataset.rows,
                      .completeness = std::string(VerdictName(dataset.completeness.verdict)),
                      .files = {},
                      .fingerprints = std::nullopt};
    for (const DatasetFile& file : dataset.files) {
      if (file.is_object()) next.files.push_back(file.key);
    }
    if (dataset.fingerprints) {
      next.fingerprints = {.key = FingerprintsKey(record.pipeline, dataset.name),
                           .bytes = dataset.fingerprints->bytes,
                           .crc32 = dataset.fingerprints->crc32};
    }
    state.datasets[dataset.name] = std::move(next);
  }
  return state;
}

Status WriteState(const PipelineState& state, ObjectStore& store) {
  StateJson datasets = StateJson::object();
  for (const auto& [name, dataset] : state.datasets) datasets[name] = JsonOf(dataset);
  const StateJson json{{"pipeline", state.pipeline},
                       {"last_run_id", state.last_run_id},
                       {"last_success_at", state.last_success_at},
                       {"timestamp", state.timestamp},
                       {"datasets", std::move(datasets)}};
  return store.Write(StateKey(state.pipeline), json.dump(2) + "\n", std::nullopt).status();
}

}  // namespace ingesta::pipeline
