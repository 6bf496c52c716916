// The upkeep of a table: small files put together, old snapshots and what only they need removed, files that
// nothing names removed. Safe beside running writers: nothing is removed that the table's state reaches, or
// that is young. Not thread-safe itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/catalog.h"
#include "ingesta/catalog/iceberg/table_writer.h"
#include "ingesta/columnar/parquet_writer.h"

namespace ingesta::iceberg {

struct CompactOptions {
  int64_t target_file_bytes = 128LL << 20;
  /// Files below this part of the target are put together.
  double small_fraction = 0.75;
  columnar::Compression compression = columnar::Compression::kZstd;
  int threads = 2;
  int attempts = 20;    ///< times that it starts again because another commit came in between
  std::string scratch;  ///< a local folder; room for the files that are fetched and written
  bool dry_run = false;
};

struct CompactResult {
  /// kUnchanged where there was nothing to do; else what was done, or would be done (a dry run).
  TableOutcome outcome = TableOutcome::kUnchanged;
  std::vector<std::string> replaced;  ///< locations of data files and of delete files that are applied
  std::vector<std::string> refused;   ///< data files with equality deletes, left as they are
  int64_t rows = 0;
  int64_t bytes_before = 0;
  int64_t bytes_after = 0;  ///< 0 in a dry run
  int64_t files_after = 0;  ///< likewise
  std::optional<int64_t> snapshot_id;
  int attempts = 0;
};

struct ExpireOptions {
  Millis max_age = std::chrono::hours(5 * 24);  ///< younger snapshots stay
  int keep_last = 10;                           ///< as many of the newest ones stay at any age
  bool dry_run = false;
};

struct ExpireResult {
  std::vector<int64_t> snapshots;    ///< that went, or would go
  std::vector<std::string> removed;  ///< keys of objects that only they needed
  std::vector<std::string> left;     ///< of those, what could not be removed: orphans for the next time
};

struct OrphanOptions {
  Millis min_age = std::chrono::hours(3 * 24);  ///< younger objects may belong to a run that is under way
  bool dry_run = false;
};

struct OrphanResult {
  std::vector<StoredObject> removed;  ///< or to be removed
  std::vector<std::string> left;      ///< keys of those that could not be removed
  int64_t bytes = 0;                  ///< of `removed`
};

class TableMaintenance {
 public:
  /// All outlive it.
  TableMaintenance(TableCatalog& catalog, ObjectStore& store, Clock& clock, Random& random)
      : catalog_(catalog), store_(store), clock_(clock), random_(random) {}

  /// Write small files anew as larger ones, per partition, and all files without the rows that position
  /// deletes delete. One snapshot (`replace`); its rows are those of the one before. kNotFound.
  Result<CompactResult> Compact(const std::string& table, const CompactOptions& options);
  /// Take old snapshots out of the metadata, then remove the objects that only they needed. The current one
  /// and those of branches and tags stay. kNotFound.
  Result<ExpireResult> ExpireSnapshots(const std::string& table, const ExpireOptions& options = {});
  /// Remove old objects below the table's location that its state does not name: of runs that died, of
  /// commits that lost, and metadata.json files that left the metadata-log
  /// (`write.metadata.previous-versions-max`). kNotFound.
  Result<OrphanResult> RemoveOrphans(const std::string& table, const OrphanOptions& options = {});

 private:
  Result<LoadedTable> Load(const std::string& table);
  int64_t NowMs() const;

  TableCatalog& catalog_;
  ObjectStore& store_;
  Clock& clock_;
  Random& random_;
};

}  // namespace ingesta::iceberg
