// The catalog stage: a run's published files -> tables, and what those tables hold. The pipeline sees this
// interface; builtin makes the kinds (`filesystem`, `glue`, `rest`). Not thread-safe.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingesta/base/status.h"
#include "ingesta/catalog/dataset_version.h"
#include "ingesta/catalog/lake_values.h"
#include "ingesta/catalog/maintained_table.h"
#include "ingesta/catalog/object_index.h"

namespace ingesta::catalog {

class Catalog {
 public:
  virtual ~Catalog() = default;
  /// For messages: `glue database inventario_db`.
  virtual std::string Describe() const = 0;
  /// Whether the catalog says which files belong to a Parquet partition; else each is one file.
  virtual bool registers_partitions() const = 0;
  /// `schema` with the field ids (`PARQUET:field_id`) that the Iceberg table of `dataset` has for its
  /// columns, or will have: what its data files must carry.
  virtual Result<std::shared_ptr<arrow::Schema>> PlanSchema(const std::string& dataset,
                                                            const std::shared_ptr<arrow::Schema>& schema) = 0;
  /// The Iceberg table of `dataset`, where a run that replaces it would change nothing: it holds these very
  /// rows (by the digest that the run which wrote them left in its snapshot) in these columns. Else nullopt.
  virtual Result<std::optional<TableChange>> Held(const DatasetVersion& dataset) = 0;
  /// Bring the tables to `run`. Repeating it after a failure, or after a success, gives the same tables.
  virtual Result<std::vector<TableChange>> Commit(const RunVersion& run) = 0;

  // Looking at what there is, by the runs that a dataset's manifests tell of.

  /// Every table of the dataset that exists, or that should.
  virtual Result<std::vector<TableInfo>> ListTables(const DatasetHistory& history) = 0;
  /// Snapshots of the Iceberg table; without one, the runs that left a CSV.
  virtual Result<TableHistory> HistoryOf(const DatasetHistory& history) = 0;
  /// What going back to `to` (a run id, a run id with its timestamp, or a snapshot id) would do. kNotFound
  /// where there is no such state, or no more: the hint names those that there are.
  virtual Result<Rollback> PlanRollback(const DatasetHistory& history, const std::string& to) = 0;
  /// Do it: first the Iceberg table, in one commit, then the symlink file, in one write. Repeating it after a
  /// failure ends in the same state. REQUIRES: the pipeline's lease, so that no run switches the tables
  /// meanwhile.
  virtual Status RollBack(const Rollback& plan) = 0;
  /// The dataset's tables for `engine` (`athena`, `duckdb`, `spark`) in `database` ("" = the catalog's own,
  /// or inventario_db), as they are now. kNotFound where no run has been published yet.
  virtual Result<DdlScript> Ddl(const std::string& engine, const DatasetHistory& history,
                                const std::string& database) = 0;
  /// Whether the tables hold what the runs published. An error is one of the way there (refused access, no
  /// network): nothing is known then.
  virtual Result<TablesCheck> Verify(const DatasetHistory& history, ObjectIndex& objects) = 0;
  /// Compact the datasets' Iceberg tables, expire old snapshots, remove orphans and, with Glue, the files
  /// that Parquet partitions were made of before. Safe beside running ingestions. The failure of one table is
  /// in its status and keeps no other from being maintained.
  virtual std::vector<MaintainedTable> Maintain(const std::vector<std::string>& datasets,
                                                const LakeMaintenanceOptions& options) = 0;
};

}  // namespace ingesta::catalog
