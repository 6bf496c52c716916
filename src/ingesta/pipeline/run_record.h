// What a run did: the manifest below `_ingesta/runs/`, the `prepared.json` of a spool, the summary and
// `--json`. Plain values with their JSON form.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/catalog.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/pipeline/changes.h"
#include "ingesta/pipeline/expectation_record.h"
#include "ingesta/pipeline/run_facts.h"

namespace ingesta::pipeline {

/// Whether a dataset's rows are proved to be the source's.
enum class Verdict {
  kExact,         ///< one pass whose distinct keys equal a total that did not move; or a whole unpaged body
  kRepaired,      ///< the union of several passes without what was deleted equals a stable total
  kInexact,       ///< it does not
  kUnverifiable,  ///< no key or no total to prove it by
};

std::string_view VerdictName(Verdict verdict);

struct Completeness {
  Verdict verdict = Verdict::kUnverifiable;
  std::optional<int64_t> total_before;  ///< the source's total when the last pass began
  std::optional<int64_t> total_after;   ///< and after everything
  int64_t distinct_keys = 0;            ///< keys seen and not deleted, rejected rows' included
  int passes = 0;
  int64_t duplicate_rows = 0;  ///< rows that came again and were left out
  int64_t looked_up = 0;       ///< keys asked for one by one
  int64_t deleted = 0;         ///< of these, gone
  std::string explanation;     ///< why the verdict is what it is, in one sentence
};

/// One file of a dataset. `spool_path` is where it waits, relative to the run's spool folder; not in the
/// manifest.
struct DatasetFile {
  std::string format;
  std::string key;  ///< object key, once the run's timestamp is known
  std::string spool_path;
  std::string key_prefix;  ///< folder before the dataset's: "" or `json/`
  std::string extension;   ///< `.csv`
  std::string content_type;
  std::string partition;  ///< of Parquet and Iceberg files: Hive's folder name, `fecha=2026-11-24`; "" = none
  /// The file stands for its partition and takes the place of the one before it; else its key is its own for
  /// ever.
  bool replaces = false;
  /// Without rows: takes the place of a partition that has none any more. Not in the manifest.
  bool placeholder = false;
  /// Its rows are merged into the dataset's Iceberg table, out of the spool. Not in the manifest.
  bool merge_input = false;
  int64_t rows = 0;
  int64_t bytes = 0;
  uint32_t crc32 = 0;

  /// Whether it becomes an object of its own.
  bool is_object() const { return !placeholder && !merge_input; }
};

/// What tables need to know of a dataset, kept with the run: it may be published long after its pipeline was
/// changed.
struct DatasetShape {
  std::vector<config::ColumnSpec> columns;
  std::vector<std::string> primary_key;
  std::string write_disposition;
  config::PartitionSpec partition_by;
};

struct DatasetRecord {
  std::string name;
  int64_t rows = 0;
  int64_t rejected = 0;
  int64_t pages = 0;
  int64_t requests = 0;
  int64_t retries = 0;
  int64_t throttles = 0;  ///< answers of 429 and 503
  int64_t wire_bytes = 0;
  double seconds = 0;
  std::map<std::string, double> stage_seconds;  ///< of its pages, by stage; with the resource
  Completeness completeness;
  std::map<std::string, int64_t> unknown_fields;
  std::map<std::string, int64_t> rounded_columns;
  DatasetShape shape;
  std::vector<DatasetFile> files;
  std::optional<DatasetFile> quarantine;
  std::vector<SuiteRecord> expectations;
  std::vector<DatasetFile> validations;     ///< Great Expectations' result files, one a suite
  std::optional<DatasetFile> fingerprints;  ///< of a dataset with a key: becomes part of the state
  std::string content_digest;               ///< equal where the rows are: 16 hex digits; "" = no key
  std::optional<Changes> changes;           ///< nullopt: there is no run before it to compare with

  /// Whether it has files of `format`.
  bool Writes(std::string_view format) const;
  /// Every file that waits in the spool.
  std::vector<const DatasetFile*> SpooledFiles() const;
};

enum class RunStatus { kSucceeded, kPartial, kFailed };

std::string_view RunStatusName(RunStatus status);

struct RunError {
  std::string code;
  std::string stage;
  std::string dataset;
  std::string message;
  std::string hint;
};

struct RunRecord {
  std::string run_id;
  std::string pipeline;
  RunStatus status = RunStatus::kFailed;
  std::string started_at;  ///< RFC 3339 UTC
  std::string finished_at;
  std::string timestamp;  ///< YYYYMMDD_HHMMSS of the object keys; empty before publication
  std::string config_hash;
  std::string version;  ///< of ingesta
  std::string store;    ///< `s3://bucket` or the local root
  std::vector<DatasetRecord> datasets;
  std::string catalog;                       ///< what the tables are registered in; empty before that
  std::vector<catalog::TableChange> tables;  ///< what became of them
  bool tables_done = true;  ///< false in a manifest: its tables are still those of an earlier run
  /// A later run was published before it: its partitions were not put, its tables not switched.
  bool superseded = false;
  std::vector<RunError> errors;
  RunFacts facts;

  int64_t TotalRejected() const;
};

/// Pretty-printed JSON; spool paths only where `with_spool`.
std::string ToJson(const RunRecord& record, bool with_spool);
/// One line, for `--json`.
std::string ToJsonLine(const RunRecord& record);
/// kCorrupt for text that ToJson did not make.
Result<RunRecord> RunRecordFromJson(const std::string& text);
/// The same for one resource's datasets: a checkpoint in the spool.
std::string DatasetsToJson(const std::vector<DatasetRecord>& datasets, const std::string& config_hash);
Result<std::vector<DatasetRecord>> DatasetsFromJson(const std::string& text, const std::string& config_hash);
/// Whatever configuration made it.
Result<std::vector<DatasetRecord>> DatasetsFromJson(const std::string& text);

RunError ToRunError(const Status& status, const std::string& dataset);

}  // namespace ingesta::pipeline
