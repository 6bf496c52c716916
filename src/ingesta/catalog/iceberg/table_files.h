// Every object that a table's state reaches, with the size that its metadata says it has, and what could not
// be read on the way: for verification, which must go on where maintenance must stop. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/catalog.h"

namespace ingesta::iceberg {

struct TableObject {
  std::string role;    ///< `metadata`, `manifest list`, `manifest`, `data file`, `delete file`, `statistics`
  int64_t bytes = -1;  ///< -1: the metadata does not say
  /// A former metadata.json: of use to nobody who reads the table as it is.
  bool optional = false;
};

/// An object that is missing or is not what it should be.
struct UnreadableObject {
  std::string location;
  Status status;  ///< kNotFound, kCorrupt, kInvalidConfig (outside of the store)
};

/// Rows of a snapshot, counted file by file.
struct SnapshotRows {
  int64_t data = 0;      ///< in its live data files
  bool deletes = false;  ///< there are delete files, so that fewer of them are seen
  bool complete = true;  ///< all its manifests could be read
};

struct TableFiles {
  std::map<std::string, TableObject> objects;  ///< by key
  std::vector<UnreadableObject> unreadable;
  std::map<int64_t, SnapshotRows> rows;  ///< by snapshot
};

/// Walk all snapshots of `table`. An error is one of the store, such as a refused access: nothing is known
/// then.
Result<TableFiles> WalkTable(ObjectStore& store, const LoadedTable& table);

}  // namespace ingesta::iceberg
