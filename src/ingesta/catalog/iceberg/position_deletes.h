// Which rows of a snapshot's data files its position delete files delete. Not thread-safe. Used by merge and
// compaction, which write those files anew without the rows.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/scan.h"

namespace ingesta::iceberg {

/// The rows that delete files take away: the field ids of their columns.
inline constexpr int kDeletedFilePathId = 2147483546;
inline constexpr int kDeletedPositionId = 2147483545;

class PositionDeletes {
 public:
  /// All outlive this. Delete files are fetched to `scratch` (a name for one file) where they are not local.
  PositionDeletes(ObjectStore& store, const TableMetadata& metadata, const SnapshotScan& scan,
                  std::string scratch)
      : store_(store), metadata_(metadata), scan_(scan), scratch_(std::move(scratch)) {}

  /// Positions in `data` of rows that are deleted, ascending, each once. Memory: 8 bytes for each row that
  /// the delete files read so far name. kInvalidConfig for delete files of another format than Parquet.
  Result<std::vector<int64_t>> Of(const LiveFile& data);
  /// Whether equality deletes apply to `data`.
  bool HasEqualityDeletes(const LiveFile& data) const;

  /// What the removal of `removed` (locations of data files) means: position delete files that were applied,
  /// and those of them that name no other live file.
  struct Effect {
    std::vector<std::string> applied;
    std::vector<std::string> obsolete;
  };
  Result<Effect> EffectOf(const std::set<std::string>& removed);

 private:
  using ByPath = std::map<std::string, std::vector<int64_t>>;
  Result<const ByPath*> Read(const LiveFile& deletes);

  ObjectStore& store_;
  const TableMetadata& metadata_;
  const SnapshotScan& scan_;
  const std::string scratch_;
  std::map<std::string, ByPath> files_;  ///< read so far, by location
};

/// A refusal that tells how equality deletes are got rid of.
Status RefuseEqualityDeletes(const LiveFile& data);

}  // namespace ingesta::iceberg
