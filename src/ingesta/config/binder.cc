#include "ingesta/config/binder.h"

#include <algorithm>

#include "ingesta/config/column_type.h"
#include "ingesta/config/json_body.h"

namespace ingesta::config {
namespace {

ComponentSpec BindComponent(const Value* value) {
  ComponentSpec component;
  if (value == nullptr) return component;
  component.type = value->kind;
  for (const auto& [name, option] : value->fields) component.options.Set(name, option.scalar);
  return component;
}

std::vector<std::pair<std::string, std::string>> BindTexts(const Value* value) {
  std::vector<std::pair<std::string, std::string>> texts;
  if (value == nullptr || !value->given()) return texts;
  for (const NodeEntry& entry : value->node->entries) texts.emplace_back(entry.key, entry.value.text);
  return texts;
}

std::vector<ParamSpec> BindParams(const Value* value) {
  std::vector<ParamSpec> params;
  if (value == nullptr || !value->given()) return params;
  for (const NodeEntry& entry : value->node->entries) {
    ParamSpec param;
    param.name = entry.key;
    if (entry.value.is_list()) {
      for (const Node& item : entry.value.items) param.values.push_back(item.text);
    } else {
      param.values.push_back(entry.value.text);
    }
    params.push_back(std::move(param));
  }
  return params;
}

void BindErrorHandler(const Value& handler, ClientSpec& client) {
  if (const Value* filters = handler.Find("response_filters")) {
    for (const Value& item : filters->items) {
      ResponseFilterSpec filter;
      if (const Value* codes = item.Find("http_codes")) filter.http_codes = codes->ints;
      filter.error_message_contains = item.Text("error_message_contains");
      filter.action = item.Text("action");
      client.response_filters.push_back(std::move(filter));
    }
  }
  client.backoff = BindComponent(handler.Find("backoff"));
  client.max_retries = static_cast<int>(handler.Int("max_retries"));
  client.max_elapsed = handler.Get<Millis>("max_elapsed");
  client.retry_budget = static_cast<int>(handler.Int("retry_budget"));
}

void BindRate(const Value* budget, ClientSpec& client) {
  if (budget == nullptr) return;
  // The cross checks saw to it that there is one policy with one rate.
  const Value& rate = budget->Find("policies")->items.front().Find("rates")->items.front();
  client.rate_limit = static_cast<int>(rate.Int("limit"));
  client.rate_interval = rate.Get<Millis>("interval");
}

ClientSpec BindClient(const Value& value) {
  ClientSpec client;
  client.base_url = value.Text("base_url");
  client.headers = BindTexts(value.Find("headers"));
  if (const Value* auth = value.Find("auth")) client.auth = BindComponent(auth);
  client.health_path = value.Text("health_path");
  const Value& timeouts = *value.Find("timeouts");
  client.connect_timeout = timeouts.Get<Millis>("connect");
  client.idle_timeout = timeouts.Get<Millis>("idle");
  client.total_timeout = timeouts.Get<Millis>("total");
  client.concurrency = static_cast<int>(value.Int("concurrency"));
  client.max_body = value.Int("max_body");
  client.max_decompressed_ratio = value.Int("max_decompressed_ratio");
  client.allowed_origins = value.Texts("allowed_origins");
  BindErrorHandler(*value.Find("error_handler"), client);
  BindRate(value.Find("api_budget"), client);
  return client;
}

EndpointSpec BindEndpoint(const Value& value) {
  EndpointSpec endpoint;
  endpoint.path = value.Text("path");
  endpoint.method = value.Text("method");
  endpoint.params = BindParams(value.Find("params"));
  endpoint.headers = BindTexts(value.Find("headers"));
  if (const Value* json = value.Find("json")) endpoint.json = ToJson(*json->node);
  endpoint.data_selector = value.Text("data_selector");
  endpoint.record_path = value.Text("record_path");
  endpoint.paginator = BindComponent(value.Find("paginator"));
  endpoint.ignore_fields = value.Texts("ignore_fields");
  return endpoint;
}

ColumnSpec BindColumn(const Value& value) {
  ColumnSpec column;
  column.name = value.Text("name");
  column.path = value.Get<std::string>("path", column.name);
  column.type = ParseColumnType(value.Text("type")).value_or(ColumnType{});
  column.nullable = value.Get<bool>("nullable");
  column.format = value.Text("format");
  const bool timed =
      column.type.kind == ColumnType::Kind::kTimestamp || column.type.kind == ColumnType::Kind::kDate;
  if (timed && column.format.empty()) column.format = "iso8601";
  if (value.Find("join") != nullptr) column.join = value.Text("join");
  column.on_rounding = value.Text("on_rounding") == "reject" ? OnRounding::kReject : OnRounding::kRound;
  column.description = value.Text("description");
  return column;
}

CompletenessSpec BindCompleteness(const Value& value, const EndpointSpec& endpoint) {
  CompletenessSpec completeness;
  completeness.total_path =
      value.Get<std::string>("total_path", endpoint.paginator.options.StringOr("total_path", ""));
  completeness.max_passes = static_cast<int>(value.Int("max_passes"));
  completeness.allow_inexact = value.Get<bool>("allow_inexact");
  return completeness;
}

PartitionSpec BindPartition(const Value* value) {
  PartitionSpec partition;
  if (value == nullptr) return partition;
  partition.column = value->Text("column");
  partition.transform = value->Text("transform");
  partition.timezone = value->Text("timezone");
  if (partition.by_run_date()) return partition;
  // Not the column's own name: a Hive table can't have a column twice.
  partition.name =
      partition.column + "_" + (partition.transform == "identity" ? "valor" : partition.transform);
  return partition;
}

ResourceSpec BindResource(const Value& value) {
  ResourceSpec resource;
  resource.name = value.Text("name");
  if (const Value* endpoint = value.Find("endpoint")) resource.endpoint = BindEndpoint(*endpoint);
  if (const Value* explode = value.Find("explode")) {
    resource.explode =
        ExplodeSpec{explode->Text("resource"), explode->Text("path"), value.Texts("include_from_parent")};
  }
  resource.primary_key = value.Texts("primary_key");
  for (const Value& column : value.Find("columns")->items) resource.columns.push_back(BindColumn(column));
  resource.unstable_columns = value.Texts("unstable_columns");
  for (const Value& format : value.Find("formats")->items) resource.formats.push_back(BindComponent(&format));
  resource.completeness = BindCompleteness(*value.Find("completeness"), resource.endpoint);
  resource.max_rejected = value.Get<double>("max_rejected");
  resource.write_disposition = value.Text("write_disposition");
  resource.partition_by = BindPartition(value.Find("partition_by"));
  if (!resource.merges()) return resource;
  // A row without its key can't be merged: it goes to quarantine.
  for (ColumnSpec& column : resource.columns) {
    const auto& key = resource.primary_key;
    if (std::find(key.begin(), key.end(), column.name) != key.end()) column.nullable = false;
  }
  return resource;
}

}  // namespace

PipelineSpec Bind(const Value& root) {
  PipelineSpec spec;
  spec.name = root.Text("name");
  spec.description = root.Text("description");
  spec.client = BindClient(*root.Find("client"));
  for (const Value& resource : root.Find("resources")->items)
    spec.resources.push_back(BindResource(resource));
  spec.store = BindComponent(root.Find("store"));
  spec.catalog = BindComponent(root.Find("catalog"));
  spec.on_dataset_failure = root.Text("on_dataset_failure") == "publish_others"
                                ? OnDatasetFailure::kPublishOthers
                                : OnDatasetFailure::kFail;
  return spec;
}

}  // namespace ingesta::config
