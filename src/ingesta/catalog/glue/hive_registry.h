// Brings Glue's Hive tables, views and partitions to what they should be: reads first, writes only what
// differs, keeps parameters and members that others set. Repeating it, also after a failure half-way, ends in
// the same catalog. Not thread-safe; several processes may do it at once.
#pragma once

#include <string>
#include <vector>

#include "ingesta/aws/glue.h"
#include "ingesta/catalog/glue/hive_tables.h"

namespace ingesta::catalog {

/// What became of one table.
struct HiveChange {
  enum class Kind { kUnchanged, kCreated, kUpdated, kRecreated };
  std::string table;
  std::string table_kind;  ///< `csv`, `csv_actual`, `json`, `parquet`, `view`
  Kind kind = Kind::kUnchanged;
  int partitions_created = 0;
  int partitions_updated = 0;
  int partitions_dropped = 0;
};
/// `created`, `updated`, ...
std::string HiveChangeName(HiveChange::Kind kind);

class HiveRegistry {
 public:
  /// `glue` outlives the registry.
  HiveRegistry(aws::GlueClient& glue, std::string database) : glue_(glue), database_(std::move(database)) {}

  /// Create the database where it is missing. `location_uri` may be empty.
  Status EnsureDatabase(const std::string& description, const std::string& location_uri = "");

  /// All tables, views and partitions of `dataset`, its schema's changes included; `gone_partitions` are
  /// dropped. What was done before a failure stays and is found done by the next call.
  Result<std::vector<HiveChange>> Publish(const HiveDataset& dataset);

  /// Create or update one table. A table of the name that is Iceberg's, or whose partition keys differ and
  /// that is not ours, is kConflict. One of ours whose partition keys differ is made anew (its files stay,
  /// its partitions are to be registered again).
  Result<HiveChange> PutTable(const aws::GlueTable& wanted);
  /// Create `partitions` of `table`, or update those whose location, columns or formats differ.
  Status PutPartitions(const std::string& table, const std::vector<aws::GluePartition>& partitions,
                       HiveChange* change);
  /// Their files stay.
  Status DropPartitions(const std::string& table, const std::vector<std::string>& values, HiveChange* change);

 private:
  /// Give every registered partition the table's columns where the table's are about to change.
  Status RefreshPartitions(const aws::GlueTable& existing, const aws::GlueTable& merged, HiveChange* change);
  Result<HiveChange::Kind> CreateTable(const aws::GlueTable& wanted, bool* taken);
  Result<std::vector<aws::GluePartition>> ReadPartitions(const std::string& table,
                                                         const std::vector<aws::GluePartition>& wanted);
  Status UpdatePartitions(const std::string& table, const std::vector<aws::GluePartition>& changed,
                          HiveChange* change);

  aws::GlueClient& glue_;
  const std::string database_;
};

}  // namespace ingesta::catalog
