// A run's published files as the catalog sees them, and what became of its tables. Plain values.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/config/pipeline_spec.h"

namespace ingesta::catalog {

/// One published file of a dataset, or one whose rows are to be merged into a table.
struct PublishedFile {
  std::string format;      ///< `csv`, `json`, `parquet`, `iceberg`
  std::string key;         ///< object key in the store; "" = it is none: merged from where it is
  std::string local_path;  ///< where its bytes still are on this machine; "" = only in the store
  std::string extension;   ///< with the compression's: `.csv.gz`
  int64_t rows = 0;
  int64_t bytes = 0;
  std::string partition;  ///< Hive's name of its partition folder, `fecha=2026-11-24`; "" = none
};

/// A dataset of a run, as its tables see it.
struct DatasetVersion {
  std::string name;
  std::shared_ptr<arrow::Schema> schema;  ///< field metadata `path` and `comment`
  std::vector<std::string> primary_key;
  std::string write_disposition;  ///< of the Iceberg table: `replace`, `append`, `merge`
  config::PartitionSpec partition_by;
  std::vector<PublishedFile> files;
  std::string content_digest;  ///< equal where the rows are; "" = not known
};

/// All datasets of a run: they become visible together, as nearly as the catalog can.
struct RunVersion {
  std::string pipeline;
  std::string run_id;
  std::string timestamp;       ///< YYYYMMDD_HHMMSS
  std::string scratch_folder;  ///< exists; for files that are rewritten on the way
  /// A later run is in the tables: only what takes no newer row's place comes in (rows to append, and of
  /// those to merge the ones whose key is new).
  bool superseded = false;
  std::vector<DatasetVersion> datasets;
};

/// What a merge did with the rows of a run.
struct MergedRows {
  int64_t inserted = 0;
  int64_t updated = 0;
  int64_t unchanged = 0;  ///< the table had them so, or (a superseded run) has newer ones
  int64_t repeated = 0;   ///< a later row of the run had their key
};

/// A table that a run made or changed, for the log and the manifest.
struct TableChange {
  std::string dataset;
  std::string table;                 ///< `productos`, `productos_csv`, ...
  std::string kind;                  ///< `iceberg`, `csv`, `json`, `parquet`, `view`
  std::string change;                ///< `created`, `updated`, `replaced`, `merged`, `appended`, `unchanged`
  int64_t rows = 0;                  ///< in the table afterwards, where the catalog knows (-1 = it does not)
  std::string snapshot;              ///< of an Iceberg table; else ""
  std::optional<MergedRows> merged;  ///< where rows were merged
};

}  // namespace ingesta::catalog
