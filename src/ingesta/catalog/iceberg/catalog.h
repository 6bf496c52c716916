// Where a table's current metadata is kept, and how it is replaced: the interface of the filesystem, Glue and
// REST catalogs. A commit has two steps, so that several tables can be prepared whole and then be switched in
// a row. Implementations are thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/change.h"
#include "ingesta/catalog/iceberg/metadata.h"

namespace ingesta::iceberg {

struct LoadedTable {
  TableMetadata metadata;
  std::string metadata_location;
  std::string version;  ///< the catalog's token of this state: what a swap compares
};

/// A change that is ready: nothing of it is visible yet.
struct PreparedCommit {
  std::string table;
  std::optional<LoadedTable> base;  ///< nullopt: the table is made by it
  Change change;
  TableMetadata next;             ///< what the change makes of the base
  std::string metadata_location;  ///< of the next metadata.json; "" where the catalog writes it
  std::string metadata_text;      ///< of the same
};

class TableCatalog {
 public:
  virtual ~TableCatalog() = default;

  /// The location (without a final slash) that a new table `name` gets.
  virtual Result<std::string> NewTableLocation(const std::string& name) = 0;
  /// nullopt where there is no such table.
  virtual Result<std::optional<LoadedTable>> Load(const std::string& name) = 0;

  /// Make ready to bring `name` from `base` (nullopt = create it) by `change`: what is written is not visible
  /// yet. kConflict where `base` does not meet the change's requirements.
  virtual Result<PreparedCommit> Prepare(const std::string& name, const std::optional<LoadedTable>& base,
                                         Change change) = 0;
  /// Make it visible, at once or not at all. kConflict: the table is no longer as `base`, nothing was done.
  /// An answer that was lost is looked up; any other error means that the outcome is not known, and that
  /// nothing that the commit names may be deleted.
  virtual Result<LoadedTable> Swap(const PreparedCommit& prepared) = 0;
  /// Several tables in a row, or at once where the catalog can; one result each, in the same order. A failure
  /// does not keep the following from being tried.
  virtual std::vector<Result<LoadedTable>> SwapAll(const std::vector<PreparedCommit>& prepared) {
    std::vector<Result<LoadedTable>> results;
    for (const PreparedCommit& commit : prepared) results.push_back(Swap(commit));
    return results;
  }
  /// Remove what Prepare wrote. REQUIRES: never swapped, or refused with kConflict. Best effort.
  virtual void Discard(const PreparedCommit& prepared) = 0;

  /// Point readers to `table`, which is current and which nothing is to be changed in: a writer that died may
  /// have left their pointer behind. Best effort.
  virtual void Reaffirm(const std::string& /*name*/, const LoadedTable& /*table*/) {}

  /// Prepare and Swap.
  Result<LoadedTable> Commit(const std::string& name, const std::optional<LoadedTable>& base, Change change) {
    ARROW_ASSIGN_OR_RAISE(const PreparedCommit prepared, Prepare(name, base, std::move(change)));
    return Swap(prepared);
  }
};

/// Whether the metadata at `metadata_location` that was made at `last_updated_ms` is the table's current one,
/// or was: what decides a swap whose answer was lost. (A location alone may be another writer's by now.)
inline bool IsInHistory(const LoadedTable& table, const std::string& metadata_location,
                        int64_t last_updated_ms) {
  if (table.metadata_location == metadata_location) return table.metadata.last_updated_ms == last_updated_ms;
  for (const MetadataLogEntry& entry : table.metadata.metadata_log) {
    if (entry.metadata_file == metadata_location) return entry.timestamp_ms == last_updated_ms;
  }
  return false;
}

}  // namespace ingesta::iceberg
