// Which objects of a store a table's snapshots need: manifest lists, manifests, data files, delete files. Not
// thread-safe. What maintenance goes by before it removes anything.
#pragma once

#include <set>
#include <string>

#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/iceberg/manifest.h"
#include "ingesta/catalog/iceberg/metadata.h"

namespace ingesta::iceberg {

class Reachable {
 public:
  /// All outlive this.
  Reachable(ObjectStore& store, const TableMetadata& metadata) : store_(store), metadata_(metadata) {}

  /// Add what a snapshot needs. A manifest that several snapshots share is read once.
  Status Add(const Snapshot& snapshot);
  /// The same of a snapshot that goes: what is gone already is passed over.
  Status AddWhatIsThere(const Snapshot& snapshot);
  /// The object at a location; nothing where that lies outside of the store.
  void AddLocation(const std::string& location);
  /// A location that snapshots need and that is no object of the store; "" = there is none.
  const std::string& outside() const { return outside_; }

  /// Keys in the store.
  const std::set<std::string>& keys() const { return keys_; }

 private:
  void AddNeeded(const std::string& location);
  Status AddManifest(const ManifestFile& manifest);

  ObjectStore& store_;
  const TableMetadata& metadata_;
  std::set<std::string> manifests_;
  std::set<std::string> keys_;
  std::string outside_;
};

}  // namespace ingesta::iceberg
