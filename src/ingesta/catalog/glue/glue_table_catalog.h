// Iceberg tables whose current metadata is named by Glue. A commit puts the next metadata.json under a name
// of its own, then moves the table's `metadata_location` by an UpdateTable over the version that was read. An
// answer that was lost is looked up in the table; while the outcome is not known nothing is deleted.
// Thread-safe, between processes too.
#pragma once

#include <optional>
#include <string>

#include "ingesta/aws/glue.h"
#include "ingesta/base/clock.h"
#include "ingesta/base/object_store.h"
#include "ingesta/catalog/iceberg/catalog.h"

namespace ingesta::catalog {

class GlueTableCatalog final : public iceberg::TableCatalog {
 public:
  /// All outlive the catalog. `database` exists (HiveRegistry::EnsureDatabase). New tables get
  /// `prefix`<name> in `store`; `prefix` ends with a slash.
  GlueTableCatalog(aws::GlueClient& glue, std::string database, ObjectStore& store, Clock& clock,
                   Random& random, std::string prefix = "iceberg/")
      : glue_(glue),
        database_(std::move(database)),
        store_(store),
        clock_(clock),
        random_(random),
        prefix_(std::move(prefix)) {}

  Result<std::string> NewTableLocation(const std::string& name) override;
  /// kInvalidConfig where a table of that name is none of Iceberg's, or its metadata is not in `store`.
  Result<std::optional<iceberg::LoadedTable>> Load(const std::string& name) override;
  Result<iceberg::PreparedCommit> Prepare(const std::string& name,
                                          const std::optional<iceberg::LoadedTable>& base,
                                          iceberg::Change change) override;
  Result<iceberg::LoadedTable> Swap(const iceberg::PreparedCommit& prepared) override;
  /// Keeps a metadata file that the table names, whatever the caller thinks.
  void Discard(const iceberg::PreparedCommit& prepared) override;

 private:
  Result<iceberg::LoadedTable> Create(const iceberg::PreparedCommit& prepared);
  Result<iceberg::LoadedTable> Done(const iceberg::PreparedCommit& prepared) const;
  Result<std::optional<iceberg::LoadedTable>> Read(const aws::GlueTable& table);
  /// After a failure: success where the table has `prepared` in it, kConflict where it cannot get it any
  /// more, else `failure` as an outcome that is not known.
  Result<iceberg::LoadedTable> LookUp(const iceberg::PreparedCommit& prepared, const Status& failure,
                                      bool maybe_applied);

  aws::GlueClient& glue_;
  const std::string database_;
  ObjectStore& store_;
  Clock& clock_;
  Random& random_;
  const std::string prefix_;
};

}  // namespace ingesta::catalog
