// What looking at a lake gives, and what it goes by: the published runs of a dataset as their manifests have
// them, its tables and their states, rollbacks, findings of a verification. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/catalog/dataset_version.h"

namespace ingesta::catalog {

/// A published run of one dataset.
struct DatasetRun {
  std::string run_id;
  std::string timestamp;  ///< YYYYMMDD_HHMMSS of its object keys
  int64_t rows = 0;
  /// The tables were moved to it. False: a later run was published before it, or this is still to be done.
  bool switched = true;
  std::vector<PublishedFile> files;

  /// What names it in a snapshot's summary.
  std::string publication_id() const { return run_id + "@" + timestamp; }
  bool Has(std::string_view format) const;
};

struct DatasetHistory {
  std::string pipeline;
  DatasetVersion dataset;        ///< as the pipeline declares it; without files
  std::vector<DatasetRun> runs;  ///< the newest first

  /// The newest run with files of `format` (any where it is empty) that the tables were moved to, else
  /// nullptr.
  const DatasetRun* Newest(std::string_view format = "") const;
  /// Whether the newest run is still being published, or was cut off on the way: the tables may be its
  /// already.
  bool switching() const { return !runs.empty() && !runs.front().switched; }
  /// nullptr where there is none. `run`: its id, or its id and timestamp (publication_id).
  const DatasetRun* Find(std::string_view run) const;
};

/// A table, as `ingesta lake tables` shows it.
struct TableInfo {
  std::string pipeline;
  std::string dataset;
  std::string name;
  std::string kind;              ///< `iceberg`, `csv`, `csv_actual`, `json`, `parquet`, `view`
  std::string location;          ///< ObjectStore::Uri of its folder; of a view, the table that it reads
  std::optional<int64_t> rows;   ///< nullopt: not known, as other programs' files are among them
  std::optional<int64_t> files;  ///< of a view: nullopt
  std::optional<int64_t> bytes;
  std::string run_id;      ///< that it holds, or the last that added to it; "" = none is known
  std::string run_time;    ///< RFC 3339
  std::string snapshot;    ///< of an Iceberg table
  bool registered = true;  ///< with Glue: whether the table is there
};

/// A state of a dataset that its table had.
struct HistoryEntry {
  std::string time;       ///< RFC 3339
  std::string run_id;     ///< "" = made by another program, or by maintenance
  std::string run_time;   ///< the run's YYYYMMDD_HHMMSS; "" = no run
  std::string operation;  ///< of a snapshot: `append`, `overwrite`, `replace`, `delete`; of a CSV: `csv`
  std::string snapshot;   ///< "" for a CSV
  std::optional<int64_t> rows_added;
  std::optional<int64_t> rows_removed;
  std::optional<int64_t> rows;   ///< in the table then
  std::optional<int64_t> files;  ///< likewise
  std::optional<int64_t> bytes;  ///< likewise
  bool current = false;
};

struct TableHistory {
  std::string table;                  ///< `productos`, or `productos_csv` where there is no Iceberg table
  std::string kind;                   ///< `iceberg`, `csv`
  std::vector<HistoryEntry> entries;  ///< the newest first
};

/// What a rollback does to one table.
struct RollbackStep {
  std::string table;  ///< `productos`, `productos_csv_actual`
  std::string kind;   ///< `iceberg`, `csv_actual`
  std::string from;   ///< snapshot, or key of the CSV; "" = none
  std::string to;
  bool changes = true;  ///< false: it is there already
};

struct Rollback {
  std::string dataset;
  std::string run_id;  ///< that it goes back to; "" where the snapshot is no run's
  std::string run_time;
  std::optional<int64_t> rows;
  std::vector<RollbackStep> steps;
  std::vector<std::string> notes;  ///< what can't be brought back, and what comes next; sentences
};

enum class FindingKind {
  kHole,    ///< something that a manifest or a table names is missing, damaged, or not found by readers
  kOrphan,  ///< an object that nothing names
  kStale,   ///< a table that is whole, but not of the newest run
};
/// `hole`, `orphan`, `stale`.
std::string_view FindingKindName(FindingKind kind);

struct Finding {
  FindingKind kind = FindingKind::kHole;
  std::string pipeline;
  std::string dataset;
  std::string object;   ///< ObjectStore::Uri of the object, or the table's name
  std::string meaning;  ///< what it means for readers, in one sentence
  std::string advice;   ///< what to do
};

/// What the tables of a dataset were found to be.
struct TablesCheck {
  std::vector<Finding> findings;
  std::set<std::string> named;  ///< keys that the tables name
  int64_t tables = 0;           ///< that were looked at
  /// Prefixes below which nothing can be called an orphan: a table's metadata could not be read whole.
  std::vector<std::string> unjudged;
};

/// SQL for one dataset.
struct DdlScript {
  std::string database;
  std::string prologue;  ///< once before the statements of all datasets
  std::string sql;
};

}  // namespace ingesta::catalog
