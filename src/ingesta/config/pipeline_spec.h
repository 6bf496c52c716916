// What a pipeline.yaml says, checked and with its defaults filled in. Plain values; made by config/parse.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/config/options.h"

namespace ingesta::config {

struct ColumnType {
  enum class Kind { kString, kInt32, kInt64, kDouble, kBool, kDate, kTimestamp, kDecimal, kJson };
  Kind kind = Kind::kString;
  int precision = 0;  ///< of kDecimal, 1..38
  int scale = 0;      ///< of kDecimal, 0..precision

  /// As the YAML writes it: `string`, `decimal(18,2)`, ...
  std::string ToString() const;
  bool operator==(const ColumnType&) const = default;
};

enum class OnRounding { kRound, kReject };

struct ColumnSpec {
  std::string name;
  std::string path;  ///< dotted path in the record; the name where the YAML has none
  ColumnType type;
  bool nullable = true;  ///< a null, or an absent field, of a column that is not goes to quarantine
  std::string format;    ///< of timestamp and date: `iso8601` (default), `epoch_s`, `epoch_ms`
  std::optional<std::string> join;  ///< separator: an array of scalars becomes one string
  OnRounding on_rounding = OnRounding::kRound;
  std::string description;
};

/// Kind and options of a part chosen by name (`paginator`, `auth`, `formats[]`, ...).
struct ComponentSpec {
  std::string type;
  Options options;  ///< checked against the kind's descriptor, defaults filled in
};

struct ParamSpec {
  std::string name;
  std::vector<std::string> values;  ///< more than one: a scan for each value
};

struct EndpointSpec {
  std::string path;
  std::string method = "GET";
  std::vector<ParamSpec> params;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string json;           ///< request body, JSON text
  std::string data_selector;  ///< dotted path of the records' array; "" = the body itself
  std::string record_path;    ///< path of one record with `{<key column>}`; "" = none
  ComponentSpec paginator;
  std::vector<std::string> ignore_fields;  ///< known fields that are not wanted: not reported as unknown
};

struct CompletenessSpec {
  std::string total_path;  ///< dotted path of the source's total in a page; "" = the paginator's, or none
  int max_passes = 3;
  bool allow_inexact = false;
};

struct ExplodeSpec {
  std::string resource;                          ///< the parent resource
  std::string path;                              ///< dotted path of the array in the parent's record
  std::vector<std::string> include_from_parent;  ///< parent fields, here as `_<parent>_<field>`
};

/// How typed files are laid out by date (or by a value).
struct PartitionSpec {
  std::string column;             ///< "" = the run's date
  std::string transform = "day";  ///< `day`, `month`, `year`; of a column also `identity`
  std::string timezone = "UTC";   ///< IANA name: whose days
  /// The partition's name: `fecha`, or `<column>_<transform>`.
  std::string name = "fecha";
  bool by_run_date() const { return column.empty(); }
};

/// A suite of expectations: a file of Great Expectations' JSON, as it was when the pipeline was read.
struct SuiteFile {
  std::string name;  ///< as the pipeline writes it
  std::string path;
  std::string text;
  std::string place;  ///< `file:line:column` of its name in the pipeline, for messages
};

struct ResourceSpec {
  std::string name;       ///< the dataset
  EndpointSpec endpoint;  ///< empty path where `explode` is set
  std::optional<ExplodeSpec> explode;
  std::vector<std::string> primary_key;  ///< column names; empty = none
  std::vector<ColumnSpec> columns;
  std::vector<std::string> unstable_columns;  ///< another value there is no change of a row
  std::vector<ComponentSpec> formats;
  CompletenessSpec completeness;
  PartitionSpec partition_by;
  std::vector<SuiteFile> expectations;
  double max_rejected = 0.01;                 ///< fraction of the rows, 0..1
  std::string write_disposition = "replace";  ///< of the Iceberg table: `replace`, `append`, `merge`
  bool merges() const { return write_disposition == "merge"; }
};

struct ResponseFilterSpec {
  std::vector<int> http_codes;
  std::string error_message_contains;
  std::string action;  ///< success fail retry ignore rate_limited refresh_token_then_retry
};

struct ClientSpec {
  std::string base_url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<ComponentSpec> auth;
  std::string health_path;  ///< asked by `ingesta check`; "" = none
  Millis connect_timeout{10'000};
  Millis idle_timeout{60'000};
  Millis total_timeout{600'000};
  int concurrency = 8;
  int64_t max_body = 256LL << 20;
  int64_t max_decompressed_ratio = 200;
  std::vector<std::string> allowed_origins;
  std::vector<ResponseFilterSpec> response_filters;
  ComponentSpec backoff;  ///< `exponential`, `constant`, `wait_time_from_header`
  int max_retries = 5;
  Millis max_elapsed{900'000};
  int retry_budget = 100;  ///< retries of a run beyond the first of each request
  int rate_limit = 0;      ///< requests an interval; 0 = none
  Millis rate_interval{1'000};
};

enum class OnDatasetFailure { kFail, kPublishOthers };

struct PipelineSpec {
  std::string name;
  std::string description;
  std::string file;  ///< where it was read from
  ClientSpec client;
  std::vector<ResourceSpec> resources;
  /// `local` or `s3`; type "" = by S3_BUCKET: set and not empty, or unset, means s3.
  ComponentSpec store;
  /// `filesystem`, `glue`, `rest`; type "" = by GLUE_DATABASE.
  ComponentSpec catalog;
  OnDatasetFailure on_dataset_failure = OnDatasetFailure::kFail;
  std::string config_hash;           ///< of the file's text after substitution, secrets left out; hex
  std::vector<std::string> secrets;  ///< values that must not be shown anywhere
};

}  // namespace ingesta::config
