// Operations on tables: create, append, replace, overwrite, change the schema, roll back. Optimistic: a
// commit that another writer overtook is tried again on the new base. Several tables are prepared whole, then
// switched in a row. Not thread-safe itself; any number of writers, in any process, may work on one table.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/catalog.h"
#include "ingesta/catalog/iceberg/schema_change.h"
#include "ingesta/catalog/iceberg/snapshot_builder.h"

namespace ingesta::iceberg {

/// `schema` with the field ids that its columns have in the table (nullopt: a new one), or will get: what
/// data files are written with, before the commit. kInvalidConfig where a column's type does not become the
/// table's.
Result<std::shared_ptr<arrow::Schema>> AssignFieldIds(const std::optional<TableMetadata>& table,
                                                      const arrow::Schema& schema);

/// A Parquet file with field ids that is stored already.
struct NewDataFile {
  std::string key;         ///< in the store
  std::string local_path;  ///< the same bytes, for the statistics in its footer
  /// nullopt: taken from the bounds of its columns.
  std::optional<PartitionValues> partition;
};

struct TableOperation {
  std::string table;
  WriteMode mode = WriteMode::kAppend;
  /// Columns of the files, with field ids (AssignFieldIds). The table is created with them where it is
  /// absent, and its schema follows them. nullptr: the table exists and its schema stays.
  std::shared_ptr<arrow::Schema> schema;
  /// nullopt: a new table has no partitions, an old one keeps its own.
  std::optional<std::vector<PartitionColumn>> partition_by;
  /// Columns that identify a row, of a new table; taken where none of them may be null.
  std::vector<std::string> identifier_columns;
  std::vector<NewDataFile> files;
  /// kOverwrite: locations of the files that `files` stand for, delete files too. They must be live.
  std::vector<std::string> removed_files;
  /// kOverwrite: locations of the position delete files that `files` were written without the rows of.
  std::vector<std::string> applied_deletes;
  /// Commit only on this snapshot: kConflict where the table has another one meanwhile (a merge is computed
  /// anew then). 0: only while it has none. nullopt: on any.
  std::optional<int64_t> required_snapshot;
  /// With it: only while the table has these columns and partitions (ids), that `files` were written for.
  std::optional<int> required_schema_id;
  std::optional<int> required_spec_id;
  std::string operation;  ///< of the summary: `replace` for compactions; "" by the mode
  /// A snapshot with this id in its summary means that the operation was done. "" = none.
  std::string run_id;
  std::map<std::string, std::string> summary;     ///< further entries
  std::map<std::string, std::string> properties;  ///< set where they differ
};

enum class TableOutcome { kCreated, kUpdated, kUnchanged, kAlreadyDone };

struct TableResult {
  std::string table;
  TableOutcome outcome = TableOutcome::kUnchanged;
  LoadedTable state;                   ///< after the operation
  std::optional<int64_t> snapshot_id;  ///< that the operation made (or had made before)
  int attempts = 0;                    ///< commits that were tried
};

struct RetryOptions {
  int attempts = 40;
  Millis base{20};  ///< doubled with each attempt, of which a random part is waited
  Millis limit{1000};
};

class TableWriter {
 public:
  /// All outlive the writer.
  TableWriter(TableCatalog& catalog, ObjectStore& store, Clock& clock, Random& random,
              RetryOptions retry = {})
      : catalog_(catalog), store_(store), clock_(clock), random_(random), retry_(retry) {}

  /// Prepare all operations, then switch the tables in a row; those that were overtaken follow on their new
  /// base. One result an operation, in the same order. An error of the whole: nothing was switched. REQUIRES:
  /// a table is named by one operation at most.
  Result<std::vector<Result<TableResult>>> CommitAll(const std::vector<TableOperation>& operations);
  /// One table.
  Result<TableResult> Commit(const TableOperation& operation);

  /// kNotFound where there is no such table.
  Result<TableResult> EditSchema(const std::string& table, const std::vector<SchemaEdit>& edits);
  /// Make an older snapshot the current one. kNotFound where the table has it not (any more).
  Result<TableResult> RollBack(const std::string& table, int64_t snapshot_id);
  /// A change of metadata alone, made anew for each base that it is tried on; nullopt = nothing to do. The
  /// requirement of the table's uuid is added.
  using MakeChange = std::function<Result<std::optional<Change>>(const TableMetadata&)>;
  Result<TableResult> Update(const std::string& table, const MakeChange& make_change);

 private:
  struct Pending;
  Status Prepare(Pending& pending);
  Result<bool> FindDone(Pending& pending);
  Status DescribeFiles(Pending& pending, const TableMetadata& draft);
  Status BuildSnapshot(Pending& pending, const TableMetadata& draft, Change& change);
  Result<TableResult> Finish(Pending& pending, std::optional<Result<LoadedTable>> swapped);
  Result<bool> LookUp(Pending& pending);
  void Abandon(Pending& pending, bool with_manifest);
  void Pause(int attempt);
  int64_t NowMs() const;

  TableCatalog& catalog_;
  ObjectStore& store_;
  Clock& clock_;
  Random& random_;
  const RetryOptions retry_;
};

}  // namespace ingesta::iceberg
