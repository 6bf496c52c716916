// Upsert by key, copy on write: rows whose key is in the table take the place of the old ones, others are
// added, keys to delete go. Only files in which a row changes are written anew. Base files are streamed. In
// memory are the new keys, some 70 bytes each (and their text), and of the new rows a piece at a time: above
// a few million changed rows a table is better replaced. Not thread-safe itself.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/new_files.h"
#include "ingesta/catalog/iceberg/table_writer.h"
#include "ingesta/columnar/parquet_writer.h"

namespace ingesta::iceberg {

struct MergeOptions {
  int64_t target_file_bytes = 128LL << 20;
  columnar::Compression compression = columnar::Compression::kZstd;
  /// Files that are written at once; each takes up to about 100 MiB.
  int threads = 2;
  /// New rows of up to this size in memory are kept there; more are read again for each file they change.
  int64_t input_memory = 64LL << 20;
  /// Merges that are computed until no other commit comes in between.
  int attempts = 20;
};

struct MergeRequest {
  std::string table;
  /// Local Parquet files with the table's field ids (AssignFieldIds). A column that they lack becomes null.
  std::vector<std::string> files;
  /// Columns that identify a row: numbers, decimals, dates, times, text, bytes; no null, each key once.
  std::vector<std::string> key_columns;
  /// Of the new rows of one key the last one counts, over all files; else they are refused.
  bool last_row_wins = false;
  /// Rows whose key the table has stay as they are, only others come in: for rows that are older than the
  /// table. REQUIRES: no keys to delete.
  bool keep_existing = false;
  /// Keys to delete: local Parquet files, and rows in memory, with the key columns by name. A key that the
  /// table has not is no error.
  std::vector<std::string> delete_files;
  std::shared_ptr<arrow::RecordBatch> delete_keys;
  std::string run_id;   ///< a snapshot with this id in its summary means that the merge was done; "" = none
  std::string scratch;  ///< a local folder; room for the files that are fetched and written
  /// As in TableOperation. `schema` nullptr: that of the first of `files`.
  std::shared_ptr<arrow::Schema> schema;
  std::optional<std::vector<PartitionColumn>> partition_by;
  std::map<std::string, std::string> summary;
  std::map<std::string, std::string> properties;
};

/// Rows, but for the files.
struct MergeCounts {
  int64_t inserted = 0;
  int64_t updated = 0;
  int64_t deleted = 0;
  int64_t unchanged = 0;   ///< new rows that the table had already, equal in all columns
  int64_t kept = 0;        ///< new rows that were left out because the table has their key (keep_existing)
  int64_t repeated = 0;    ///< new rows that were left out because a later one has their key (last_row_wins)
  int64_t duplicates = 0;  ///< rows of the table beyond the first of a key, removed on the way
  int64_t rewritten_files = 0;
  int64_t bytes_written = 0;
};

/// A merge that is computed against one state of the table: its files are published, nothing names them yet.
struct PlannedMerge {
  /// nullopt: nothing to commit, as `result` says (kUnchanged, kAlreadyDone).
  std::optional<TableOperation> operation;
  TableResult result;  ///< whole only where there is no operation
  std::optional<LoadedTable> base;
  MergeCounts counts;
  std::unique_ptr<NewFiles> files;  ///< their local copies are read by the commit
  std::string folder;               ///< below the scratch folder: removed by Finish
};

struct MergeResult {
  TableResult table;
  MergeCounts counts;
  int attempts = 0;  ///< merges that were computed
};

class TableMerger {
 public:
  /// All outlive the merger.
  TableMerger(TableCatalog& catalog, ObjectStore& store, Clock& clock, Random& random,
              MergeOptions options = {})
      : catalog_(catalog), store_(store), clock_(clock), random_(random), options_(options) {}

  /// Compute the merge, for a commit together with other tables (TableWriter::CommitAll); anew where files of
  /// the base went away meanwhile. kInvalidConfig for a key that is null or comes twice, and for equality
  /// deletes on a file that must change.
  Result<PlannedMerge> Plan(const MergeRequest& request);
  /// After the commit of a plan: remove local files, and the published ones where `unused`.
  void Finish(PlannedMerge& plan, bool unused);
  /// Whether a plan's files are surely in no table: the commit was refused, or the same run was committed by
  /// another. (After other errors it is not known.)
  static bool IsUnused(const Result<TableResult>& committed);

  /// Plan and commit, anew where another commit came in between.
  Result<MergeResult> Merge(const MergeRequest& request);

 private:
  Result<PlannedMerge> PlanOn(const std::optional<LoadedTable>& base, const MergeRequest& request);

  TableCatalog& catalog_;
  ObjectStore& store_;
  Clock& clock_;
  Random& random_;
  const MergeOptions options_;
};

}  // namespace ingesta::iceberg
