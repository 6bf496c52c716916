// What the upkeep of a dataset's tables is asked for, and what it did to each. Plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/clock.h"
#include "ingesta/base/status.h"

namespace ingesta::catalog {

struct LakeMaintenanceOptions {
  bool compact = true;           ///< small files become larger ones, and those of other engines' deletes go
  bool expire_snapshots = true;  ///< old states and what only they need go
  bool remove_orphans = true;    ///< files that no state names go, and those of replaced Parquet partitions
  int64_t target_file_bytes = 128LL << 20;
  Millis snapshot_age = std::chrono::hours(5 * 24);  ///< younger snapshots stay
  int keep_snapshots = 10;                           ///< as many of the newest ones stay at any age
  /// Younger files may belong to a run that is under way; what was replaced later, to a query.
  Millis orphan_age = std::chrono::hours(3 * 24);
  std::string scratch_folder;  ///< local, made where it is not there; for compaction
  bool dry_run = false;        ///< nothing is changed, only told
};

/// What was done to a table, or (a dry run) would be. Steps that were left out have done nothing.
struct MaintainedTable {
  std::string dataset;
  bool exists = false;  ///< there is an Iceberg table of it

  int64_t compacted_files = 0;  ///< data files and delete files that were replaced
  int64_t written_files = 0;    ///< by as many; 0 in a dry run
  int64_t bytes_before = 0;     ///< of the replaced data files
  int64_t bytes_after = 0;      ///< of the written ones; 0 in a dry run
  /// Data files that stay as they are because another engine's equality deletes apply to them.
  std::vector<std::string> refused_files;
  std::optional<int64_t> snapshot;  ///< that the compaction made

  std::vector<int64_t> expired_snapshots;
  std::vector<std::string> expired_objects;  ///< keys that only they needed
  std::vector<std::string> orphans;          ///< keys
  int64_t orphan_bytes = 0;
  /// Keys of Parquet files that a partition in Glue was made of before; of such, also where no Iceberg table
  /// exists.
  std::vector<std::string> replaced_files;
  int64_t replaced_bytes = 0;
  std::vector<std::string> left;  ///< keys of the above that could not be removed

  Status status;  ///< the first error, after which nothing more was done to this table

  /// Whether there was anything to do.
  bool changed() const {
    return compacted_files > 0 || !expired_snapshots.empty() || !expired_objects.empty() ||
           !orphans.empty() || !replaced_files.empty();
  }
};

}  // namespace ingesta::catalog
